import { AppWorld } from '../../test/support/app';
import { answerOf, makeTextQuestion } from './text-question';

describe('a question in words', () => {
  test('is asked in words and answered by a number', () => {
    for (let n = 0; n < 300; n += 1) {
      const zh = makeTextQuestion('zh');
      expect(zh.question).toMatch(/^[\u4e00-\u9fff，、？]+$/);
      const en = makeTextQuestion('en');
      expect(en.question).toMatch(/^[A-Z][A-Za-z ,.:]+\?$/);
      for (const { answer } of [zh, en]) {
        expect(Number(answer)).toBeGreaterThanOrEqual(1);
        expect(Number(answer)).toBeLessThanOrEqual(20);
      }
    }
  });

  test.each([
    ['7', '7'],
    [' ０７ ', '7'],
    ['十二', '12'],
    ['Twelve', '12'],
    ['', ''],
    ['seven or eight', ''],
    ['-7', ''],
  ])('%p is read as %p', (typed, answer) => {
    expect(answerOf(typed)).toBe(answer);
  });
});

describe('its token', () => {
  let world: AppWorld;
  beforeAll(async () => {
    world = await AppWorld.create();
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => world.close());

  /** Solves the English sums as a person does; asks again for the other forms. */
  function asked(): { token: string; answer: string } {
    const words = 'zero one two three four five six seven eight nine ten'.split(' ');
    for (;;) {
      const { question, token } = world.app.captcha.textQuestion('en');
      const [, a, b] = /^What is (\w+) plus (\w+)\?$/.exec(question) ?? [];
      if (a && b) return { token, answer: String(words.indexOf(a) + words.indexOf(b)) };
    }
  }

  test('is good for one right answer', async () => {
    const { token, answer } = asked();
    expect(await world.app.captcha.verifyText(token, answer)).toBe('accepted');
    expect(await world.app.captcha.verifyText(token, answer)).toBe('captchaSpent');
  });

  test('is spent by a wrong answer', async () => {
    const { token, answer } = asked();
    expect(await world.app.captcha.verifyText(token, '99')).toBe('captchaInvalid');
    expect(await world.app.captcha.verifyText(token, answer)).toBe('captchaSpent');
  });

  test('ends after fifteen minutes, and cannot be changed', async () => {
    const { token, answer } = asked();
    const read = JSON.parse(Buffer.from(token, 'base64url').toString()) as { expiresAt: number };
    const longer = Buffer.from(JSON.stringify({ ...read, expiresAt: read.expiresAt + 3_600 })).toString(
      'base64url',
    );
    expect(await world.app.captcha.verifyText(longer, answer)).toBe('captchaInvalid');
    const { token: late, answer: right } = asked();
    const then = Date.now() + 901_000;
    jest.spyOn(Date, 'now').mockReturnValue(then);
    expect(await world.app.captcha.verifyText(late, right)).toBe('captchaInvalid');
    expect(await world.app.captcha.verifyText('nonsense', '1')).toBe('captchaInvalid');
  });
});
