/** The page of the card's status: every state that the registry tells of in words, what it does not say, and its absence. */
import { randomUUID } from 'node:crypto';

import {
  cardIssueReasons,
  cardIssueWays,
  insuredStates,
  type CardStatus,
} from '../../domain/card-account/card-standing';
import { absentRegistry, type InsuranceRegistry } from '../../gateways/insurance-registry/port';
import type { CardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { sessionCookieName } from '../../api/plugins/session';
import { identifyPerson } from '../../ledger/person';
import { recordSignIn } from '../../ledger/sign-in';
import { syntheticNationalId } from '../../scripts/demo-data/synthetic-numbers';
import { AppWorld } from '../../test/support/app';
import { pagesPlugin } from '../pages';
import { en } from '../texts/en';
import { zh } from '../texts/zh';

let world: AppWorld;
let personKey: string;
/** What the registry answers; an error where it is away. */
let card: CardStatus | undefined | 'away';
const registry: InsuranceRegistry = {
  ...absentRegistry,
  readCard: (registryPersonId) =>
    card === 'away' ? absentRegistry.readCard(registryPersonId) : Promise.resolve(card),
};

const full: CardStatus = {
  cardNumber: '990000000017' as CardNumber,
  priorityGroups: [9],
  insured: 'insured',
  lastNotInsuredOn: null,
  hasArrears: false,
  issues: [],
  reaches: { from: '2025-07-01', to: '2026-07-04' },
};

beforeAll(async () => {
  world = await AppWorld.create({
    registry,
    pages: pagesPlugin({ secure: false, demonstration: true }),
  });
  const number = parsePersonNumber(syntheticNationalId('K', 'female', 1));
  if ('refusal' in number) throw new Error('a builder made no number');
  ({ personKey } = await identifyPerson(world.world.ledger, {
    ...{ registryPersonId: randomUUID(), name: '甄健康', birthDate: '1970-01-01', sex: 'female' },
    personNumbers: [{ number: number.number, kind: number.kind, validFrom: null, validTo: null }],
    ...{ cardNumber: full.cardNumber, priorityGroups: [9], previousDoses: [], parentalConsents: [] },
  }));
}, 120_000);
afterAll(() => world?.close());

/** The page of somebody who came in by that way. */
async function page(method: 'card-password' | 'card-number', language = 'zh') {
  const sessionId = randomUUID();
  await recordSignIn(world.world.ledger.db, {
    ...{ method, browser: null, operatingSystem: null, sessionId, personKey },
  });
  const now = Date.now();
  const session = world.app.createSecureSession({ personKey, sessionId, signedInAt: now, lastActAt: now });
  const cookie = `${sessionCookieName(false)}=${encodeURIComponent(world.app.encodeSecureSession(session))}`;
  const answer = await world.app.inject({
    url: `/app/card?lang=${language}`,
    headers: { accept: 'text/html', cookie },
  });
  return { status: answer.statusCode, text: answer.body };
}

const states = zh.app.standing;

test.each(insuredStates)('insured state %s has its words in both languages', async (insured) => {
  card = { ...full, insured };
  expect((await page('card-password')).text).toContain(states.insured[insured]);
  expect((await page('card-password', 'en')).text).toContain(en.app.standing.insured[insured]);
});

test('the number stands in fours, nothing is owed, no day without insurance, no card of late', async () => {
  card = full;
  const { status, text } = await page('card-password');
  expect(status).toBe(200);
  for (const words of ['9900 0000 0017', states.arrears.no, states.never, zh.app.cardNone]) {
    expect(text).toContain(words);
  }
});

test('arrears are told with what they do not touch, and the last day without insurance with its meaning', async () => {
  card = { ...full, hasArrears: true, lastNotInsuredOn: '2021-05-31' };
  const { text } = await page('card-password');
  expect(text).toMatch(new RegExp(`${states.arrearsTitle}</dt>\\s*<dd[^>]*>${states.arrears.yes}<`));
  for (const words of ['2021年5月31日', states.lastNotInsuredNote, zh.app.cardRight]) {
    expect(text).toContain(words);
  }
});

test('each way and reason of an issued card has its words', async () => {
  card = {
    ...full,
    issues: [
      ...cardIssueReasons.map((reason) => ({ issuedOn: '2026-03-02', way: 'counter' as const, reason })),
      ...cardIssueWays.map((way) => ({ issuedOn: '2026-03-03', way, reason: 'lost' as const })),
    ],
  };
  const { text } = await page('card-password');
  for (const words of [...Object.values(states.reasons), ...Object.values(states.ways)]) {
    expect(text).toContain(words);
  }
});

test('what the registry does not say is not made up', async () => {
  card = { ...full, insured: null, hasArrears: null, reaches: null };
  expect((await page('card-password')).text.split(states.unsaid)).toHaveLength(4);
});

test('a registry that has nothing, and one that is away, are told apart', async () => {
  card = undefined;
  expect((await page('card-password')).text).toContain(zh.app.cardNone);
  card = 'away';
  const { status, text } = await page('card-password');
  expect(status).toBe(503);
  expect(text).toContain(states.away);
  expect(text).not.toContain(zh.app.cardNone);
});

test('who came in by knowing numbers reads no card number', async () => {
  card = full;
  const { status, text } = await page('card-number');
  expect(status).toBe(403);
  expect(text).not.toContain('9900 0000 0017');
});
