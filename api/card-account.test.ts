/** The card account over HTTP: card, household register, link, password; each refusal; and staff at a counter. */
import type { LightMyRequestResponse } from 'fastify';

import { requestHash } from '../ledger/idempotency';
import { enrolOperator } from '../ledger/operator';
import { householdOf } from '../scripts/demo-data/person-record';
import { enrolStation } from '../ledger/station';
import { designateStaff } from '../ledger/station-staff';
import { testPassword } from '../test/builders/card-accounts';
import { AppWorld, type Insured } from '../test/support/app';
import { aSecondPasses } from '../test/support/passing-time';
import { CardAccountVisit, householder, visitMobile as mobile } from '../test/support/card-account-visit';

const origin = 'https://vaccine.example';
const email = 'jianguo@example.com';

let world: AppWorld;
let operatorKey: string;
let person: Insured;
beforeAll(async () => {
  world = await AppWorld.create({ publicOrigin: origin });
  operatorKey = (await enrolOperator(world.world.ledger.db, 'amy')).key;
});
afterAll(() => world.close());
beforeEach(async () => {
  person = await householder(world);
});

const household = ({ cardNumber }: Insured) => householdOf(cardNumber);
/** A browser at which nobody has done anything yet. */
const visitOf = (whose = person): CardAccountVisit => new CardAccountVisit(world, whose, origin);
/** Somebody whose card is registered, in the visit in which it was. */
const registered = (): Promise<CardAccountVisit> => visitOf().register();

const codeOf = (answer: LightMyRequestResponse) => answer.json<{ code?: string }>().code;

test('card, household register and e-mail make an account, whatever group is open; a used link says so', async () => {
  const visit = visitOf();
  const read = await visit.readCard();
  expect([read.statusCode, read.json()]).toMatchObject([201, { state: 'notRegistered', name: '甄○康' }]);
  const applied = await visit.apply();
  expect([applied.statusCode, applied.json()]).toMatchObject([
    202,
    {
      state: 'awaitingConfirmation',
      email: 'j******@example.com',
      mobile: '09*****678',
      mail: { status: 'queued' },
    },
  ]);
  expect(applied.body).not.toContain('jianguo');
  const token = await visit.link();
  const stranger = visitOf();
  expect((await stranger.ask('POST', '/v1/card-account/confirmations', { token })).statusCode).toBe(200);
  expect(codeOf(await stranger.ask('POST', '/v1/card-account/confirmations', { token }))).toBe(
    'confirmationUsed',
  );
  expect((await visit.ask('GET', '/v1/card-account')).json()).toMatchObject({ state: 'active' });
  expect(codeOf(await visit.apply())).toBe('cardAccountExists');
});

test('an application may be sent again under its key, mailed again and deleted', async () => {
  const visit = visitOf();
  await visit.readCard();
  const key = { 'idempotency-key': 'apply-1' };
  expect((await visit.apply({}, key)).statusCode).toBe(202);
  expect((await visit.apply({}, key)).statusCode).toBe(202);
  expect(codeOf(await visit.apply({ mobile: '0987654321' }, key))).toBe('idempotencyKeyReused');
  expect(codeOf(await visit.ask('POST', '/v1/card-account/confirmation-mails'))).toBe('tooManyAttempts');
  await world.world.ledger.pool.query(`update mail_message set created_at = created_at - interval '1 hour'`);
  expect((await visit.ask('POST', '/v1/card-account/confirmation-mails')).statusCode).toBe(202);
  expect((await visit.ask('DELETE', '/v1/card-account')).statusCode).toBe(204);
  expect(codeOf(await visit.ask('DELETE', '/v1/card-account'))).toBe('applicationMissing');
});

test.each([
  [{ householdNumber: '1234' }, 'householdNumberInvalid'],
  [{ householdNumber: 'Z9999999' }, 'householdNotConfirmed'],
  [{ registeredAddress: '臺北市中正區虛構路9號' }, 'householdNotConfirmed'],
  [{ mobile: '02-27065866' }, 'mobileInvalid'],
  [{ email: 'jianguo' }, 'emailInvalid'],
  [{ password: 'k7m' }, 'passwordLengthWrong'],
  [{ password: '12345678' }, 'passwordTooCommon'],
  [{ password: '19700101' }, 'passwordPersonal'],
  [{ password: 'k7m zQ2!' }, 'passwordCharacterWrong'],
  [{ language: 'fr' }, 'requestInvalid'],
  [{ householdNumber: 'F\u0000123456' }, 'requestInvalid'],
])('what is wrong with an application is told, and nothing is kept of it: %j', async (wrong, code) => {
  const visit = visitOf();
  await visit.readCard();
  expect(codeOf(await visit.apply(wrong))).toBe(code);
  expect((await visit.ask('GET', '/v1/card-account')).json()).toMatchObject({ state: 'notRegistered' });
});

