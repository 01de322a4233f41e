/** One's own sign-ins, "this was not me", and that no way in closes another. */
import { AppWorld, Citizen, cookieOf, type Insured } from '../test/support/app';
import { syntheticCardNumber } from '../scripts/demo-data/synthetic-numbers';

interface ListedSignIn {
  readonly signInId: string;
  readonly method: string;
  readonly browser: string | null;
  readonly isThisOne: boolean;
  readonly mayStillBeSignedIn: boolean;
  readonly disownedAt: string | null;
}

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';
let world: AppWorld;
let person: Insured;
beforeAll(async () => {
  world = await AppWorld.create({ signInFloorMs: 1 });
  await world.world.round();
});
afterAll(() => world.close());
beforeEach(async () => {
  person = await world.insured();
});

async function signInWith(headers: Record<string, string>, remoteAddress = '192.0.2.10'): Promise<Citizen> {
  const answer = await world.trySignIn(person, { headers, remoteAddress });
  expect(answer.statusCode).toBe(201);
  return new Citizen(world.app, cookieOf(answer));
}
const listed = async (citizen: Citizen) =>
  (await citizen.act('GET', '/v1/sign-ins')).json<{ signIns: ListedSignIn[] }>().signIns;
const disown = (citizen: Citizen, signInId: string) =>
  citizen.act('PUT', `/v1/sign-ins/${signInId}/disowned`, {});

test('a person reads who came in as them, by which way and with which browser', async () => {
  await signInWith({ 'user-agent': firefox });
  const citizen = await signInWith({});
  expect(await listed(citizen)).toEqual([
    expect.objectContaining({ method: 'card-number', browser: null, isThisOne: true, disownedAt: null }),
    expect.objectContaining({
      ...{ method: 'card-number', browser: 'Firefox', operatingSystem: 'Windows', place: null },
      ...{ isThisOne: false, mayStillBeSignedIn: true },
    }),
  ]);
});

test('"this was not me" ends every other session, is on record, counted, and said twice is as once', async () => {
  const stranger = await signInWith({});
  const again = await signInWith({});
  const owner = await signInWith({});
  const [, , first] = await listed(owner);
  const before = await world.app.metrics.getSingleMetricAsString('yiyue_sign_ins_disowned_total');
  expect(before).toContain('{method="card-number"} 0');

  const answer = await disown(owner, first?.signInId ?? '');
  expect(answer.json()).toEqual({
    ...{ signInId: first?.signInId, method: 'card-number', boundDeviceId: null, endedSessions: 2 },
  });
  expect((await disown(owner, first?.signInId ?? '')).json()).toMatchObject({ endedSessions: 0 });

  for (const thief of [stranger, again]) {
    const write = await thief.act('DELETE', '/v1/registration');
    expect(write.json()).toMatchObject({ code: 'sessionEnded' });
  }
  const now = await listed(owner);
  expect(now.map(({ mayStillBeSignedIn }) => mayStillBeSignedIn)).toEqual([true, false, false]);
  expect(now.map(({ disownedAt }) => disownedAt !== null)).toEqual([false, false, true]);
  const { rows } = await world.world.ledger.pool.query(
    `select actor, channel, detail from audit_entry where act = 'disownSignIn'`,
  );
  expect(rows).toEqual([
    { actor: 'citizen', channel: 'api', detail: { method: 'card-number', endedSessions: 2 } },
  ]);
  expect(await world.app.metrics.getSingleMetricAsString('yiyue_sign_ins_disowned_total')).toContain(
    '{method="card-number"} 1',
  );
});

