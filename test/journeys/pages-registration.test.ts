/** Intent registration on pages, by a real browser, over the real app and ledger. */
import type { Browser } from 'playwright-core';

import { startBrowser, Visitor, type VisitorOptions } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(90_000);

let town: PagesTown;
let browser: Browser;
let visitor: Visitor | undefined;

beforeAll(async () => {
  town = await PagesTown.open();
  await town.rankedRound();
  browser = await startBrowser();
});
afterEach(async () => {
  expect(visitor?.complaints ?? []).toEqual([]);
  await visitor?.leave();
  visitor = undefined;
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

async function come(options: VisitorOptions = {}): Promise<Visitor> {
  visitor = await Visitor.come(browser, town, options);
  return visitor;
}

/** From the first question to the page that repeats the answers. */
async function answerAll(v: Visitor, mobile = '0912 345 678'): Promise<void> {
  await v.page.fill('#mobile', mobile);
  await v.press('繼續');
  await v.page.selectOption('#county', { label: '臺北市' });
  await v.press('繼續');
  await v.page.selectOption('#district', { label: '大安區' });
  await v.press('繼續');
  await v.press('繼續');
}

async function registered(person: TownPerson): Promise<Visitor> {
  const v = await come({ scripts: false });
  await v.open('/registration');
  await v.signIn(person);
  await answerAll(v);
  await v.press('確認送出');
  return v;
}

test('someone without scripts registers on a phone, question by question', async () => {
  const v = await come({ scripts: false, width: 360 });
  await v.open('/');
  await v.press('登記接種意願');
  expect(v.address).toBe('/sign-in?next=registration');
  await v.signIn(await town.person());
  expect(await v.heading()).toBe('您的手機號碼是？');

  await v.page.fill('#mobile', '12345');
  await v.press('繼續');
  expect(await v.text()).toContain('手機號碼應為 09 開頭的 10 位數字');
  expect(await v.page.inputValue('#mobile')).toBe('12345');
  await v.page.fill('#mobile', '０９１２－３４５－６７８');
  await v.press('繼續');

  await v.press('繼續');
  expect(await v.text()).toContain('請選擇縣市');
  await v.page.selectOption('#county', { label: '臺北市' });
  await v.press('繼續');
  expect(await v.heading()).toBe('臺北市的哪一區？');
  await v.page.selectOption('#district', { label: '大安區' });
  await v.press('繼續');

  expect(await v.page.isChecked('input[value=AZ]')).toBe(true);
  expect(await v.page.isChecked('input[value=Moderna]')).toBe(true);
  await v.page.uncheck('input[value=AZ]');
  await v.page.uncheck('input[value=Moderna]');
  await v.press('繼續');
  expect(await v.text()).toContain('請至少選擇一種疫苗');
  await v.page.check('input[value=Moderna]');
  await v.press('繼續');

  expect(await v.heading()).toBe('請核對後再送出');
  expect(await v.page.locator('.mobile-check__number').innerText()).toBe('0912 345 678');
  expect(await v.text()).toContain('第09類');
  await v.press('確認送出');

  expect(await v.heading()).toBe('意願登記完成');
  const result = await v.text();
  expect(result).toMatch(/登記序號\s*1\d{3} \d{3} \d{3}/);
  expect(result).toContain('登記序號不是接種順序');
  expect(result).toContain('甄○康');
  expect(result).toContain('09*****678');
  expect(result).toMatch(/A2999\d\*{4}/);
  expect(result).not.toContain('0912345678');
  expect(result).toContain('臺北市大安區');
  expect(result).toContain('莫德納');
  expect(v.address).toBe('/registration?done=registered');
});

test('someone with scripts registers in English, by the proof of work', async () => {
  const v = await come({ language: 'en' });
  await v.open('/registration');
  expect(await v.page.locator('#captchaAnswer').count()).toBe(0);
  await v.signIn(await town.person());
  expect(await v.page.getAttribute('html', 'lang')).toBe('en');
  expect(await v.page.locator('[data-session-clock]').innerText()).toMatch(/Time left 0?\d:\d\d/);
  await v.page.fill('#mobile', '0912345678');
  await v.press('Continue');
  await v.page.selectOption('#county', { label: 'Taipei City' });
  await v.press('Continue');
  await v.page.selectOption('#district', { label: "Da'an District" });
  await v.press('Continue');
  await v.press('Continue');
  await v.press('Send registration');
  expect(await v.heading()).toBe('You are registered');
});

test('a wrong card, an unknown person and a person of no open group read the same', async () => {
  const known = await town.person();
  const stranger = await town.person({ groups: [1] });
  const answers: string[] = [];
  for (const [person, card] of [
    [known, '990000000099'],
    [stranger, stranger.cardNumber],
    [{ ...known, personNumber: 'A123456789' }, known.cardNumber],
  ] as const) {
    const v = await come({ scripts: false });
    await v.open('/sign-in?next=registration');
    await v.signIn(person, card);
    answers.push(await v.page.locator('.govuk-error-summary').innerText());
    await v.leave();
  }
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toContain('無法確認您的資料');
});

test('a registration is changed and withdrawn, both asked back with the data', async () => {
  const v = await registered(await town.person());
  const numberOf = () => v.page.locator('.ticket__number').innerText();
  const number = await numberOf();
  await v.press('修改登記');
  expect(await v.heading()).toBe('是否修改意願登記資料？');
  expect(await v.text()).toContain('目前沒有任何變更');
  await v.page.locator('a[href="/registration/area?then=check"]').click();
  await v.page.selectOption('#county', { label: '新北市' });
  await v.press('繼續');
  await v.page.selectOption('#district', { label: '板橋區' });
  await v.press('繼續');
  expect(await v.text()).toContain('新北市板橋區');
  expect(await v.text()).toContain('原為：臺北市大安區');
  await v.press('確認修改');
  expect(await v.heading()).toBe('意願登記已修改');
  expect(await numberOf()).toBe(number);
  expect(await v.text()).toContain('新北市板橋區');

  await v.press('取消登記');
  expect(await v.heading()).toBe('是否取消意願登記？');
  expect(await v.text()).toContain('新北市板橋區');
  await v.press('是，取消登記');
  expect(await v.heading()).toBe('意願登記已取消');
  await v.press('重新登記');
  expect(await v.heading()).toBe('您的手機號碼是？');
});

test('a form that is sent twice has one effect', async () => {
  const v = await registered(await town.person());
  await v.press('取消登記');
  const second = await v.context.newPage();
  await second.goto('/registration/withdraw');
  await second.evaluate(() => undefined).catch(() => undefined);
  const key = await v.page.getAttribute('input[name=formKey]', 'value');
  await second
    .locator('input[name=formKey]')
    .evaluate((input, value) => input.setAttribute('value', value), key ?? '');
  await v.press('是，取消登記');
  await second.getByRole('button', { name: '是，取消登記' }).click();
  await second.waitForLoadState('load');
  const { count } = await town.running.world.ledger.db
    .selectFrom('text_message')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('purpose', '=', 'registrationWithdrawn')
    .where('person_key', 'in', (registration) =>
      registration
        .selectFrom('registration')
        .select('person_key')
        .where('withdrawn_at', 'is not', null)
        .orderBy('withdrawn_at', 'desc')
        .limit(1),
    )
    .executeTakeFirstOrThrow();
  expect(Number(count)).toBe(1);
});

test('registering twice by a double press reads as registered, and the form changed afterwards as sent before', async () => {
  const v = await come({ scripts: false });
  await v.open('/registration');
  await v.signIn(await town.person());
  await answerAll(v);
  const form = Object.fromEntries(
    await v.page
      .locator('main form input[name]')
      .evaluateAll((inputs) =>
        inputs.map((input) => [input.getAttribute('name') ?? '', input.getAttribute('value') ?? '']),
      ),
  );
  const press = async (answers: Record<string, string>) =>
    v.context.request.post('/registration/check', { form: answers, maxRedirects: 0 });
  for (const answer of [await press(form), await press(form)]) {
    expect(answer.headers()['location']).toBe('/registration?done=registered');
  }
  const other = await (await press({ ...form, mobile: '0987654321' })).text();
  expect(other).toContain('這張表單已經送出過</h1>');
  expect(other).not.toContain('Idempotency');
});

test('what is wrong with a field is announced in the language of the page', async () => {
  const v = await come({ scripts: false });
  await v.open('/registration');
  await v.signIn(await town.person());
  await v.page.fill('#mobile', '12');
  await v.press('繼續');
  expect(await v.page.locator('.govuk-error-message').textContent()).toMatch(/^\s*錯誤:/);
});

test('a form without its token is refused with a way back, and a page that is none says so', async () => {
  const v = await registered(await town.person());
  await v.open('/registration/withdraw');
  await v.page.locator('main input[name=_csrf]').evaluate((input) => input.setAttribute('value', 'forged'));
  await v.press('是，取消登記');
  expect(await v.heading()).toBe('這張表單已過期');
  await v.press('回到剛才的問題');
  expect(await v.heading()).toBe('是否取消意願登記？');
  await v.open('/nowhere');
  expect(await v.heading()).toBe('找不到這個頁面');
  await v.open('/session/stay');
  expect(await v.heading()).toBe('這個頁面不能這樣使用');
});

describe('the session', () => {
  test('without scripts a page offers to stay two minutes before the end', async () => {
    const v = await come({ scripts: false });
    await v.open('/registration');
    await v.signIn(await town.person());
    const refresh = await v.page.locator('meta[http-equiv=refresh]').getAttribute('content');
    const [, seconds, to] = /^(\d+); url=(.+)$/.exec(refresh ?? '') ?? [];
    expect(Number(seconds)).toBeGreaterThanOrEqual(476);
    expect(Number(seconds)).toBeLessThanOrEqual(480);
    await v.waitWithoutActing(town, 8);
    await v.open(to ?? '');
    expect(await v.heading()).toBe('登入時間即將結束');
    await v.open(to ?? '');
    const left = async () =>
      (await v.page.locator('[data-session]').getAttribute('data-seconds').then(Number)) ?? 0;
    expect(await left()).toBeLessThanOrEqual(120);
    await v.press('繼續使用');
    expect(v.address).toBe('/registration/mobile');
    expect(await left()).toBeGreaterThan(590);
  });

  test('an answer sent after the end is kept, and signing in goes on from there', async () => {
    const person = await town.person();
    const v = await come({ scripts: false });
    await v.open('/registration');
    await v.signIn(person);
    await v.page.fill('#mobile', '0912345678');
    await v.waitWithoutActing(town, 11);
    await v.press('繼續');
    expect(await v.heading()).toBe('登入時間已結束');
    await v.press('重新登入');
    expect(await v.text()).toContain('您填過的答案還在');
    await v.signIn(person);
    expect(v.address).toBe('/registration/area');
    await v.open('/registration/mobile');
    expect(await v.page.inputValue('#mobile')).toBe('0912345678');
  });

  test('with scripts a dialog offers to stay, and staying closes it', async () => {
    const v = await come();
    await v.page.clock.install();
    await v.open('/registration');
    await v.signIn(await town.person());
    await v.waitWithoutActing(town, 8.1);
    await v.page.clock.fastForward('08:10');
    const dialog = v.page.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.innerText()).toContain('登入時間即將結束');
    expect(await v.barriers()).toEqual([]);
    await dialog.getByRole('button', { name: '繼續使用' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await v.page.clock.fastForward('00:05');
    expect(await v.page.locator('[data-session-clock]').innerText()).toMatch(/09:\d\d/);
  });

  test('signing out ends it, and the page of before shows nothing any more', async () => {
    const v = await registered(await town.person());
    await v.press('登出');
    expect(await v.heading()).toBe('您已登出');
    await v.open('/registration');
    expect(v.address).toBe('/sign-in?next=registration');
  });
});

test('who gave a number that the carrier refuses reads so, and no more once it is corrected', async () => {
  const v = await registered(await town.person());
  const { db } = town.running.world.ledger;
  const notice = '簡訊送不到您的手機';
  await v.open('/registration');
  expect(await v.page.getByText(notice).count()).toBe(0);
  // What the sender records when the gateway refuses the number for good.
  await db
    .updateTable('text_message')
    .set({ status: 'rejected', last_code: 'ESME_RINVDSTADR' })
    .where('status', '=', 'queued')
    .execute();
  await v.page.setViewportSize({ width: 360, height: 780 });
  await v.open('/registration');
  expect(await v.page.getByText(notice).count()).toBe(1);
  expect(await v.page.locator('.attention').innerText()).toContain('09*****678');
  await v.press('修改登記');
  await v.page.click('a[href="/registration/mobile?then=check"]');
  await v.page.fill('#mobile', '0912 345 679');
  await v.press('繼續');
  await v.press('確認修改');
  await v.open('/registration');
  expect(await v.page.getByText(notice).count()).toBe(0);
});
