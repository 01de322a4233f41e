/** Mobile quick authentication over the API: every answer of a carrier, and what a confirmation is good for. */
import { accountPasswordMatches } from '../ledger/card-account';
import { parseCardLastFour } from '../domain/mobile-authentication/mobile-authentication';
import {
  syntheticMobile,
  syntheticNewUiNumber,
  syntheticOldUiNumber,
} from '../scripts/demo-data/synthetic-numbers';
import { AppWorld, cookieOf, type Insured } from '../test/support/app';
import { SoftwareKey } from '../test/support/software-phone';
import { limitSettings } from './plugins/limits';

const password = 'k7mzQ2!x';
const lines: string[] = [];
let world: AppWorld;
let mobiles = 500;

beforeAll(async () => {
  world = await AppWorld.create({ logLevel: 'debug', logStream: { write: (line) => void lines.push(line) } });
  await world.world.round();
});
afterEach(() => {
  world.carriers.setFaults({});
  world.registry.setFaults({});
});
afterAll(() => world.close());

interface Holder extends Insured {
  readonly mobile: string;
}

/** Somebody whose number is their own; in no open group, since that has nothing to do with it. */
async function holder(): Promise<Holder> {
  const person = await world.insured([1]);
  mobiles += 1;
  const mobile = syntheticMobile(mobiles);
  await world.world.ledger.pool.query(
    'update simulated_registry.insured_person set mobile_contract = $1 where card_number = $2',
    [mobile, person.cardNumber],
  );
  return { ...person, mobile };
}

const send = (method: 'POST' | 'PUT', url: string, payload: object, headers: Record<string, string> = {}) =>
  world.app.inject({ method, url, payload, headers: { host: 'localhost', ...headers } });

const authenticate = async ({ mobile, personNumber }: { mobile: string; personNumber: string }) =>
  send('POST', '/v1/mobile-authentications', { mobile, personNumber, captcha: await world.captcha() });

/** The browser of somebody whom a carrier has confirmed. */
async function confirmed(person: Holder) {
  const answer = await authenticate(person);
  const { mobileAuthenticationId, cardRegistered } = answer.json<{
    mobileAuthenticationId: string;
    cardRegistered: boolean;
  }>();
  const cookie = cookieOf(answer);
  const withCookie = (method: 'POST' | 'PUT', url: string, payload: object) =>
    send(method, url, payload, { cookie });
  const address = `/v1/mobile-authentications/${mobileAuthenticationId}`;
  return {
    ...{ mobileAuthenticationId, cardRegistered },
    setPassword: (cardLastFour: string, typed = password) =>
      withCookie('PUT', `${address}/password`, { cardLastFour, password: typed }),
    challenge: () => withCookie('POST', '/v1/device-challenges', { purpose: 'bind', mobileAuthenticationId }),
    bind: (credential: object, name = '我的手機') =>
      withCookie('POST', '/v1/bound-devices', { mobileAuthenticationId, name, credential }),
  };
}

const lastFour = ({ cardNumber }: Insured): string => cardNumber.slice(-4);

async function newKey(
  at: Awaited<ReturnType<typeof confirmed>>,
  phone = new SoftwareKey('http://localhost'),
) {
  const { challenge } = (await at.challenge()).json<{ challenge: string }>();
  return phone.create(challenge);
}