test('nobody disowns another’s sign-in, none that there never was, and nobody the one they use', async () => {
  const owner = await signInWith({});
  const [own] = await listed(owner);
  person = await world.insured();
  const other = await signInWith({});
  expect((await disown(other, own?.signInId ?? '')).json()).toMatchObject({ code: 'signInUnknown' });
  expect((await disown(owner, '00000000-0000-4000-8000-000000000000')).json()).toMatchObject({
    code: 'signInUnknown',
  });
  expect((await disown(owner, own?.signInId ?? '')).json()).toMatchObject({ code: 'signInIsThisOne' });
  expect((await disown(owner, (own?.signInId ?? '').toUpperCase())).statusCode).toBe(400);
  expect((await listed(owner)).every(({ disownedAt }) => disownedAt === null)).toBe(true);
});

describe('limits', () => {
  const wrong = syntheticCardNumber(77_777);
  const browser = { 'sec-fetch-site': 'same-origin' };
  const attempt = (cardNumber: string, remoteAddress: string, cookie = '') =>
    world.trySignIn(
      { ...person, cardNumber },
      { remoteAddress, headers: { ...browser, ...(cookie === '' ? {} : { cookie }) } },
    );
  const exhaust = async (remoteAddress: string) => {
    for (let tries = 0; tries < 6; tries += 1) await attempt(wrong, remoteAddress);
    expect((await attempt(wrong, remoteAddress)).statusCode).toBe(429);
  };
  const markOf = (answer: Awaited<ReturnType<typeof attempt>>): string => {
    const cookie = answer.cookies.find(({ name }) => name === 'yiyue-browser');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', maxAge: 180 * 86_400 });
    return `yiyue-browser=${cookie?.value ?? ''}`;
  };

  test('one way that is exhausted leaves the owner another', async () => {
    await world.world.ledger.pool.query(
      'update simulated_registry.insured_person set duplicate_cleared = true where card_number = $1',
      [person.cardNumber],
    );
    await exhaust('192.0.2.20');
    expect((await attempt(person.cardNumber, '192.0.2.20')).statusCode).toBe(429);
    const { personNumber, cardNumber } = person;
    const captcha = await world.captcha();
    const otherWay = await world.app.inject({
      method: 'POST',
      url: '/v1/sessions',
      remoteAddress: '192.0.2.20',
      payload: { method: 'birth-date', personNumber, birthDate: '1970-01-01', cardNumber, captcha },
    });
    expect(otherWay.statusCode).toBe(201);
  });

  test('the owner’s own browser keeps its tries while others guess from the same address', async () => {
    const mark = markOf(await attempt(person.cardNumber, '192.0.2.30'));
    await exhaust('192.0.2.31');
    expect((await attempt(person.cardNumber, '192.0.2.31')).statusCode).toBe(429);
    expect((await attempt(wrong, '192.0.2.31', mark)).statusCode).toBe(403);
    expect((await attempt(person.cardNumber, '192.0.2.31', mark)).statusCode).toBe(201);
    // But not more than its own.
    for (let tries = 0; tries < 6; tries += 1) await attempt(wrong, '192.0.2.32', mark);
    expect((await attempt(person.cardNumber, '192.0.2.32', mark)).statusCode).toBe(429);
  });

  test('a mark is of use to its person alone, and one that was not made here is none', async () => {
    const mark = markOf(await attempt(person.cardNumber, '192.0.2.40'));
    const forged = mark.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    await exhaust('192.0.2.41');
    expect((await attempt(person.cardNumber, '192.0.2.41', forged)).statusCode).toBe(429);
    person = await world.insured();
    await exhaust('192.0.2.41');
    expect((await attempt(person.cardNumber, '192.0.2.41', mark)).statusCode).toBe(429);
  });

  test('a browser that was disowned is known no longer', async () => {
    const mark = markOf(await attempt(person.cardNumber, '192.0.2.50'));
    const owner = await signInWith({}, '192.0.2.51');
    const stolen = (await listed(owner)).find(({ isThisOne }) => !isThisOne);
    await disown(owner, stolen?.signInId ?? '');
    await exhaust('192.0.2.52');
    expect((await attempt(person.cardNumber, '192.0.2.52', mark)).statusCode).toBe(429);
  });
});
