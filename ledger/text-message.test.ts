import { sql } from 'kysely';

import { addMs } from '../domain/civil-time/plain-date';
import { LedgerWorld, at } from '../test/builders/ledger-world';
import { ledgerNow } from './clock';
import { queueText, readTextsOf, readTextsToSend } from './text-message';
import { claimPaced, claimTexts, renewLeases, textCounts } from './text-message-dispatch';
import { countRefused, recordOutcomes } from './text-outcome';
import { countWithoutReceipt, recordReceipts, type TextReceipt } from './text-receipt';

let world: LedgerWorld;
let personKey: string;
let contactId: string;
let serial = 0;

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
  personKey = await world.person();
  contactId = await world.contact(personKey, '0900000678');
});
afterAll(() => world.close());
beforeEach(() => world.ledger.db.deleteFrom('text_message').execute());

const queue = (lane: 'personal' | 'mass' = 'personal', occasion = `occasion-${String((serial += 1))}`) =>
  world.ledger.db.transaction().execute((tx) =>
    queueText(tx, {
      personKey,
      purpose: 'registrationReceived',
      occasion,
      contactId,
      parameters: { registrationNumber: '1000000001', roundId: 'round-1' },
      lane,
    }),
  );
const statusOf = async (textMessageId: string) =>
  world.ledger.db
    .selectFrom('text_message')
    .selectAll()
    .where('text_message_id', '=', textMessageId)
    .executeTakeFirstOrThrow();
const claimOne = async () => {
  const [claimed] = await claimTexts(world.ledger.db, { limit: 1, leaseMs: 60_000 });
  if (!claimed) throw new Error('nothing to claim');
  return claimed;
};
const receive = async (receipt: TextReceipt) => (await recordReceipts(world.ledger.db, [receipt]))[0];
const dueNow = () =>
  world.ledger.db
    .updateTable('text_message')
    .set({ next_attempt_at: new Date(0) })
    .execute();

test('the same occasion is told once, however often it is queued', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => queue('personal', 'once')));
  expect(answers.filter(Boolean)).toHaveLength(1);
});

test('a text to send has the mobile, and opens with its last three digits and the agency', async () => {
  await queue();
  const claimed = await claimOne();
  const [text] = await readTextsToSend(world.ledger, [claimed.textMessageId]);
  expect(text).toMatchObject({ textMessageId: claimed.textMessageId, mobile: '0900000678' });
  expect(text?.body).toMatch(/^【末三碼678】中央流行疫情指揮中心：/);
  expect(text?.body).toContain('1000000001');
});

test('the person may read what was sent', async () => {
  await queue();
  const texts = await readTextsOf(world.ledger, personKey);
  expect(texts).toEqual([expect.objectContaining({ purpose: 'registrationReceived', status: 'queued' })]);
});

test('acknowledgements go before the round’s mass texts, oldest first', async () => {
  await queue('mass');
  await queue('personal');
  await queue('mass');
  const claimed = await claimTexts(world.ledger.db, { limit: 2, leaseMs: 60_000 });
  const lanes = await Promise.all(claimed.map(async (c) => (await statusOf(c.textMessageId)).lane));
  expect(lanes).toEqual(['personal', 'mass']);
});

test('several senders never take the same text', async () => {
  for (let n = 0; n < 40; n += 1) await queue();
  const taken = await Promise.all(
    Array.from({ length: 8 }, () => claimTexts(world.ledger.db, { limit: 10, leaseMs: 60_000 })),
  );
  const ids = taken.flat().map((c) => c.textMessageId);
  expect(new Set(ids).size).toBe(ids.length);
  const rest = await claimTexts(world.ledger.db, { limit: 100, leaseMs: 60_000 });
  expect(ids.length + rest.length).toBe(40);
});

