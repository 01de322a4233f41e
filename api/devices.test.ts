/** Devices over the API, by a phone in software: bound by a code, signing in, vouching for a computer, removed. */
import { setAccountPassword } from '../ledger/card-account';
import { AppWorld, Citizen, cookieOf, type Insured } from '../test/support/app';
import { SoftwareKey, SoftwarePasskey } from '../test/support/software-phone';
import { deviceChallengeLifeMs } from './device-proof/challenge';
import { limitSettings } from './plugins/limits';

const origin = 'http://localhost';
const password = 'k7mzQ2!x';
let world: AppWorld;
beforeAll(async () => {
  world = await AppWorld.create({ waitingRoom: { perSecond: 1_000, holdMinutes: 0, lookEveryMs: 0 } });
  await world.world.round();
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => world.close());

const post = (url: string, payload: object = {}, headers: Record<string, string> = {}) =>
  world.app.inject({ method: 'POST', url, payload, headers: { host: 'localhost', ...headers } });

interface Owner extends Insured {
  readonly personKey: string;
  /** At a computer, by card and password. */
  readonly atComputer: Citizen;
}

/** Somebody at a computer who came in by the card and its password. */
async function owner(): Promise<Owner> {
  const person = await world.insured();
  const atComputer = await world.signIn(person);
  const { rows } = await world.world.ledger.pool.query<{ person_key: string }>(
    `update sign_in set method = 'card-password' where session_id = (
      select session_id from sign_in order by at desc limit 1) returning person_key`,
  );
  return { ...person, personKey: rows[0]?.person_key ?? '', atComputer };
}

async function codeOf(person: Owner): Promise<string> {
  const made = await person.atComputer.act('POST', '/v1/device-codes', {});
  return made.json<{ code: string }>().code;
}

interface Question {
  readonly challenge: string;
  readonly passkey: { readonly user: { readonly id: string; readonly name: string } } | null;
}

const questionToBind = async (code: string): Promise<Question> =>
  (await post('/v1/device-challenges', { purpose: 'bind', code })).json();
const challenge = async (): Promise<string> =>
  (await post('/v1/device-challenges', { purpose: 'sign-in' })).json<Question>().challenge;

async function bind(code: string, phone: SoftwarePasskey | SoftwareKey, name = '手機') {
  const asked = await questionToBind(code);
  return post('/v1/bound-devices', { code, name, credential: phone.create(asked.challenge) });
}

async function boundPasskey(person: Owner) {
  const phone = new SoftwarePasskey(origin);
  const { boundDeviceId } = (await bind(await codeOf(person), phone)).json<{ boundDeviceId: string }>();
  return { phone, boundDeviceId };
}

const byPasskey = (device: object) => post('/v1/sessions', { method: 'passkey', device });

async function onPhone(phone: SoftwarePasskey): Promise<Citizen> {
  const answer = await byPasskey(phone.get(await challenge()));
  if (answer.statusCode !== 201) throw new Error(answer.body);
  return new Citizen(world.app, cookieOf(answer));
}

async function byOtp(personNumber: string, otp: string, remoteAddress = '192.0.2.10') {
  return world.app.inject({
    ...{ method: 'POST', url: '/v1/sessions', remoteAddress },
    payload: { method: 'app-otp', personNumber, otp, captcha: await world.captcha() },
  });
}

async function produced(citizen: Citizen): Promise<string> {
  const made = await citizen.act('POST', '/v1/app-otps', {});
  if (made.statusCode !== 201) throw new Error(made.body);
  return made.json<{ otp: string }>().otp;
}

const codesOf = (answers: readonly { json(): unknown }[]) =>
  answers.map((answer) => (answer.json() as { code: string }).code);

test('bound by a code, a phone signs in by its unlock and its code lets a computer in, once', async () => {
  const person = await owner();
  const { phone, boundDeviceId } = await boundPasskey(person);
  const app = await onPhone(phone);
  const otp = await produced(app);
  expect(otp).toMatch(/^\d{6}$/);
  const atComputer = await byOtp(person.personNumber, otp);
  expect(atComputer.statusCode).toBe(201);
  expect((await byOtp(person.personNumber, otp)).json()).toMatchObject({ code: 'appOtpUsed' });

  const list = await app.act('GET', '/v1/bound-devices');
  expect(list.json()).toMatchObject({
    boundDevices: [{ boundDeviceId, name: '手機', kind: 'passkey', boundBy: 'deviceCode' }],
  });
  const renamed = await app.act('PUT', `/v1/bound-devices/${boundDeviceId}`, { name: ' 媽媽的手機 ' });
  expect(renamed.json()).toMatchObject({ name: '媽媽的手機' });
});

test('removed, it signs in nowhere, produces nothing, and what it opened is over', async () => {
  const person = await owner();
  const { phone, boundDeviceId } = await boundPasskey(person);
  const app = await onPhone(phone);
  const otp = await produced(app);
  const removed = await person.atComputer.act('DELETE', `/v1/bound-devices/${boundDeviceId}`);
  expect(removed.statusCode).toBe(204);
  expect((await person.atComputer.act('DELETE', `/v1/bound-devices/${boundDeviceId}`)).statusCode).toBe(204);
  expect((await app.act('POST', '/v1/app-otps', {})).json()).toMatchObject({ code: 'sessionEnded' });
  expect((await byOtp(person.personNumber, otp)).json()).toMatchObject({ code: 'appOtpWrong' });
  expect((await byPasskey(phone.get(await challenge()))).json()).toMatchObject({ code: 'deviceRemoved' });
});

test('a device code is case-sensitive, for one phone, and its address keeps it out of logs', async () => {
  const person = await owner();
  const made = await person.atComputer.act('POST', '/v1/device-codes', {}, { 'idempotency-key': 'once' });
  const again = await person.atComputer.act('POST', '/v1/device-codes', {}, { 'idempotency-key': 'once' });
  expect(made.statusCode).toBe(201);
  expect(again.json()).toEqual(made.json());
  const { code, expiresAt, address } = made.json<{ code: string; expiresAt: string; address: string }>();
  expect(new URL(address)).toMatchObject({ pathname: '/app/bind', search: '', hash: `#${code}` });
  expect(Math.abs(Date.parse(expiresAt) - Date.now() - 15 * 60_000)).toBeLessThan(10_000);
  const asked = await questionToBind(code);
  expect(asked.passkey?.user.name).toBe(`${person.personNumber.slice(0, 6)}****`);

  const phone = new SoftwareKey(origin);
  const request = { code, name: '手機', credential: phone.create(asked.challenge) };
  const first = await post('/v1/bound-devices', request);
  expect(first.statusCode).toBe(201);
  // The answer was lost: the same request is the same binding.
  expect((await post('/v1/bound-devices', request)).json()).toEqual(first.json());
  expect((await post('/v1/device-challenges', { purpose: 'bind', code })).json()).toMatchObject({
    code: 'deviceCodeUsed',
  });
});

test('who came in by knowing numbers makes no device code, and a computer no code of the app', async () => {
  const citizen = await world.signIn(await world.insured());
  expect((await citizen.act('POST', '/v1/device-codes', {})).json()).toMatchObject({
    code: 'deviceCodeNeedsCard',
  });
  expect((await citizen.act('POST', '/v1/app-otps', {})).json()).toMatchObject({ code: 'deviceNotBound' });
});

describe('binding is refused', () => {
  const spoilt = {
    'from another origin': (phone: SoftwarePasskey, asked: string) =>
      phone.create(asked, { origin: 'http://evil.example' }),
    'without the unlock': (phone: SoftwarePasskey, asked: string) => phone.create(asked, { unlocked: false }),
    'for a challenge that is none of ours': (phone: SoftwarePasskey) => phone.create('AAAA'),
    'by a key for another origin': (_: unknown, asked: string) =>
      new SoftwareKey(origin).create(asked, { origin: 'http://evil.example' }),
    'by a key with somebody else’s signature': (_: unknown, asked: string) => ({
      ...new SoftwareKey(origin).create(asked),
      signature: new SoftwareKey(origin).create(asked).signature,
    }),
    'by what is no key': (_: unknown, asked: string) => ({
      ...new SoftwareKey(origin).create(asked),
      publicKey: 'AAAA',
    }),
  } as const;

  test.each(Object.entries(spoilt))('%s', async (_name, credential) => {
    const code = await codeOf(await owner());
    const asked = await questionToBind(code);
    const answer = await post('/v1/bound-devices', {
      ...{ code, name: '手機', credential: credential(new SoftwarePasskey(origin), asked.challenge) },
    });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: 'deviceNotConfirmed' });
    // Nothing was used up by it.
    expect((await bind(code, new SoftwarePasskey(origin))).statusCode).toBe(201);
  });

  test('for a challenge that was made for signing in, or is over', async () => {
    const code = await codeOf(await owner());
    const forSignIn = new SoftwareKey(origin).create(await challenge());
    const asked = await questionToBind(code);
    const late = new SoftwarePasskey(origin).create(asked.challenge);
    const bindWith = (credential: object) => post('/v1/bound-devices', { code, name: '手機', credential });
    expect((await bindWith(forSignIn)).json()).toMatchObject({ code: 'deviceNotConfirmed' });
    const then = Date.now() + deviceChallengeLifeMs + 1;
    jest.spyOn(Date, 'now').mockReturnValue(then);
    expect((await bindWith(late)).json()).toMatchObject({ code: 'deviceNotConfirmed' });
  });

  test('for a challenge that was answered before, though the code is good', async () => {
    const [mine, another] = [await codeOf(await owner()), await codeOf(await owner())];
    const credential = new SoftwareKey(origin).create((await questionToBind(mine)).challenge);
    expect((await post('/v1/bound-devices', { code: mine, name: '手機', credential })).statusCode).toBe(201);
    const again = await post('/v1/bound-devices', { code: another, name: '手機', credential });
    expect(again.json()).toMatchObject({ code: 'deviceNotConfirmed' });
  });

  test.each([
    ['deviceCodeWrong', 'ABCDabcd'],
    ['deviceCodeWrong', '短'],
  ] as const)('with %s for a code like %p', async (refusal, code) => {
    const answer = await post('/v1/device-challenges', { purpose: 'bind', code });
    expect(answer.json()).toMatchObject({ code: refusal });
  });

  test.each([
    ['a name of nothing', { name: '\u200b' }],
    ['a name that is too long', { name: '字'.repeat(41) }],
    ['a field that is not there', { more: 1 }],
    ['no credential', { credential: undefined }],
    ['a credential of another kind', { credential: { kind: 'sms' } }],
  ])('as malformed: %s', async (_name, changed) => {
    const credential = new SoftwareKey(origin).create('AAAA');
    const answer = await post('/v1/bound-devices', {
      code: 'ABCDabcd',
      name: '手機',
      credential,
      ...changed,
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'requestInvalid' });
  });
});

