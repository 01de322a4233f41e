import { syntheticCardNumber, syntheticNationalId } from '../scripts/demo-data/synthetic-numbers';
import { AppWorld, type Insured } from '../test/support/app';
import { forEachWayIn, limitSettings, networkOf, type Guarded, type LimitSettings } from './plugins/limits';

const wrongCard = syntheticCardNumber(99_999);

/** Small numbers, so that limits are reached in a moment; the shape is that of the usual ones. */
const few: LimitSettings = {
  pair: { points: 3, seconds: 60 },
  pairUnderAttack: 2,
  address: { points: 12, seconds: 60 },
  browser: { points: 5, seconds: 60 },
  person: { points: 6, seconds: 60 },
};
const small: Record<Guarded, LimitSettings> = {
  ...forEachWayIn(few),
  cardAccount: few,
  mobileAuthentication: few,
  family: few,
  quickLookup: {
    pair: { points: 3, seconds: 60 },
    pairUnderAttack: 0,
    address: { points: 12, seconds: 60 },
    browser: { points: 5, seconds: 60 },
    person: { points: 6, seconds: 60 },
  },
};

test('a stranger with any number of addresses sees at most three in a hundred of the digits a day', () => {
  expect(limitSettings.quickLookup.person.points / 1_000).toBeLessThanOrEqual(0.03);
  expect(limitSettings.quickLookup.person.seconds).toBe(86_400);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('the address %s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

describe('limits', () => {
  let world: AppWorld;
  let person: Insured;
  let told = 0;
  beforeAll(async () => {
    world = await AppWorld.create({ limits: small, signInFloorMs: 1 });
    await world.world.round();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    told += 1;
    person = await world.insured();
  });

  /** Each test has a person and addresses of its own in the one world: what others tried counts nowhere here. */
  const here = (address: string) =>
    address.replace('.0.', `.${String(told)}.`).replace('.51.', `.${String(told)}.`);
  const tryFrom = async (address: string, card: string, personNumber = person.personNumber) =>
    (await world.trySignIn({ personNumber, cardNumber: card }, { remoteAddress: here(address) })).statusCode;

  async function fail(times: number, addressOf: (n: number) => string): Promise<number[]> {
    const statuses: number[] = [];
    for (let n = 0; n < times; n += 1) statuses.push(await tryFrom(addressOf(n), wrongCard));
    return statuses;
  }

  test('one address that keeps failing against one person has to wait, and is told how long', async () => {
    expect(await fail(5, () => '192.0.2.1')).toEqual([403, 403, 403, 429, 429]);
    const answer = await world.trySignIn(person, { remoteAddress: here('192.0.2.1') });
    expect(answer.statusCode).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.json()).toMatchObject({ code: 'tooManyAttempts', retryAfterSeconds: expect.any(Number) });
  });

  test('the owner at another address comes in while one address is exhausted against the number', async () => {
    await fail(6, () => '192.0.2.1');
    expect(await tryFrom('198.51.100.7', person.cardNumber)).toBe(201);
  });

  test('the owner comes in at a new address even while many addresses guess at the number', async () => {
    const statuses = await fail(10, (n) => `192.0.2.${n}`);
    expect(statuses).toEqual(Array<number>(10).fill(403));
    // Attacked: two tries an address instead of three.
    expect(await fail(3, () => '203.0.113.1')).toEqual([403, 403, 429]);
    expect(await tryFrom('198.51.100.7', wrongCard)).toBe(403);
    expect(await tryFrom('198.51.100.7', person.cardNumber)).toBe(201);
  });

  test('an address that the owner used before keeps all its tries during an attack', async () => {
    expect(await tryFrom('198.51.100.7', person.cardNumber)).toBe(201);
    await fail(10, (n) => `192.0.2.${n}`);
    const slips = [wrongCard, wrongCard, person.cardNumber];
    const statuses: number[] = [];
    for (const card of slips) statuses.push(await tryFrom('198.51.100.7', card));
    expect(statuses).toEqual([403, 403, 201]);
  });

  test('success gives the tries back', async () => {
    for (let n = 0; n < 4; n += 1) {
      expect(await fail(2, () => '192.0.2.1')).toEqual([403, 403]);
      expect(await tryFrom('192.0.2.1', person.cardNumber)).toBe(201);
    }
  });

  test('one address that fails against everybody has to wait, others not', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 14; n += 1) {
      statuses.push(await tryFrom('192.0.2.1', wrongCard, syntheticNationalId('B', 'male', n)));
    }
    expect(statuses).toEqual([...Array<number>(12).fill(403), 429, 429]);
    expect(await tryFrom('192.0.2.2', person.cardNumber)).toBe(201);
  });

  test('one browser that fails against everybody has to wait, from wherever it comes', async () => {
    const own = await world.trySignIn(person, {
      remoteAddress: here('192.0.2.1'),
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    const mark = own.cookies.find(({ name }) => name === 'yiyue-browser')?.value ?? '';
    const statuses: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      const tried = { personNumber: syntheticNationalId('B', 'male', n), cardNumber: wrongCard };
      const from = { remoteAddress: here(`192.0.2.${10 + n}`), headers: { cookie: `yiyue-browser=${mark}` } };
      statuses.push((await world.trySignIn(tried, from)).statusCode);
    }
    expect(statuses).toEqual([...Array<number>(5).fill(403), 429, 429]);
    // Its owner has not lost by it.
    const again = await world.trySignIn(person, {
      remoteAddress: here('192.0.2.30'),
      headers: { cookie: `yiyue-browser=${mark}` },
    });
    expect(again.statusCode).toBe(201);
  });

  test('many tries at once pass no more than one after another', async () => {
    const statuses = await Promise.all(Array.from({ length: 9 }, () => tryFrom('192.0.2.1', wrongCard)));
    expect(statuses.filter((status) => status === 403)).toHaveLength(3);
  });

  test('nothing in the table of counts names an address or a person', async () => {
    await fail(1, () => '192.0.2.1');
    const { rows } = await world.world.ledger.pool.query<{ key: string }>('select key from rate_limit');
    expect(rows.length).toBeGreaterThan(0);
    const keys = rows.map(({ key }) => key).join();
    expect(keys).not.toContain(here('192.0.2.1'));
    expect(keys).not.toContain(person.personNumber);
  });

  describe('the quick lookup', () => {
    let number: string;
    let slotId: number;
    const lookUp = async (digits: string, address: string) =>
      world.app.inject({
        method: 'POST',
        url: '/v1/quick-lookups',
        payload: {
          personNumber: person.personNumber,
          mobileLastThree: digits,
          captcha: await world.captcha(),
        },
        remoteAddress: here(address),
      });

    beforeAll(async () => {
      await world.world.stepTo('2031-07-01T04:00:00.000Z');
      slotId = await world.world.slot({ siteId: await world.world.site('L1'), capacity: 5 });
    });
    beforeEach(async () => {
      const citizen = await world.signIn(person);
      const booked = await citizen.act('POST', '/v1/appointments', { slotId, mobile: '0912345678' });
      number = booked.json<{ appointmentNumber: string }>().appointmentNumber;
    });

    test('says plainly after a match, masked', async () => {
      const answer = await lookUp('678', '192.0.2.1');
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({
        status: 'stands',
        appointmentNumber: number,
        maskedName: '甄○康',
        maskedMobile: '09*****678',
      });
      expect(answer.body).not.toContain(person.personNumber);
    });

    test('guessing from one address meets the same miss for ever, even with the right digits', async () => {
      const bodies = new Set<string>();
      for (const digits of ['000', '001', '002', '003', '678'])
        bodies.add((await lookUp(digits, '192.0.2.1')).body);
      expect([...bodies]).toEqual([expect.stringContaining('lookupNoMatch')]);
    });

    test('guessing from many addresses too, while an address that the owner used still finds it', async () => {
      expect((await lookUp('678', '198.51.100.7')).statusCode).toBe(200);
      for (let n = 0; n < 7; n += 1) await lookUp(`00${n}`, `192.0.2.${n}`);
      expect((await lookUp('678', '203.0.113.1')).json()).toMatchObject({ code: 'lookupNoMatch' });
      expect((await lookUp('678', '198.51.100.7')).statusCode).toBe(200);
      // Signing in is not touched by it.
      expect(await tryFrom('203.0.113.9', person.cardNumber)).toBe(201);
    });
  });
});