test('an accepted text is not claimed again, and its receipt ends it', async () => {
  await queue();
  const { textMessageId } = await claimOne();
  await recordOutcomes(world.ledger.db, [
    { kind: 'accepted', textMessageId, gatewayMessageId: 'G1', segments: 2 },
  ]);
  expect(await claimTexts(world.ledger.db, { limit: 1, leaseMs: 1 })).toEqual([]);
  const receipt = { gatewayMessageId: 'G1', status: 'delivered', at: new Date() } as const;
  expect(await receive(receipt)).toBe('recorded');
  expect(await statusOf(textMessageId)).toMatchObject({ status: 'delivered', segments: 2, attempts: 1 });
});

test('a receipt that comes twice, late or for a stranger changes nothing', async () => {
  await queue();
  const { textMessageId } = await claimOne();
  await recordOutcomes(world.ledger.db, [{ kind: 'accepted', textMessageId, gatewayMessageId: 'G2' }]);
  const delivered = { gatewayMessageId: 'G2', status: 'delivered', at: new Date() } as const;
  await receive(delivered);
  expect(await receive(delivered)).toBe('repeated');
  expect(await receive({ ...delivered, status: 'expired' })).toBe('repeated');
  expect(await receive({ ...delivered, gatewayMessageId: 'nobody' })).toBe('unknownText');
  expect((await statusOf(textMessageId)).status).toBe('delivered');
});

test('a receipt before the outcome of its submission stands when the outcome comes', async () => {
  await queue();
  const { textMessageId } = await claimOne();
  const receipt = { gatewayMessageId: 'G3', textMessageId, status: 'delivered', at: new Date() } as const;
  expect(await receive(receipt)).toBe('recorded');
  await recordOutcomes(world.ledger.db, [
    { kind: 'accepted', textMessageId, gatewayMessageId: 'G3', segments: 1 },
  ]);
  expect(await statusOf(textMessageId)).toMatchObject({ status: 'delivered', gateway_message_id: 'G3' });
});

test('a busy gateway costs the text no attempt', async () => {
  await queue();
  const { textMessageId } = await claimOne();
  await recordOutcomes(world.ledger.db, [{ kind: 'throttled', textMessageId, retryAfterMs: 0 }]);
  const again = await claimOne();
  expect(again).toEqual({ textMessageId, attempt: 1, unknownForMs: null });
});

test('a refusal for good ends a text; another is tried again after a pause that grows', async () => {
  await queue();
  const { textMessageId } = await claimOne();
  await recordOutcomes(world.ledger.db, [{ kind: 'rejected', textMessageId, code: 'E1', permanent: false }]);
  expect(await claimTexts(world.ledger.db, { limit: 1, leaseMs: 1 })).toEqual([]);
  const first = Number((await statusOf(textMessageId)).next_attempt_at) - Date.now();
  await dueNow();
  await claimOne();
  await recordOutcomes(world.ledger.db, [{ kind: 'rejected', textMessageId, code: 'E1', permanent: false }]);
  const second = Number((await statusOf(textMessageId)).next_attempt_at) - Date.now();
  expect(second).toBeGreaterThan(first * 1.5);
  await dueNow();
  const third = await claimOne();
  expect(third).toMatchObject({ attempt: 3, unknownForMs: null });
  await recordOutcomes(world.ledger.db, [{ kind: 'rejected', textMessageId, code: 'E2', permanent: true }]);
  await dueNow();
  expect(await claimTexts(world.ledger.db, { limit: 1, leaseMs: 1 })).toEqual([]);
  expect(await statusOf(textMessageId)).toMatchObject({ status: 'rejected', last_code: 'E2' });
});

test('how long the oldest waiting text has waited is told, and nothing once none waits', async () => {
  expect((await textCounts(world.ledger.db)).oldestSeconds).toBe(0);
  await queue();
  await sql`update text_message set created_at = created_at - interval '90 seconds'`.execute(world.ledger.db);
  const { oldestSeconds } = await textCounts(world.ledger.db);
  expect(oldestSeconds).toBeGreaterThanOrEqual(90);
  expect(oldestSeconds).toBeLessThan(120);
  const { textMessageId } = await claimOne();
  await recordOutcomes(world.ledger.db, [
    { kind: 'accepted', textMessageId, gatewayMessageId: 'G9', mayHaveRepeated: false },
  ]);
  expect((await textCounts(world.ledger.db)).oldestSeconds).toBe(0);
});

