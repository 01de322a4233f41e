/** Every refusal that the API's document names for the card account and quick authentication, each met once. */
import { randomUUID } from 'node:crypto';
import type { LightMyRequestResponse } from 'fastify';

import { setAccountPassword } from '../ledger/card-account';
import { enrolOperator } from '../ledger/operator';
import { syntheticCardNumber } from '../scripts/demo-data/synthetic-numbers';
import { testEmail as email, testPassword } from '../test/builders/card-accounts';
import { AppWorld } from '../test/support/app';
import { CardAccountVisit, householder, visitMobile as mobile } from '../test/support/card-account-visit';
import { limitSettings } from './plugins/limits';

const origin = 'https://vaccine.example';
const newPassword = 'vU4-rtpN';

let world: AppWorld;
let operatorKey: string;
beforeAll(async () => {
  world = await AppWorld.create({ publicOrigin: origin });
  operatorKey = (await enrolOperator(world.world.ledger.db, 'amy')).key;
});
afterAll(() => world.close());
afterEach(() => world.registry.setFaults({}));

type Answer = Promise<LightMyRequestResponse>;
/** What is asked after somebody's card was read, with what is changed of it. */
type Ask = (visit: CardAccountVisit, changed?: object, headers?: Record<string, string>) => Answer;

const visited = async (): Promise<CardAccountVisit> => {
  const visit = new CardAccountVisit(world, await householder(world), origin);
  await visit.readCard();
  return visit;
};
const registered = async (): Promise<CardAccountVisit> => (await visited()).register();
const applied = async (): Promise<CardAccountVisit> => {
  const visit = await visited();
  await visit.apply();
  return visit;
};
const byCounter = async (): Promise<CardAccountVisit> => {
  const visit = await visited();
  const acting = world.world.acting(await visit.personKey());
  await setAccountPassword(world.world.ledger, acting, { password: testPassword, by: 'counter' });
  return visit;
};

const apply: Ask = (visit, changed = {}, headers = {}) => visit.apply(changed, headers);
const reset: Ask = (visit, changed = {}, headers = {}) =>
  visit.ask(
    'POST',
    '/v1/card-account/password-resets',
    { ...visit.household, newPassword, ...changed },
    headers,
  );
const change: Ask = (visit, changed = {}, headers = {}) =>
  visit.ask(
    'PUT',
    '/v1/card-account/password',
    { currentPassword: testPassword, newPassword, ...changed },
    headers,
  );
const contact: Ask = (visit, changed = {}, headers = {}) =>
  visit.ask(
    'PUT',
    '/v1/card-account/contact',
    { currentPassword: testPassword, mobile, email, ...changed },
    headers,
  );
const resend: Ask = (visit, _changed, headers = {}) =>
  visit.ask('POST', '/v1/card-account/confirmation-mails', undefined, headers);
const remove: Ask = (visit, _changed, headers = {}) =>
  visit.ask('DELETE', '/v1/card-account', undefined, headers);

const counterAsk = (visit: CardAccountVisit, changed: object = {}, headers: Record<string, string> = {}) =>
  visit.ask(
    'POST',
    '/v1/staff/card-accounts',
    {
      ...{ personNumber: visit.person.personNumber, cardNumber: visit.person.cardNumber },
      ...{ ...visit.household, idDocument: 'nationalIdCard', mobile, password: testPassword, ...changed },
    },
    { authorization: `Bearer ${operatorKey}`, ...headers },
  );
const deactivate = (visit: CardAccountVisit, changed: object = {}, headers: Record<string, string> = {}) =>
  visit.ask(
    'POST',
    '/v1/staff/card-accounts/deactivations',
    {
      ...{ personNumber: visit.person.personNumber, idDocument: 'passport', reason: 'ownWish' },
      ...changed,
    },
    { authorization: `Bearer ${operatorKey}`, ...headers },
  );