test('the household register cannot be guessed: after some tries the card has to wait', async () => {
  const visit = visitOf();
  await visit.readCard();
  const codes: (string | undefined)[] = [];
  for (let guess = 0; guess < 7; guess += 1) {
    codes.push(codeOf(await visit.apply({ householdNumber: `F100000${String(guess)}` })));
  }
  expect(codes.slice(0, 6)).toEqual(Array(6).fill('householdNotConfirmed'));
  expect(codes[6]).toBe('tooManyAttempts');
});

test('nothing goes without the card, nor with one that the registry does not know, nor with its proof twice', async () => {
  const visit = visitOf();
  for (const [method, url, body] of [
    ['GET', '/v1/card-account', undefined],
    ['DELETE', '/v1/card-account', undefined],
    ['POST', '/v1/card-account', { ...household(person), mobile, email, password: testPassword }],
    ['POST', '/v1/card-account/confirmation-mails', undefined],
    ['POST', '/v1/card-account/password-resets', { ...household(person), newPassword: testPassword }],
    ['PUT', '/v1/card-account/password', { currentPassword: 'x', newPassword: testPassword }],
    ['PUT', '/v1/card-account/contact', { currentPassword: 'x', mobile, email }],
  ] as const) {
    expect([url, codeOf(await visit.ask(method, url, body))]).toEqual([url, 'cardReadRequired']);
  }
  expect(codeOf(await visit.readCard({ ...person, cardNumber: '990099999999' }))).toBe(
    'identityNotConfirmed',
  );
  expect(codeOf(await visit.readCard(person, 'sign-in'))).toBe('cardProofForOtherPurpose');
  world.registry.setFaults({ outage: true });
  expect(codeOf(await visit.readCard())).toBe('registryUnavailable');
  world.registry.setFaults({});
  expect(codeOf(await visit.ask('GET', '/v1/card-account'))).toBe('cardReadRequired');
});

test('who is signed in sees the account; password and contacts take the present password', async () => {
  await registered();
  const round = await world.world.round({ roundId: `round-${person.cardNumber}` });
  await world.world.ledger.pool.query('update round set open_groups = $2 where round_id = $1', [round, [1]]);
  await aSecondPasses();
  const citizen = await world.signIn(person);
  expect((await citizen.act('GET', '/v1/card-account')).json()).toMatchObject({ state: 'active' });
  const change = (currentPassword: string, newPassword: string) =>
    citizen.act('PUT', '/v1/card-account/password', { currentPassword, newPassword });
  expect(codeOf(await change('wrong!1', 'vU4-rtpN'))).toBe('passwordWrong');
  const contact = { currentPassword: testPassword, mobile: '0987654321', email: 'new@example.com' };
  expect((await citizen.act('PUT', '/v1/card-account/contact', contact)).json()).toEqual({
    mobileChanged: true,
    emailToConfirm: true,
  });
  expect((await change(testPassword, 'vU4-rtpN')).statusCode).toBe(204);
  // Signed out everywhere, here too, at once.
  expect(codeOf(await citizen.act('GET', '/v1/registration'))).toBe('sessionEnded');
});

test('a card that somebody put in before is not that of who signs in after them', async () => {
  const visit = await registered();
  const next = await world.insured([1]);
  await world.world.ledger.pool.query('update round set open_groups = $1', [[1]]);
  await aSecondPasses();
  const { personNumber, cardNumber } = next;
  const body = { method: 'card-number', personNumber, cardNumber, captcha: await world.captcha() };
  expect((await visit.ask('POST', '/v1/sessions', body)).statusCode).toBe(201);
  expect((await visit.ask('GET', '/v1/card-account')).json()).toMatchObject({ state: 'notRegistered' });
});