describe('signing in by a device is refused', () => {
  test('when its answer is used again, comes from another origin or without the unlock', async () => {
    const { phone } = await boundPasskey(await owner());
    const answer = phone.get(await challenge());
    expect((await byPasskey(answer)).statusCode).toBe(201);
    const refused = [
      await byPasskey(answer),
      await byPasskey(phone.get(await challenge(), { origin: 'http://evil.example' })),
      await byPasskey(phone.get(await challenge(), { unlocked: false })),
      await byPasskey({ ...phone.get(await challenge()), signature: 'AAAA' }),
    ];
    expect(codesOf(refused)).toEqual(Array(4).fill('deviceNotConfirmed'));
  });

  test('when its challenge is over', async () => {
    const { phone } = await boundPasskey(await owner());
    const answer = phone.get(await challenge());
    const then = Date.now() + deviceChallengeLifeMs + 1;
    jest.spyOn(Date, 'now').mockReturnValue(then);
    expect((await byPasskey(answer)).json()).toMatchObject({ code: 'deviceNotConfirmed' });
  });

  test('when nobody bound it', async () => {
    const stranger = new SoftwarePasskey(origin);
    expect((await byPasskey(stranger.get(await challenge()))).json()).toMatchObject({
      code: 'deviceNotBound',
    });
  });
});