test('an unknown outcome comes again as such, and possible repeats are counted', async () => {
  await queue();
  const { textMessageId } = await claimOne();
  await recordOutcomes(world.ledger.db, [{ kind: 'unknown', textMessageId, reason: 'timeout' }]);
  expect(await textCounts(world.ledger.db)).toMatchObject({ unknown: 1, queued: 0, repeats: 0 });
  await dueNow();
  const again = await claimOne();
  expect(again.unknownForMs).toBeGreaterThanOrEqual(0);
  await recordOutcomes(world.ledger.db, [{ kind: 'throttled', textMessageId, retryAfterMs: 0 }]);
  expect((await claimOne()).unknownForMs).not.toBeNull();
  await recordOutcomes(world.ledger.db, [
    { kind: 'accepted', textMessageId, gatewayMessageId: 'G4', mayHaveRepeated: true },
  ]);
  expect(await statusOf(textMessageId)).toMatchObject({
    status: 'accepted',
    repeats: 1,
    unknown_since: null,
  });
});

test('a text whose sender vanished comes back when the lease ends, as one with an unknown outcome', async () => {
  await queue();
  await claimTexts(world.ledger.db, { limit: 1, leaseMs: 0 });
  const again = await claimOne();
  expect(again.unknownForMs).not.toBeNull();
});

test('a text without an answer is given up once it may have come twenty times, and not before', async () => {
  await queue();
  const { textMessageId } = await claimOne();
  await world.ledger.db.updateTable('text_message').set({ attempts: 200, repeats: 19 }).execute();
  const lost = { kind: 'unknown', textMessageId, reason: 'timeout' } as const;
  await recordOutcomes(world.ledger.db, [lost]);
  expect(await statusOf(textMessageId)).toMatchObject({ status: 'unknown' });
  await recordOutcomes(world.ledger.db, [{ ...lost, mayHaveRepeated: true }]);
  expect(await statusOf(textMessageId)).toMatchObject({
    status: 'undelivered',
    last_code: 'attemptsExhausted',
  });
});

test.each([
  { code: 'ESME_RSUBMITFAIL', attempts: 20, lapses: true, becomes: 'queued' },
  { code: 'ESME_RSUBMITFAIL', attempts: 5_000, lapses: true, becomes: 'queued' },
  { code: 'ESME_RSUBMITFAIL', attempts: 20, lapses: false, becomes: 'queued' },
  { code: 'ESME_RSUBMITFAIL', attempts: 350, lapses: false, becomes: 'rejected' },
  { code: 'unreadable', attempts: 19, lapses: true, becomes: 'queued' },
  { code: 'unreadable', attempts: 20, lapses: true, becomes: 'rejected' },
])(
  'refused with $code at try $attempts (lapses: $lapses) it is $becomes',
  async ({ code, attempts, lapses, becomes }) => {
    await queue();
    const { textMessageId } = await claimOne();
    const lapses_at = lapses ? addMs(await ledgerNow(world.ledger.db), 3_600_000) : null;
    await world.ledger.db.updateTable('text_message').set({ attempts, lapses_at }).execute();
    await recordOutcomes(world.ledger.db, [{ kind: 'rejected', textMessageId, code, permanent: false }]);
    expect(await statusOf(textMessageId)).toMatchObject({
      status: becomes,
      last_code: becomes === 'queued' ? code : 'attemptsExhausted',
    });
    // Nobody refused it for good.
    expect(await countRefused(world.ledger.db)).toBe(0);
  },
);

test('what ended by a code of ours is not counted as refused by the gateway', async () => {
  for (const last_code of ['lapsed', 'overtaken', 'waveStopped', 'attemptsExhausted', 'ESME_RINVDSTADR']) {
    await queue();
    const { textMessageId } = await claimOne();
    await world.ledger.db
      .updateTable('text_message')
      .set({ status: 'rejected', last_code })
      .where('text_message_id', '=', textMessageId)
      .execute();
  }
  expect(await countRefused(world.ledger.db)).toBe(1);
});