test('a change of password whose answer was lost is asked for again under its key, signed out or not', async () => {
  const visit = await registered();
  const key = { 'idempotency-key': 'change-1' };
  const change = { currentPassword: testPassword, newPassword: 'vU4-rtpN' };
  const again = () => visit.ask('PUT', '/v1/card-account/password', change, key);
  expect([(await again()).statusCode, (await again()).statusCode]).toEqual([204, 204]);
  const other = { ...change, newPassword: 'Hq8_wmZt' };
  expect(codeOf(await visit.ask('PUT', '/v1/card-account/password', other, key))).toBe(
    'idempotencyKeyReused',
  );
  // Under no key it is asked for anew, and the present password is another one by now.
  expect(codeOf(await visit.ask('PUT', '/v1/card-account/password', change))).toBe('passwordWrong');

  await world.world.ledger.pool.query('update round set open_groups = $1', [[1]]);
  await aSecondPasses();
  const citizen = await world.signIn(person);
  const signedIn = { 'idempotency-key': 'change-2' };
  const back = { currentPassword: 'vU4-rtpN', newPassword: 'Hq8_wmZt' };
  const put = (body: object, headers: Record<string, string>) =>
    citizen.act('PUT', '/v1/card-account/password', body, headers);
  expect((await put(back, signedIn)).statusCode).toBe(204);
  // The answer was lost: the cookie is that of the session which the change itself ended.
  expect((await put(back, signedIn)).statusCode).toBe(204);
  expect(codeOf(await put({ ...back, newPassword: 'zT4!mmWq' }, signedIn))).toBe('cardReadRequired');
  expect(codeOf(await put(back, { 'idempotency-key': 'change-3' }))).toBe('cardReadRequired');
});

test('what a request asked stands in the ledger under a key, so that a password cannot be guessed from it', async () => {
  const visit = await registered();
  const change = { currentPassword: testPassword, newPassword: 'vU4-rtpN' };
  await visit.ask('PUT', '/v1/card-account/password', change, { 'idempotency-key': 'k' });
  const { rows } = await world.world.ledger.pool.query<{ request_hash: Buffer }>(
    'select request_hash from idempotent_answer where person_key = $1',
    [await visit.personKey()],
  );
  const of = (indexKey: Buffer) => requestHash({ indexKey }, 'PUT', '/v1/card-account/password', change);
  expect(rows[0]?.request_hash).toEqual(of(world.world.ledger.keys.indexKey));
  expect(rows[0]?.request_hash).not.toEqual(of(Buffer.alloc(32)));
});

test('a forgotten password takes card, household register and a link', async () => {
  const visit = await registered();
  const reset = (changed: object = {}) =>
    visit.ask('POST', '/v1/card-account/password-resets', {
      ...household(person),
      newPassword: 'vU4-rtpN',
      ...changed,
    });
  expect(codeOf(await reset({ householdNumber: 'Z9999999' }))).toBe('householdNotConfirmed');
  expect((await reset()).statusCode).toBe(202);
  expect((await visit.confirm(await visit.link())).json()).toEqual({ purpose: 'newPassword' });
  const change = { currentPassword: 'vU4-rtpN', newPassword: 'Hq8_wmZt' };
  expect((await visit.ask('PUT', '/v1/card-account/password', change)).statusCode).toBe(204);
});