/** Asked under one key for two things. */
async function twice(begin: () => Promise<CardAccountVisit>, ask: Ask, changed: object): Answer {
  const visit = await begin();
  const key = { 'idempotency-key': randomUUID() };
  await ask(visit, {}, key);
  return ask(visit, changed, key);
}
/** Under the key of another act. */
async function keyOfAnother(begin: () => Promise<CardAccountVisit>, first: Ask, ask: Ask): Answer {
  const visit = await begin();
  const key = { 'idempotency-key': randomUUID() };
  await first(visit, {}, key);
  return ask(visit, {}, key);
}
const away = async (visit: CardAccountVisit, ask: Ask): Answer => {
  world.registry.setFaults({ outage: true });
  return ask(visit);
};
async function guessed(visit: CardAccountVisit, ask: Ask, changed: object): Answer {
  for (let tries = 0; tries < limitSettings.cardAccount.pair.points; tries += 1) await ask(visit, changed);
  return ask(visit, changed);
}
/** As many mails with links as a day brings. */
async function mailed(visit: CardAccountVisit, ask: Ask): Answer {
  for (let mails = 0; mails < 30; mails += 1) {
    await visit.anHourPasses();
    const answer = await ask(visit);
    if (answer.statusCode >= 400) return answer;
  }
  throw new Error('mails without an end');
}
const stranger = { householdNumber: 'Z9999999' };
const passwords: readonly (readonly [string, string])[] = [
  ['passwordLengthWrong', 'k7m'],
  ['passwordCharacterWrong', 'k7m zQ2!'],
  ['passwordTooCommon', '12345678'],
  ['passwordPersonal', '19700101'],
];

type Row = readonly [operation: string, code: string, met: () => Answer];

const household = (operation: string, begin: () => Promise<CardAccountVisit>, ask: Ask): Row[] => [
  [operation, 'householdNumberInvalid', async () => ask(await begin(), { householdNumber: '1234' })],
  [operation, 'householdNotConfirmed', async () => ask(await begin(), stranger)],
  [operation, 'registryUnavailable', async () => away(await begin(), ask)],
  [operation, 'tooManyAttempts', async () => guessed(await begin(), ask, stranger)],
];
const passwordRows = (
  operation: string,
  begin: () => Promise<CardAccountVisit>,
  ask: Ask,
  field: string,
): Row[] =>
  passwords.map(([code, typed]) => [operation, code, async () => ask(await begin(), { [field]: typed })]);

const withoutCard = (ask: Ask) => async () =>
  ask(new CardAccountVisit(world, await householder(world), origin));