test('where repeats are not recognised, new texts wait while as many as that are in doubt', async () => {
  for (let n = 0; n < 10; n += 1) await queue(n < 2 ? 'personal' : 'mass');
  const claim = async (leaseMs: number) => {
    const texts = await claimTexts(world.ledger.db, { limit: 6, leaseMs, inDoubtAtMost: 4 });
    return [texts.length, texts.filter(({ unknownForMs }) => unknownForMs !== null).length];
  };
  expect(await claim(0)).toEqual([4, 0]);
  // Their sender is gone: they come again, and nothing new with them.
  expect(await claim(60_000)).toEqual([4, 4]);
  expect(await claim(60_000)).toEqual([0, 0]);
  const [one = ''] = (
    await sql<{ text_message_id: string }>`
      select text_message_id from text_message where status = 'unknown'`.execute(world.ledger.db)
  ).rows.map(({ text_message_id }) => text_message_id);
  await recordOutcomes(world.ledger.db, [{ kind: 'accepted', textMessageId: one, gatewayMessageId: 'G9' }]);
  expect(await claim(60_000)).toEqual([1, 0]);
});

test('a text that another sender is taking holds nobody up', async () => {
  await queue();
  await queue();
  await world.ledger.db.transaction().execute(async (tx) => {
    expect(await claimTexts(tx, { limit: 1, leaseMs: 60_000 })).toHaveLength(1);
    expect(await claimTexts(world.ledger.db, { limit: 2, leaseMs: 60_000 })).toHaveLength(1);
  });
});

test('a text that would help nobody any more is not sent', async () => {
  const now = await ledgerNow(world.ledger.db);
  for (const [occasion, lapsesAt] of [
    ['past', addMs(now, -1)],
    ['to come', addMs(now, 60_000)],
  ] as const) {
    await world.ledger.db.transaction().execute((tx) =>
      queueText(tx, {
        personKey,
        purpose: 'tellMissed',
        occasion,
        contactId,
        parameters: { roundId: 'round-1', carriedOver: true },
        lapsesAt,
      }),
    );
  }
  const claimed = await claimTexts(world.ledger.db, { limit: 10, leaseMs: 0 });
  expect(claimed).toHaveLength(1);
  const ended = await world.ledger.db
    .selectFrom('text_message')
    .select(['occasion', 'last_code'])
    .where('status', '=', 'rejected')
    .execute();
  expect(ended).toEqual([{ occasion: 'past', last_code: 'lapsed' }]);
});

test('a text that cannot be read holds nobody else up and is tried again later', async () => {
  await world.ledger.db.transaction().execute((tx) =>
    queueText(tx, {
      personKey,
      purpose: 'invitation',
      occasion: 'of a round that is gone',
      contactId,
      parameters: { roundId: 'round-1', product: 'Vanished', opensAt: at(0, 0), closesAt: at(1, 0) },
    }),
  );
  await queue();
  const claimed = await claimTexts(world.ledger.db, { limit: 10, leaseMs: 60_000 });
  expect(claimed).toHaveLength(2);
  const texts = await readTextsToSend(
    world.ledger,
    claimed.map((c) => c.textMessageId),
  );
  expect(texts.map((text) => text.textMessageId)).toEqual([claimed[1]?.textMessageId]);
  expect(await statusOf(claimed[0]?.textMessageId ?? '')).toMatchObject({
    status: 'queued',
    last_code: 'unreadable',
  });
  expect(await readTextsOf(world.ledger, personKey)).toHaveLength(1);
});

