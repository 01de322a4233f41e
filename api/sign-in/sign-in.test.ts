import { syntheticCardNumber, syntheticNationalId } from '../../scripts/demo-data/synthetic-numbers';
import { AppWorld, cookieOf, solved, type Insured } from '../../test/support/app';
import { aSecondPasses } from '../../test/support/passing-time';
import { limitSettings } from '../plugins/limits';
import { sessionIdleMs, sessionLifeMs } from '../plugins/session';

const wrongCard = syntheticCardNumber(99_999);
const unknownNumber = syntheticNationalId('Z', 'male', 1);

describe('signing in', () => {
  let world: AppWorld;
  let person: Insured;
  beforeAll(async () => {
    world = await AppWorld.create();
    await world.world.round();
    person = await world.insured();
  });
  afterAll(() => world.close());

  test('gives a sealed cookie that says when it ends', async () => {
    const answer = await world.trySignIn(person);
    expect(answer.statusCode).toBe(201);
    const { signedInAt, expiresAt } = answer.json<{ signedInAt: string; expiresAt: string }>();
    expect(Date.parse(expiresAt) - Date.parse(signedInAt)).toBe(sessionIdleMs);
    expect(answer.cookies).toEqual([
      expect.objectContaining({ name: 'yiyue', httpOnly: true, sameSite: 'Lax', path: '/' }),
    ]);
    expect(cookieOf(answer)).not.toContain(person.personNumber);
  });

  test('is written down with its way and its browser, before the cookie is given', async () => {
    const someone = await world.insured();
    await world.trySignIn(someone, {
      headers: { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0' },
    });
    const { rows } = await world.world.ledger.pool.query(
      'select method, browser, operating_system, disowned_at from sign_in order by at desc limit 1',
    );
    expect(rows).toEqual([
      { method: 'card-number', browser: 'Firefox', operating_system: 'Windows', disowned_at: null },
    ]);
  });

  test.each([
    [{ method: 'password' }, ['/method']],
    [
      { method: 'birth-date', birthDate: '1971-02', captcha: 'x' },
      ['/personNumber', '/cardNumber', '/birthDate'],
    ],
    [[], ['']],
  ])('what is missing is said of the way that was meant: %j', async (payload, pointers) => {
    const answer = await world.app.inject({ method: 'POST', url: '/v1/sessions', payload });
    expect(answer.statusCode).toBe(400);
    const { code, errors } = answer.json<{ code: string; errors: { pointer: string }[] }>();
    expect(code).toBe('requestInvalid');
    expect(errors.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  test('of a body that names no way only what every way asks for is missed', async () => {
    const answer = await world.app.inject({ method: 'POST', url: '/v1/sessions', payload: {} });
    const missed = answer.json<{ errors: { pointer: string }[] }>().errors.map(({ pointer }) => pointer);
    expect(missed).toContain('/method');
    expect(missed).not.toContain('/birthDate');
  });

  test('takes numbers as people type them', async () => {
    const typed = {
      personNumber: ` ${person.personNumber.toLowerCase()} `,
      cardNumber: person.cardNumber.replace(/(\d{4})(?=\d)/g, '$1-'),
    };
    expect((await world.trySignIn(typed)).statusCode).toBe(201);
  });

  test('unknown person, wrong card and a group that is not open get one and the same answer', async () => {
    const peopleKnown = async () =>
      (await world.world.ledger.pool.query('select person_key from person')).rowCount;
    const before = await peopleKnown();
    const outsider = await world.insured([1]);
    const bodies = new Set<string>();
    for (const tried of [
      { personNumber: unknownNumber, cardNumber: person.cardNumber },
      { ...person, cardNumber: wrongCard },
      outsider,
    ]) {
      const answer = await world.trySignIn(tried);
      expect(answer.statusCode).toBe(403);
      expect(answer.cookies).toEqual([]);
      bodies.add(answer.body);
    }
    expect([...bodies]).toEqual([expect.stringContaining('identityNotConfirmed')]);
    // Nothing is kept of someone who may not come in.
    expect(await peopleKnown()).toBe(before);
  });

  test('who already takes part comes in though the groups have changed', async () => {
    const former = await world.insured();
    await world.signIn(former);
    const { pool } = world.world.ledger;
    const { rows } = await pool.query<{ person_key: string }>(
      'select person_key from person order by known_since desc limit 1',
    );
    await world.world.invite(rows[0]?.person_key ?? '');
    await pool.query(
      `update simulated_registry.insured_person set priority_groups = '{1}' where card_number = $1`,
      [former.cardNumber],
    );
    expect((await world.trySignIn(former)).statusCode).toBe(201);
  });

  test('what is no number at all is told, before the captcha is spent', async () => {
    const captcha = await world.captcha();
    const post = (personNumber: string, cardNumber: string) =>
      world.app.inject({
        method: 'POST',
        url: '/v1/sessions',
        payload: { method: 'card-number', personNumber, cardNumber, captcha },
      });
    expect((await post('A123456780', person.cardNumber)).json()).toMatchObject({
      code: 'personNumberInvalid',
    });
    expect((await post(person.personNumber, '123')).json()).toMatchObject({ code: 'cardNumberInvalid' });
    expect((await post(person.personNumber, person.cardNumber)).statusCode).toBe(201);
  });

  test('a registry that is away is told, counts against nobody, and its return is the end of it', async () => {
    world.registry.setFaults({ outage: true });
    for (let tries = 0; tries < limitSettings['card-number'].pair.points + 2; tries += 1) {
      const answer = await world.trySignIn(person);
      expect(answer.statusCode).toBe(503);
      expect(answer.headers['retry-after']).toBe('60');
      expect(answer.json()).toMatchObject({ code: 'registryUnavailable' });
    }
    world.registry.setFaults({});
    expect((await world.trySignIn(person)).statusCode).toBe(201);
  });

  describe('the captcha', () => {
    const withCaptcha = (captcha: string) =>
      world.app.inject({
        method: 'POST',
        url: '/v1/sessions',
        payload: { method: 'card-number', ...person, name: undefined, captcha },
      });

    test('comes from GET /v1/captcha, is solved by a program, and is good for one use', async () => {
      const captcha = await solved((await world.app.inject('/v1/captcha')).json());
      expect((await withCaptcha(captcha)).statusCode).toBe(201);
      expect((await withCaptcha(captcha)).json()).toMatchObject({ code: 'captchaSpent' });
    });

    test('is good for one use under a race', async () => {
      const captcha = await world.captcha();
      const answers = await Promise.all(Array.from({ length: 8 }, () => withCaptcha(captcha)));
      expect(answers.map(({ statusCode }) => statusCode).sort((a, b) => a - b)).toEqual([
        201,
        ...Array<number>(7).fill(422),
      ]);
    });

    test('changed, unsolved or made by others is invalid', async () => {
      const payload = JSON.parse(Buffer.from(await world.captcha(), 'base64').toString()) as {
        challenge: { parameters: Record<string, unknown>; signature: string };
        solution: Record<string, unknown>;
      };
      const { challenge, solution } = payload;
      const spoilt = [
        { challenge, solution: { ...solution, derivedKey: '0'.repeat(64) } },
        { challenge: { ...challenge, signature: '0'.repeat(64) }, solution },
        {
          challenge: { ...challenge, parameters: { ...challenge.parameters, expiresAt: 9_999_999_999 } },
          solution,
        },
        { challenge: { ...challenge, parameters: { ...challenge.parameters, cost: 1 } }, solution },
        { challenge: { ...challenge, signature: challenge.signature.toUpperCase() }, solution },
        { challenge: undefined, solution },
        null,
        [],
      ];
      for (const each of spoilt) {
        const answer = await withCaptcha(Buffer.from(JSON.stringify(each)).toString('base64'));
        expect(answer.json()).toMatchObject({ code: 'captchaInvalid' });
      }
      // Trying did not spend the right solution.
      expect((await withCaptcha(Buffer.from(JSON.stringify(payload)).toString('base64'))).statusCode).toBe(
        201,
      );
    });
  });
});

describe('a session', () => {
  let world: AppWorld;
  let person: Insured;
  beforeAll(async () => {
    world = await AppWorld.create();
    await world.world.round();
    person = await world.insured();
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => world.close());

  const after = (ms: number): void => {
    const then = Date.now() + ms;
    jest.spyOn(Date, 'now').mockReturnValue(then);
  };
  const get = (cookie: string, url = '/v1/registration') => world.app.inject({ url, headers: { cookie } });

  test('is asked for where it is needed', async () => {
    expect((await world.app.inject('/v1/registration')).json()).toMatchObject({ code: 'sessionRequired' });
  });

  test('ends ten minutes after the last act, and asking how long it lasts is none', async () => {
    const { cookie } = await world.signIn(person);
    after(9 * 60_000);
    const acted = await get(cookie);
    expect(acted.statusCode).toBe(404);
    const renewed = cookieOf(acted);
    expect((await get(cookie, '/v1/sessions/current')).cookies).toEqual([]);
    after(2 * 60_000);
    expect((await get(cookie)).json()).toMatchObject({ code: 'sessionEnded' });
    expect((await get(renewed)).json()).toMatchObject({ code: 'notRegistered' });
  });

  test('ends two hours after signing in, however active', async () => {
    let { cookie } = await world.signIn(person);
    const begun = Date.now();
    for (let passed = 0; passed < sessionLifeMs; passed += 9 * 60_000) {
      jest.spyOn(Date, 'now').mockReturnValue(begun + passed);
      cookie = cookieOf(await get(cookie));
    }
    jest.spyOn(Date, 'now').mockReturnValue(begun + sessionLifeMs + 1_000);
    expect((await get(cookie)).json()).toMatchObject({ code: 'sessionEnded' });
  });

  test('signed out, a kept copy of its cookie reads nothing and writes nothing', async () => {
    const citizen = await world.signIn(person);
    const out = await citizen.act('DELETE', '/v1/sessions/current');
    expect(out.statusCode).toBe(204);
    expect(out.cookies).toEqual([expect.objectContaining({ name: 'yiyue', value: '', maxAge: 0 })]);
    expect((await citizen.act('GET', '/v1/registration')).json()).toMatchObject({ code: 'sessionEnded' });
    const write = await citizen.act('POST', '/v1/appointments', { slotId: 1, mobile: '0912345678' });
    expect(write.json()).toMatchObject({ code: 'sessionEnded' });
  });

  test('begun anew, the one before is over', async () => {
    const before = await world.signIn(person);
    const again = await world.trySignIn(person, { headers: { cookie: before.cookie } });
    expect((await get(cookieOf(again), '/v1/sessions/current')).statusCode).toBe(200);
    expect((await get(before.cookie)).json()).toMatchObject({ code: 'sessionEnded' });
  });

  test('ended by another process, writes are refused at once and reads within a second', async () => {
    const citizen = await world.signIn(person);
    await citizen.act('GET', '/v1/registration');
    const { sessionId } = world.app.decodeSecureSession(
      decodeURIComponent(citizen.cookie.replace(/^yiyue=/, '')),
    ) as unknown as { sessionId: string };
    await world.world.ledger.db.insertInto('ended_session').values({ session_id: sessionId }).execute();
    const write = await citizen.act('DELETE', '/v1/appointments/2000000001');
    expect(['sessionEnded', 'appointmentUnknown']).toContain(write.json<{ code: string }>().code);
    await aSecondPasses();
    expect((await citizen.act('GET', '/v1/registration')).json()).toMatchObject({ code: 'sessionEnded' });
  });

  test.each([
    ['a changed letter', (cookie: string) => cookie.replace(/.(?=.{60}$)/, (c) => (c === 'A' ? 'B' : 'A'))],
    ['half of it', (cookie: string) => cookie.slice(0, cookie.length / 2)],
    ['nonsense', () => 'yiyue=abc;yiyue=%00%ff'],
    ['an empty value', () => 'yiyue='],
    ['plain JSON', () => `yiyue=${encodeURIComponent('{"personKey":"x"};AAAA')}`],
  ])('a cookie with %s is nobody’s', async (_name, spoil) => {
    const { cookie } = await world.signIn(person);
    const answer = await get(spoil(cookie));
    expect(answer.json()).toMatchObject({ code: 'sessionRequired' });
  });
});

test('under https the cookie is tied to its origin and plain http is given up', async () => {
  const world = await AppWorld.create({ publicOrigin: 'https://yiyue.test' });
  try {
    await world.world.round();
    const answer = await world.trySignIn(await world.insured(), {
      headers: { origin: 'https://yiyue.test' },
    });
    expect(answer.cookies).toEqual([
      expect.objectContaining({ name: '__Host-yiyue', secure: true, httpOnly: true, path: '/' }),
    ]);
    expect(answer.headers['strict-transport-security']).toMatch(/max-age=31536000/);
  } finally {
    await world.close();
  }
});

test('every refusal takes the same time, whatever its reason', async () => {
  const world = await AppWorld.create({ signInFloorMs: 250 });
  try {
    await world.world.round();
    const person = await world.insured();
    const outsider = await world.insured([1]);
    const kinds = {
      unknown: { personNumber: unknownNumber, cardNumber: person.cardNumber },
      wrongCard: { ...person, cardNumber: wrongCard },
      notInGroup: outsider,
    };
    const times: Record<string, number[]> = {};
    for (let round = 0; round < 4; round += 1) {
      for (const [kind, tried] of Object.entries(kinds)) {
        const captcha = await world.captcha();
        const begun = performance.now();
        const answer = await world.app.inject({
          method: 'POST',
          url: '/v1/sessions',
          payload: {
            method: 'card-number',
            personNumber: tried.personNumber,
            cardNumber: tried.cardNumber,
            captcha,
          },
        });
        (times[kind] ??= []).push(performance.now() - begun);
        expect(answer.statusCode).toBe(403);
      }
    }
    // The least of several: what else the machine does only adds, up to the next multiple of the floor.
    const least = Object.values(times).map((each) => Math.min(...each));
    expect(Math.min(...least)).toBeGreaterThanOrEqual(249);
    expect(Math.max(...least)).toBeLessThan(500);
  } finally {
    await world.close();
  }
});