describe('number and password on a device bound by a key', () => {
  async function registered() {
    const person = await owner();
    const set = await setAccountPassword(world.world.ledger, world.world.acting(person.personKey), {
      ...{ password, by: 'counter' },
    });
    if (!set.ok) throw new Error(set.refusal.code);
    // Setting it signed everybody out, as it should.
    await world.world.ledger.pool.query('delete from ended_session');
    const key = new SoftwareKey(origin);
    const { boundDeviceId } = (await bind(await codeOf(person), key)).json<{ boundDeviceId: string }>();
    return { person, key, boundDeviceId };
  }
  const signIn = (personNumber: string, typed: string, device: object) =>
    post('/v1/sessions', { method: 'app-password', personNumber, password: typed, device });

  test('lets its owner in, and that session produces codes', async () => {
    const { person, key, boundDeviceId } = await registered();
    const answer = await signIn(person.personNumber, password, key.get(await challenge(), boundDeviceId));
    expect(answer.statusCode).toBe(201);
    expect(await produced(new Citizen(world.app, cookieOf(answer)))).toMatch(/^\d{6}$/);
  });

  test('is one refusal for a wrong password, another’s number and no registered password', async () => {
    const { person, key, boundDeviceId } = await registered();
    const other = await world.insured();
    const unregistered = await owner();
    const bare = new SoftwareKey(origin);
    const bareId = (await bind(await codeOf(unregistered), bare)).json<{ boundDeviceId: string }>();
    const answers = [
      await signIn(person.personNumber, 'k7mzQ2!y', key.get(await challenge(), boundDeviceId)),
      await signIn(other.personNumber, password, key.get(await challenge(), boundDeviceId)),
      await signIn(unregistered.personNumber, password, bare.get(await challenge(), bareId.boundDeviceId)),
    ];
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(codesOf(answers)[0]).toBe('appNotConfirmed');
  });

  test('is not even looked at without the device', async () => {
    const { person, boundDeviceId } = await registered();
    const stranger = new SoftwareKey(origin);
    const answer = await signIn(
      person.personNumber,
      password,
      stranger.get(await challenge(), boundDeviceId),
    );
    expect(answer.json()).toMatchObject({ code: 'deviceNotConfirmed' });
  });
});