describe('each answer of a carrier has its code, its sentence and the way on', () => {
  test.each([
    ['a child card', '0900990901', 'mobileChildCard', '親子卡'],
    ['a prepaid card', '0900990902', 'mobilePrepaid', '預付卡'],
    ['a company’s number', '0900990903', 'mobileCorporate', '公司門號'],
    ['a virtual operator’s number', '0900990904', 'mobileOfVirtualOperator', '二類電信'],
    ['an unpaid number', '0900990905', 'mobileUnpaidOrSuspended', '欠費'],
    ['a suspended number', '0900990906', 'mobileUnpaidOrSuspended', '停話'],
    ['somebody else’s number', '0900990907', 'mobileNotInOwnName', '不是您本人申辦'],
    ['a number of another carrier', '0900990908', 'mobileOfOtherCarrier', '五大電信'],
    ['a phone on Wi-Fi', '0900990909', 'mobileOnWifi', 'Wi-Fi'],
    ['a foreign holder', '0900990910', 'mobileOfForeignNational', '本國籍'],
    ['a phone reported lost', '0900990911', 'mobileLostOrGivenUp', '遺失'],
    ['a number given up', '0900990912', 'mobileLostOrGivenUp', '退租'],
    ['a handset of another contract', '0900990913', 'mobileHandsetNotOwn', '手機'],
    ['a plan without data', '0900990914', 'mobileWithoutData', '行動上網'],
  ])('%s', async (_what, mobile, code, word) => {
    const { personNumber } = await world.insured();
    const answer = await authenticate({ mobile, personNumber });
    expect(answer.statusCode).toBe(403);
    const problem = answer.json<{ zh: { title: string; detail: string }; en: { detail: string } }>();
    expect(problem).toMatchObject({ code, wayOn: 'deviceCode' });
    expect(problem.zh.title + problem.zh.detail).toContain(word);
    expect(problem.zh.detail).toContain('裝置碼');
    expect(problem.en.detail).toContain('device code');
    expect(answer.cookies).toEqual([]);
  });

  test('a carrier that does not answer in time: what helps, and nobody’s failure', async () => {
    const { personNumber } = await world.insured();
    for (let tries = 0; tries <= limitSettings.mobileAuthentication.pair.points; tries += 1) {
      world.carriers.setFaults(tries === 0 ? { slowByMs: 3_000 } : { outage: true });
      const answer = await authenticate({ mobile: '0912345678', personNumber });
      expect(answer.statusCode).toBe(503);
      expect(answer.json()).toMatchObject(
        tries === 0
          ? { code: 'carrierTimedOut', zh: { title: '連線逾時' }, wayOn: 'deviceCode' }
          : { code: 'carrierUnavailable', wayOn: 'deviceCode' },
      );
    }
  });

  test('who has a UI number reads that it is for nationals, and no carrier hears of it', async () => {
    world.carriers.setFaults({ outage: true });
    for (const personNumber of [
      syntheticNewUiNumber('A', 'female', 'foreign', 9),
      syntheticOldUiNumber('A', 'D', 9),
    ]) {
      const answer = await authenticate({ mobile: '0912345678', personNumber });
      expect(answer.json()).toMatchObject({ code: 'mobileOfForeignNational', wayOn: 'deviceCode' });
    }
  });
});

test('what is no number at all is told before the captcha is spent', async () => {
  const person = await holder();
  const captcha = await world.captcha();
  const asked = (changed: object) =>
    send('POST', '/v1/mobile-authentications', {
      ...{ mobile: person.mobile, personNumber: person.personNumber, captcha },
      ...changed,
    });
  expect((await asked({ mobile: '0212345678' })).json()).toMatchObject({ code: 'mobileInvalid' });
  expect((await asked({ personNumber: 'A123456780' })).json()).toMatchObject({ code: 'personNumberInvalid' });
  expect((await asked({})).statusCode).toBe(201);
  expect((await asked({})).json()).toMatchObject({ code: 'captchaSpent' });
});

test('who guesses at a person’s number waits; the owner’s card still lets them in', async () => {
  const person = await world.insured();
  const { points } = limitSettings.mobileAuthentication.pair;
  for (let tries = 0; tries < points; tries += 1) {
    await authenticate({ mobile: '0900990907', personNumber: person.personNumber });
  }
  const answer = await authenticate({ mobile: '0900990907', personNumber: person.personNumber });
  expect(answer.statusCode).toBe(429);
  expect((await world.trySignIn(person)).statusCode).toBe(201);
});

test('without the registry nobody is confirmed, and it is nobody’s failure', async () => {
  const person = await holder();
  world.registry.setFaults({ outage: true });
  expect((await authenticate(person)).json()).toMatchObject({ code: 'registryUnavailable' });
});