const rows: readonly Row[] = [
  [
    'readCardForAccount',
    'identityNotConfirmed',
    async () => {
      const visit = await visited();
      return visit.readCard({ ...visit.person, cardNumber: syntheticCardNumber(77_777) });
    },
  ],
  [
    'readCardForAccount',
    'registryUnavailable',
    async () => away(await visited(), (visit) => visit.readCard()),
  ],
  [
    'readCardForAccount',
    'tooManyAttempts',
    async () => {
      const visit = await visited();
      return guessed(
        visit,
        () => visit.readCard({ ...visit.person, cardNumber: syntheticCardNumber(77_777) }),
        {},
      );
    },
  ],
  ['getCardAccount', 'cardReadRequired', withoutCard((visit) => visit.ask('GET', '/v1/card-account'))],
  ['applyForCardAccount', 'cardReadRequired', withoutCard(apply)],
  ['applyForCardAccount', 'idempotencyKeyReused', () => twice(visited, apply, { mobile: '0987654321' })],
  ['applyForCardAccount', 'mobileInvalid', async () => apply(await visited(), { mobile: '02-27065866' })],
  ['applyForCardAccount', 'emailInvalid', async () => apply(await visited(), { email: 'jianguo' })],
  ['applyForCardAccount', 'cardAccountExists', async () => apply(await registered())],
  ['applyForCardAccount', 'confirmationMailsSpent', async () => mailed(await visited(), apply)],
  ...household('applyForCardAccount', visited, apply),
  ...passwordRows('applyForCardAccount', visited, apply, 'password'),
  ['deleteCardAccountApplication', 'cardReadRequired', withoutCard(remove)],
  ['deleteCardAccountApplication', 'applicationMissing', async () => remove(await visited())],
  ['deleteCardAccountApplication', 'idempotencyKeyReused', () => keyOfAnother(visited, apply, remove)],
  ['resendConfirmation', 'cardReadRequired', withoutCard(resend)],
  ['resendConfirmation', 'applicationMissing', async () => resend(await visited())],
  ['resendConfirmation', 'tooManyAttempts', async () => resend(await applied())],
  ['resendConfirmation', 'confirmationMailsSpent', async () => mailed(await applied(), resend)],
  ['resendConfirmation', 'idempotencyKeyReused', () => keyOfAnother(visited, apply, resend)],
  ['confirmByLink', 'confirmationUnknown', async () => (await visited()).confirm('nobody-knows-this-link')],
  [
    'confirmByLink',
    'confirmationUsed',
    async () => {
      const visit = await applied();
      const link = await visit.link();
      await visit.confirm(link);
      return visit.confirm(link);
    },
  ],
  [
    'confirmByLink',
    'confirmationExpired',
    async () => {
      const visit = await applied();
      const link = await visit.link();
      await world.world.ledger.pool.query(
        `update account_confirmation set expires_at = clock_timestamp() - interval '1 second',
        made_at = clock_timestamp() - interval '5 days' where person_key = $1`,
        [await visit.personKey()],
      );
      return visit.confirm(link);
    },
  ],
  [
    'confirmByLink',
    'confirmationOvertaken',
    async () => {
      const visit = await applied();
      const link = await visit.link();
      await visit.anHourPasses();
      await resend(visit);
      return visit.confirm(link);
    },
  ],
  ['changeAccountPassword', 'cardReadRequired', withoutCard(change)],
  ['changeAccountPassword', 'cardAccountMissing', async () => change(await visited())],
  [
    'changeAccountPassword',
    'passwordWrong',
    async () => change(await registered(), { currentPassword: 'no' }),
  ],
  [
    'changeAccountPassword',
    'idempotencyKeyReused',
    () => twice(registered, change, { newPassword: 'Hq8_wmZt' }),
  ],
  [
    'changeAccountPassword',
    'tooManyAttempts',
    async () => guessed(await registered(), change, { currentPassword: 'no' }),
  ],
  ...passwordRows('changeAccountPassword', registered, change, 'newPassword'),
  ['resetAccountPassword', 'cardReadRequired', withoutCard(reset)],
  ['resetAccountPassword', 'cardAccountMissing', async () => reset(await visited())],
  ['resetAccountPassword', 'accountHasNoEmail', async () => reset(await byCounter())],
  [
    'resetAccountPassword',
    'idempotencyKeyReused',
    () => twice(registered, reset, { newPassword: 'Hq8_wmZt' }),
  ],
  ['resetAccountPassword', 'confirmationMailsSpent', async () => mailed(await registered(), reset)],
  ...household('resetAccountPassword', registered, reset),
  ...passwordRows('resetAccountPassword', registered, reset, 'newPassword'),
  ['changeAccountContact', 'cardReadRequired', withoutCard(contact)],
  ['changeAccountContact', 'cardAccountMissing', async () => contact(await visited())],
  ['changeAccountContact', 'mobileInvalid', async () => contact(await registered(), { mobile: '1' })],
  ['changeAccountContact', 'emailInvalid', async () => contact(await registered(), { email: 'jianguo' })],
  [
    'changeAccountContact',
    'passwordWrong',
    async () => contact(await registered(), { currentPassword: 'no' }),
  ],
  [
    'changeAccountContact',
    'idempotencyKeyReused',
    () => twice(registered, contact, { mobile: '0987654321' }),
  ],
  [
    'changeAccountContact',
    'confirmationMailsSpent',
    async () => {
      const visit = await registered();
      let serial = 0;
      return mailed(visit, (each) => contact(each, { email: `new${String((serial += 1))}@example.com` }));
    },
  ],
  [
    'changeAccountContact',
    'tooManyAttempts',
    async () => guessed(await registered(), contact, { currentPassword: 'no' }),
  ],
  [
    'registerCardAtCounter',
    'operatorUnknown',
    async () => counterAsk(await visited(), {}, { authorization: 'Bearer nobody' }),
  ],
  [
    'registerCardAtCounter',
    'idempotencyKeyReused',
    () => twice(visited, counterAsk, { mobile: '0987654321' }),
  ],
  [
    'registerCardAtCounter',
    'personNumberInvalid',
    async () => counterAsk(await visited(), { personNumber: 'A123456780' }),
  ],
  [
    'registerCardAtCounter',
    'cardNumberInvalid',
    async () => counterAsk(await visited(), { cardNumber: '123' }),
  ],
  [
    'registerCardAtCounter',
    'identityNotConfirmed',
    async () => counterAsk(await visited(), { cardNumber: syntheticCardNumber(77_777) }),
  ],
  ['registerCardAtCounter', 'mobileInvalid', async () => counterAsk(await visited(), { mobile: '1' })],
  ['registerCardAtCounter', 'emailInvalid', async () => counterAsk(await visited(), { email: 'no' })],
  ...household('registerCardAtCounter', visited, counterAsk),
  ...passwordRows('registerCardAtCounter', visited, counterAsk, 'password'),
  [
    'deactivateCardAccountAtCounter',
    'operatorUnknown',
    async () => deactivate(await visited(), {}, { authorization: 'Bearer nobody' }),
  ],
  [
    'deactivateCardAccountAtCounter',
    'personNumberInvalid',
    async () => deactivate(await visited(), { personNumber: 'A123456780' }),
  ],
  ['deactivateCardAccountAtCounter', 'cardAccountMissing', async () => deactivate(await visited())],
  [
    'deactivateCardAccountAtCounter',
    'idempotencyKeyReused',
    () => twice(registered, deactivate, { reason: 'lostCard' }),
  ],
];