describe('a counter that is enrolled as a station', () => {
  const place = { nameZh: '臺北聯合門診', nameEn: 'Taipei Clinic', districtCode: '63000050' };
  let keys: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const { db } = world.world.ledger;
    const enrol = async (stationId: string, kind: 'counter' | 'hotline') =>
      (await enrolStation(db, { stationId, kind, ...place })).key;
    const [counter, hotline] = [await enrol('counter-1', 'counter'), await enrol('line-1', 'hotline')];
    const [chen, lin] = [
      await designateStaff(db, 'counter-1', 'chen'),
      await designateStaff(db, 'line-1', 'lin'),
    ];
    keys = { counter, hotline, chen, lin };
  });

  const at = (station: string, staff: string | undefined, url: string, payload: object) =>
    world.app.inject({
      ...{ method: 'POST', url: `/v1/station/card-accounts${url}`, payload },
      headers: {
        authorization: `Bearer ${keys[station] ?? station}`,
        ...(staff !== undefined && { 'station-staff': keys[staff] ?? staff }),
      },
    });
  const seen = () => ({
    ...{ personNumber: person.personNumber, cardNumber: person.cardNumber, ...household(person) },
    ...{ idDocument: 'nationalIdCard', mobile, password: testPassword },
  });

  test('registers and deactivates by its designated staff, who stand in the history', async () => {
    expect((await at('counter', 'chen', '', seen())).statusCode).toBe(201);
    const visit = visitOf();
    expect((await visit.readCard()).json()).toMatchObject({ state: 'active' });
    const gone = { personNumber: person.personNumber, idDocument: 'passport', reason: 'lostCard' };
    expect((await at('counter', 'chen', '/deactivations', gone)).statusCode).toBe(204);
    const { rows } = await world.world.ledger.pool.query<{ act: string; channel: string }>(
      "select act, channel from audit_entry where channel like 'station:counter-1%' and detail ? 'idDocument' order by recorded_at",
    );
    expect(rows).toEqual([
      { act: 'registerCardAtCounter', channel: 'station:counter-1/staff:chen' },
      { act: 'deactivateCardAccount', channel: 'station:counter-1/staff:chen' },
    ]);
  });

  test.each([
    ['hotline', 'lin', 'stationMayNot'],
    ['counter', undefined, 'stationStaffUnknown'],
    ['counter', 'lin', 'stationStaffUnknown'],
    ['nobody', 'chen', 'stationUnknown'],
  ])('%s with the code of %s: %s', async (station, staff, code) => {
    expect(codeOf(await at(station, staff, '', seen()))).toBe(code);
  });
});

describe('staff at a counter', () => {
  const staff = (url: string, payload: object, key = operatorKey) =>
    world.app.inject({ method: 'POST', url, payload, headers: { authorization: `Bearer ${key}` } });
  const seen = () => ({
    ...{ personNumber: person.personNumber, cardNumber: person.cardNumber, ...household(person) },
    ...{ idDocument: 'nationalIdCard', mobile, password: testPassword },
  });

  test('register and deactivate; both stand in the history under the operator', async () => {
    expect((await staff('/v1/staff/card-accounts', seen())).json()).toEqual({ emailToConfirm: false });
    const visit = visitOf();
    expect((await visit.readCard()).json()).toMatchObject({ state: 'active', email: null });
    const reset = { ...household(person), newPassword: 'vU4-rtpN' };
    expect(codeOf(await visit.ask('POST', '/v1/card-account/password-resets', reset))).toBe(
      'accountHasNoEmail',
    );
    const gone = { personNumber: person.personNumber, idDocument: 'passport', reason: 'lostCard' };
    expect((await staff('/v1/staff/card-accounts/deactivations', gone)).statusCode).toBe(204);
    expect((await visit.ask('GET', '/v1/card-account')).json()).toMatchObject({ state: 'deactivated' });
    const { rows } = await world.world.ledger.pool.query<{ act: string; channel: string }>(
      'select act, channel from audit_entry where person_key = $1 order by recorded_at',
      [await visit.personKey()],
    );
    expect(rows).toEqual([
      { act: 'registerCard', channel: 'operator:amy' },
      { act: 'deactivateAccount', channel: 'operator:amy' },
    ]);
  });

  test.each([
    [{ cardNumber: '990099999999' }, 'identityNotConfirmed'],
    [{ householdNumber: 'Z9999999' }, 'householdNotConfirmed'],
    [{ personNumber: 'A123456780' }, 'personNumberInvalid'],
    [{ email: 'no' }, 'emailInvalid'],
    [{ password: '123456' }, 'passwordTooCommon'],
    [{ idDocument: 'libraryCard' }, 'requestInvalid'],
  ])('are told what does not fit: %j', async (wrong, code) => {
    expect(codeOf(await staff('/v1/staff/card-accounts', { ...seen(), ...wrong }))).toBe(code);
  });

  test('need a key, and somebody who has an account to deactivate', async () => {
    expect(codeOf(await staff('/v1/staff/card-accounts', seen(), 'nobody'))).toBe('operatorUnknown');
    const nobody = { personNumber: person.personNumber, idDocument: 'passport', reason: 'died' };
    expect(codeOf(await staff('/v1/staff/card-accounts/deactivations', nobody))).toBe('cardAccountMissing');
  });
});