test('an unregistered card: its last four digits and a password, then the phone; asked again it is the same device', async () => {
  const person = await holder();
  const phone = await confirmed(person);
  expect(phone.cardRegistered).toBe(false);
  expect((await phone.challenge()).json()).toMatchObject({ code: 'cardNotRegistered' });
  expect((await phone.setPassword(lastFour(person), '123456')).json()).toMatchObject({
    code: 'passwordTooCommon',
  });
  expect((await phone.setPassword(lastFour(person))).statusCode).toBe(204);
  expect((await phone.setPassword(lastFour(person))).statusCode).toBe(204);
  const key = await newKey(phone);
  const bound = await phone.bind(key);
  expect(bound.statusCode).toBe(201);
  expect(bound.json()).toMatchObject({ name: '我的手機', kind: 'key', boundBy: 'mobileQuick' });
  expect((await phone.bind(key)).json()).toEqual(bound.json());
  // Used up: neither another phone nor another password by it.
  const second = await phone.challenge();
  const other = new SoftwareKey('http://localhost').create(second.json<{ challenge: string }>().challenge);
  expect((await phone.bind(other)).json()).toMatchObject({ code: 'mobileAuthenticationOver' });
  expect((await phone.setPassword(lastFour(person))).json()).toMatchObject({
    code: 'mobileAuthenticationOver',
  });
  const { rows } = await world.world.ledger.pool.query<{ person_key: string }>(
    'select person_key from bound_device where bound_device_id = $1',
    [bound.json<{ boundDeviceId: string }>().boundDeviceId],
  );
  expect(await accountPasswordMatches(world.world.ledger, rows[0]?.person_key ?? '', password)).toBe('match');
});

test('who forgot the password authenticates again and sets another', async () => {
  const person = await holder();
  await (await confirmed(person)).setPassword(lastFour(person));
  const again = await confirmed(person);
  expect(again.cardRegistered).toBe(true);
  expect((await again.setPassword(lastFour(person), 'n9Wq!3ee')).statusCode).toBe(204);
  expect((await again.challenge()).statusCode).toBe(201);
});

test('the digits of the card may be tried three times, the right ones then come too late', async () => {
  const person = await holder();
  const phone = await confirmed(person);
  for (const triesLeft of [2, 1, 0]) {
    expect((await phone.setPassword('0000')).json()).toMatchObject({ code: 'cardLastFourWrong', triesLeft });
  }
  expect((await phone.setPassword(lastFour(person))).json()).toMatchObject({
    code: 'mobileAuthenticationOver',
  });
});

test('tried at the same time from many sides, no fourth try is let through', async () => {
  const phone = await confirmed(await holder());
  const answers = await Promise.all(Array.from({ length: 8 }, () => phone.setPassword('0000')));
  const codes = answers.map((answer) => answer.json<{ code: string }>().code);
  expect(codes.filter((code) => code === 'cardLastFourWrong')).toHaveLength(3);
});

test('another browser, and the same one after a quarter of an hour, can do nothing with it', async () => {
  const person = await holder();
  const phone = await confirmed(person);
  const { mobileAuthenticationId } = phone;
  const over = { code: 'mobileAuthenticationOver' };
  const stranger = await send('PUT', `/v1/mobile-authentications/${mobileAuthenticationId}/password`, {
    ...{ cardLastFour: lastFour(person), password },
  });
  expect(stranger.json()).toMatchObject(over);
  const challenge = { purpose: 'bind', mobileAuthenticationId };
  expect((await send('POST', '/v1/device-challenges', challenge)).json()).toMatchObject(over);
  await world.world.ledger.pool.query(
    `update mobile_authentication set expires_at = clock_timestamp() where mobile_authentication_id = $1`,
    [mobileAuthenticationId],
  );
  expect((await phone.setPassword(lastFour(person))).json()).toMatchObject(over);
  expect((await phone.challenge()).json()).toMatchObject(over);
});

test('nothing of it stands in the log, and the mobile is sealed in the ledger', async () => {
  const person = await holder();
  await (await confirmed(person)).setPassword(lastFour(person));
  await authenticate({ ...person, mobile: '0900990903' });
  const { rows } = await world.world.ledger.pool.query('select m::text as row from mobile_authentication m');
  const kept = JSON.stringify(rows) + lines.join('\n');
  for (const canary of [person.personNumber, person.mobile, person.cardNumber, password]) {
    expect(kept).not.toContain(canary);
  }
});

test.each([
  ['１２３４', '1234'],
  [' 00 17 ', '0017'],
  ['12345', undefined],
  ['12a4', undefined],
  ['', undefined],
])('the end of a card number typed as %j is %j', (typed, read) => {
  expect(parseCardLastFour(typed)).toBe(read);
});