describe('guessing at the app’s code', () => {
  test('is answered alike for somebody who has one and for nobody', async () => {
    const person = await owner();
    const { phone } = await boundPasskey(person);
    const otp = await produced(await onPhone(phone));
    const wrong = String((Number(otp) + 1) % 1_000_000).padStart(6, '0');
    const stranger = await world.insured();
    const answers = [await byOtp(person.personNumber, wrong), await byOtp(stranger.personNumber, wrong)];
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(codesOf(answers)[0]).toBe('appOtpWrong');
  });

  test('from many addresses closes this way to new ones, and neither to a known one nor another way to anybody', async () => {
    const person = await owner();
    const { phone } = await boundPasskey(person);
    const app = await onPhone(phone);
    const home = '198.51.100.1';
    expect((await byOtp(person.personNumber, await produced(app), home)).statusCode).toBe(201);
    const otp = await produced(app);
    const wrong = String((Number(otp) + 1) % 1_000_000).padStart(6, '0');
    const { points } = limitSettings['app-otp'].person;
    for (let tried = 0; tried <= points; tried += 1) {
      await byOtp(person.personNumber, wrong, `203.0.113.${String(tried)}`);
    }
    const fresh = await byOtp(person.personNumber, otp, '203.0.113.200');
    expect(fresh.json()).toMatchObject({ code: 'tooManyAttempts' });
    expect((await byOtp(person.personNumber, otp, home)).statusCode).toBe(201);
    expect((await world.trySignIn(person, { remoteAddress: '203.0.113.201' })).statusCode).toBe(201);
  });
});

test('the card’s number is read from the registry for its owner; a registry that is away is told', async () => {
  const person = await owner();
  const read = () => world.app.acts.readCard(person.personKey);
  expect(await read()).toMatchObject({
    ok: true,
    value: { cardNumber: person.cardNumber, priorityGroups: [9], insured: null, hasArrears: null },
  });
  world.registry.setFaults({ outage: true });
  expect(await read()).toEqual({ ok: false, refusal: { code: 'registryUnavailable' } });
  world.registry.setFaults({});
  await world.world.ledger.pool.query(
    'update person set registry_person_id = gen_random_uuid() where person_key = $1',
    [person.personKey],
  );
  expect(await read()).toEqual({ ok: true, value: undefined });
});

test('every process may check what another gave out, and a spent challenge is spent for all', async () => {
  const { phone } = await boundPasskey(await owner());
  const answer = phone.get(await challenge());
  const tries = await Promise.all(Array.from({ length: 6 }, () => byPasskey(answer)));
  expect(tries.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
});

test('while there is a line the phone says whose place it is, and its owner waits for their turn', async () => {
  const person = await owner();
  const { phone } = await boundPasskey(person);
  const line = async (set: string) => {
    await world.world.ledger.pool.query(`update waiting_room set ${set}`);
    await world.app.waitingRoom.look();
  };
  const come = async (captcha: string | undefined, cookie: string) =>
    post('/v1/sessions', { method: 'passkey', device: phone.get(await challenge()), captcha }, { cookie });
  await line('kept_shut = true');
  expect((await come(undefined, '')).json()).toMatchObject({ code: 'captchaInvalid' });
  const waits = await come(await world.captcha(), '');
  expect(waits.json()).toMatchObject({ code: 'waitingRoom', ahead: 0 });
  const place = waits.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  // The number typed elsewhere leads to the same place.
  expect((await world.trySignIn(person)).json()).toMatchObject({ code: 'waitingRoom', ahead: 0 });
  await line('admitted = next_number');
  expect((await come(undefined, place)).statusCode).toBe(201);
  await line('kept_shut = false, shut_at = null');
});