test.each(rows)('%s: %s', async (_operation, code, met) => {
  const answer = await met();
  expect(answer.json()).toMatchObject({ code });
  expect(answer.statusCode).toBeGreaterThanOrEqual(400);
});

/** What any request, write or reading of a card may meet has tests of its own: `api/problems.test.ts`, `api/card-proofs.test.ts`. */
const elsewhere =
  /^(requestInvalid|pageUnknown|internalError|notReady|ledgerUnavailable|overloaded|idempotencyKeyInvalid|originRefused|bodyTooLarge|mediaTypeUnsupported|card(Proof|Challenge|Bridge)\w+|cardReadBeforeAsked)$/;

interface Operation {
  readonly operationId?: string;
  readonly responses?: Readonly<
    Record<
      string,
      { readonly content?: Readonly<Record<string, { readonly schema: { readonly description?: string } }>> }
    >
  >;
}

test('the table has every refusal that the document names', async () => {
  const { paths } = (await world.app.inject('/openapi.json')).json<{
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  }>();
  const mine = new Set(rows.map(([operation]) => operation));
  const named = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .filter(({ operationId }) => mine.has(operationId ?? ''))
    .flatMap(({ operationId, responses = {} }) =>
      Object.values(responses)
        .flatMap(({ content }) => [
          ...(content?.['application/problem+json']?.schema.description ?? '').matchAll(/`(\w+)`/g),
        ])
        .map(([, code = '']) => `${operationId ?? ''} ${code}`),
    )
    .filter((each) => !elsewhere.test(each.split(' ')[1] ?? ''));
  const met = new Set([...rows.map(([operation, code]) => `${operation} ${code}`), ...sessions]);
  expect(named.filter((each) => !met.has(each))).toEqual([]);
});

/** Of who is signed in and not at a reader; the person's session is asked about by one hook for all of them. */
const sessions = [
  'deleteCardAccountApplication',
  'resendConfirmation',
  'changeAccountPassword',
  'changeAccountContact',
].map((operation) => `${operation} sessionEnded`);