test('outcomes of many texts are recorded together, each its own', async () => {
  for (let n = 0; n < 5; n += 1) await queue();
  const [a, b, c, d, e] = (await claimTexts(world.ledger.db, { limit: 5, leaseMs: 60_000 })).map(
    ({ textMessageId }) => textMessageId,
  ) as [string, string, string, string, string];
  await recordOutcomes(world.ledger.db, [
    { kind: 'accepted', textMessageId: a, gatewayMessageId: 'M1', segments: 2 },
    { kind: 'rejected', textMessageId: b, code: 'E2', permanent: true },
    { kind: 'throttled', textMessageId: c, retryAfterMs: 60_000 },
    { kind: 'unknown', textMessageId: d, reason: 'timeout' },
    { kind: 'unsent', textMessageId: e },
  ]);
  const found = await Promise.all([a, b, c, d, e].map(statusOf));
  expect(found.map(({ status, last_code }) => [status, last_code])).toEqual([
    ['accepted', null],
    ['rejected', 'E2'],
    ['queued', 'throttled'],
    ['unknown', 'timeout'],
    ['queued', null],
  ]);
  const free = await claimTexts(world.ledger.db, { limit: 5, leaseMs: 60_000 });
  expect(free).toEqual([{ textMessageId: e, attempt: 1, unknownForMs: null }]);
});

test('receipts of many texts are recorded together, strangers among them', async () => {
  for (let n = 0; n < 3; n += 1) await queue();
  const [a, b, c] = (await claimTexts(world.ledger.db, { limit: 3, leaseMs: 60_000 })).map(
    ({ textMessageId }) => textMessageId,
  ) as [string, string, string];
  const accepted = [a, b, c].map((textMessageId, n) => ({
    ...{ kind: 'accepted' as const, textMessageId, gatewayMessageId: `R${String(n)}` },
  }));
  await recordOutcomes(world.ledger.db, accepted);
  const at = new Date();
  expect(
    await recordReceipts(world.ledger.db, [
      { gatewayMessageId: 'R0', status: 'delivered', at },
      { gatewayMessageId: 'nobody', status: 'delivered', at },
      { gatewayMessageId: 'R1', textMessageId: b, status: 'failed', at },
    ]),
  ).toEqual(['recorded', 'unknownText', 'recorded']);
  const found = await Promise.all([a, b, c].map(statusOf));
  expect(found.map(({ status, last_code }) => [status, last_code])).toEqual([
    ['delivered', null],
    ['undelivered', 'failed'],
    ['accepted', null],
  ]);
  expect(await countWithoutReceipt(world.ledger.db, 60_000)).toBe(0);
  expect(await countWithoutReceipt(world.ledger.db, 0)).toBe(1);
});

test('several senders share one pace, and none takes turns far ahead', async () => {
  for (let n = 0; n < 60; n += 1) await queue('mass');
  const begun = performance.now();
  await sql`update text_pace set next_at = clock_timestamp()`.execute(world.ledger.db);
  const share = { limit: 20, leaseMs: 60_000, ratePerSecond: 10, aheadMs: 3_000 };
  const claims = [];
  for (let n = 0; n < 4; n += 1) claims.push(await claimPaced(world.ledger.db, share));
  const taken = claims.map(({ texts }) => texts.length);
  expect(taken.slice(0, 2)).toEqual([20, expect.any(Number)]);
  // Three seconds ahead are thirty turns, and a few more for the time that this test takes.
  const sum = taken.reduce((a, b) => a + b, 0);
  expect(sum).toBeGreaterThanOrEqual(30);
  const tookSeconds = (performance.now() - begun) / 1_000;
  expect(sum).toBeLessThanOrEqual(30 + 4 + share.ratePerSecond * tookSeconds);
  expect(claims[1]?.startsInMs).toBeGreaterThan(0);
  expect(claims[0]?.everyMs).toBe(100);
});

test('turns that were taken before a clock was set back hold nobody up', async () => {
  await queue();
  await world.ledger.db
    .updateTable('text_pace')
    .set({ next_at: sql<Date>`clock_timestamp() + interval '3 hours'` })
    .execute();
  const share = { limit: 20, leaseMs: 60_000, ratePerSecond: 100, aheadMs: 3_000 };
  expect((await claimPaced(world.ledger.db, share)).texts).toHaveLength(1);
});

test('a claim that is renewed stays with its sender', async () => {
  await queue();
  const [claimed] = await claimTexts(world.ledger.db, { limit: 1, leaseMs: 0 });
  await renewLeases(world.ledger.db, [claimed?.textMessageId ?? ''], 60_000);
  expect(await claimTexts(world.ledger.db, { limit: 1, leaseMs: 0 })).toEqual([]);
});
