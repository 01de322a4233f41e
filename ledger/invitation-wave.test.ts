import { sql } from 'kysely';

import type { WaveStep } from '../domain/invitation-wave/wave';
import { obligationsOf } from '../domain/lifecycle/obligations';
import { parseMobile } from '../domain/person-number/mobile';
import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { heldInvitations } from '../test/builders/wave-parts';
import {
  approveWave,
  findWave,
  markWaveTold,
  pauseWave,
  pokeOpenWaves,
  resumeWave,
  startWave,
  stopWave,
  untoldWaves,
} from './invitation-wave';
import { previewWave } from './invitation-wave-audience';
import { disbandWave, takeWaveStep } from './invitation-wave-steps';
import { book } from './booking';
import { meetObligation } from './obligation';
import { enrolOperator } from './operator';
import { readOperatorActs } from './operator-audit';
import { readSnapshots } from './snapshot';
import { addTestHandset, readTestHandsets, removeTestHandset } from './test-handset';
import { readTextsToSend } from './text-message';
import { claimTexts } from './text-message-dispatch';
import { recordOutcomes } from './text-outcome';

let world: LedgerWorld;
const order = { product: null, countyCodes: null, ratePerSecond: 1_000, trialSize: 2, lookSeconds: 0 };

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
  for (const name of ['lin', 'wu']) await enrolOperator(world.ledger.db, name);
});
afterAll(() => world.close());
beforeEach(async () => {
  await sql`delete from text_message`.execute(world.ledger.db);
  await sql`delete from invitation_wave`.execute(world.ledger.db);
  await sql`delete from test_handset`.execute(world.ledger.db);
});

const aHandset = (mobile = '0911000222') => {
  const parsed = parseMobile(mobile);
  if ('refusal' in parsed) throw new Error('no mobile');
  return addTestHandset(world.ledger, 'lin', { label: '值班手機', mobile: parsed.mobile });
};

const invited = (count: number, product?: string) => heldInvitations(world, count, product);

async function started(changes: Partial<typeof order> = {}): Promise<string> {
  const answer = await startWave(world.ledger, 'lin', { roundId: 'round-1', ...order, ...changes });
  if (!answer.ok) throw new Error(answer.refusal.code);
  return answer.value.waveId;
}

const step = (waveId: string, name: WaveStep) => takeWaveStep(world.ledger, waveId, name);
const view = async (waveId: string) => {
  const found = await findWave(world.ledger.db, waveId);
  if (!found) throw new Error('no wave');
  return found;
};
/** A sender that has everything accepted. */
async function sendAll(): Promise<string[]> {
  const claimed = await claimTexts(world.ledger.db, { limit: 1_000, leaseMs: 60_000 });
  await recordOutcomes(
    world.ledger.db,
    claimed.map(({ textMessageId }) => ({
      kind: 'accepted',
      textMessageId,
      gatewayMessageId: textMessageId.slice(0, 8),
    })),
  );
  return claimed.map(({ textMessageId }) => textMessageId);
}
const dueNow = () =>
  sql`update text_message set next_attempt_at = 'epoch' where status = 'queued'`.execute(world.ledger.db);

/** Goes on until the approval is waited for. */
async function tried(waveId: string): Promise<void> {
  expect(await step(waveId, 'gather')).toEqual({ answer: 'done' });
  expect(await step(waveId, 'test')).toMatchObject({ answer: 'waiting' });
  await sendAll();
  expect(await step(waveId, 'test')).toEqual({ answer: 'done' });
  expect(await step(waveId, 'look')).toEqual({ answer: 'done' });
  expect(await step(waveId, 'tryOut')).toMatchObject({ answer: 'waiting' });
  await dueNow();
  await sendAll();
  expect(await step(waveId, 'tryOut')).toEqual({ answer: 'done' });
}

test('a wave goes to handsets, to some people, waits for a second operator, and then to all others', async () => {
  await aHandset();
  await invited(5);
  const waveId = await started();
  await tried(waveId);
  expect(await view(waveId)).toMatchObject({
    stage: 'awaitingApproval',
    audience: 5,
    released: 2,
    texts: { held: 3, accepted: 2 },
    tests: { accepted: 1 },
  });
  expect(await step(waveId, 'awaitApproval')).toMatchObject({ answer: 'waiting' });
  expect(await approveWave(world.ledger, 'lin', waveId)).toEqual({
    ok: false,
    refusal: { code: 'secondOperatorNeeded' },
  });
  expect(await approveWave(world.ledger, 'wu', waveId)).toEqual({ ok: true, value: true });
  expect(await step(waveId, 'awaitApproval')).toEqual({ answer: 'done' });
  expect(await step(waveId, 'release')).toMatchObject({ answer: 'waiting' });
  await dueNow();
  await sendAll();
  expect(await step(waveId, 'release')).toEqual({ answer: 'done' });
  expect(await view(waveId)).toMatchObject({
    stage: 'done',
    released: 5,
    approvedBy: 'wu',
    texts: { accepted: 5, held: 0 },
  });
  expect(await pokeOpenWaves(world.ledger.db)).toBe(0);
  const acts = (await readOperatorActs(world.ledger.db, { limit: 2 })).map(({ act }) => act);
  expect(acts).toEqual(['approveInvitationWave', 'startInvitationWave']);
});

test('a wave no larger than a trial goes to nobody before the approval', async () => {
  await aHandset();
  await invited(2);
  const waveId = await started();
  await step(waveId, 'gather');
  await step(waveId, 'test');
  await sendAll();
  for (const name of ['test', 'look', 'tryOut'] as const) {
    expect(await step(waveId, name)).toEqual({ answer: 'done' });
  }
  expect(await view(waveId)).toMatchObject({ stage: 'awaitingApproval', released: 0, texts: { held: 2 } });
  await expect(sql`update invitation_wave set stage = 'releasing'`.execute(world.ledger.db)).rejects.toThrow(
    'invitation_wave_goes_out_with_approval',
  );
});

test('a step taken again changes nothing', async () => {
  await aHandset();
  await invited(5);
  const waveId = await started();
  await tried(waveId);
  for (const name of ['gather', 'test', 'look', 'tryOut'] as const) {
    expect(await step(waveId, name)).toEqual({ answer: 'done' });
  }
  expect(await view(waveId)).toMatchObject({ released: 2, tests: { accepted: 1 } });
});

test('the database lets no more than a trial go, and no operator approve alone', async () => {
  await aHandset();
  await invited(5);
  const waveId = await started();
  await tried(waveId);
  const { db } = world.ledger;
  await expect(sql`update invitation_wave set released = 3`.execute(db)).rejects.toThrow(
    'invitation_wave_only_a_trial_without_approval',
  );
  await expect(
    sql`update invitation_wave set approved_by = 'lin', approved_at = now()`.execute(db),
  ).rejects.toThrow('invitation_wave_four_eyes');
  await expect(sql`update invitation_wave set trial_size = 101`.execute(db)).rejects.toThrow(
    'invitation_wave_trial_is_a_hundred_at_most',
  );
});

test('the text to a handset says that it is a test, and each kind of text comes once', async () => {
  const { handsetId } = await aHandset();
  await invited(2);
  await invited(2, 'AZ');
  const waveId = await started();
  await step(waveId, 'gather');
  await step(waveId, 'test');
  await step(waveId, 'test');
  const claimed = await claimTexts(world.ledger.db, { limit: 10, leaseMs: 60_000 });
  const texts = await readTextsToSend(
    world.ledger,
    claimed.map(({ textMessageId }) => textMessageId),
  );
  expect(texts.map(({ mobile }) => mobile)).toEqual(['0911000222', '0911000222']);
  for (const { body } of texts) expect(body).toMatch(/^【測試簡訊，非正式通知】【末三碼222】/);
  expect(await readTestHandsets(world.ledger)).toEqual([
    { handsetId, label: '值班手機', maskedMobile: '09*****222' },
  ]);
});

test('every kind of text comes to the handset, and a wave of more kinds than anybody reads is refused', async () => {
  const { handsetId } = await aHandset();
  await invited(51);
  // Each closes in another minute, as products and age bands do.
  const eachAnother = (among: number) =>
    sql`
      update text_message t set parameters = t.parameters || jsonb_build_object('closesAt', k.closes_at) from (
        select text_message_id, timestamptz '2026-09-01 12:00Z' + least(row_number() over (), ${among}::int)
          * interval '1 minute' as closes_at from text_message) k
      where k.text_message_id = t.text_message_id
    `.execute(world.ledger.db);
  await eachAnother(51);
  expect(await startWave(world.ledger, 'lin', { roundId: 'round-1', ...order })).toEqual({
    ok: false,
    refusal: { code: 'waveTooManyKinds', most: 50 },
  });
  await eachAnother(50);
  const waveId = await started();
  // A settlement that ends between the start and the gathering.
  await invited(1, 'AZ');
  await step(waveId, 'gather');
  await step(waveId, 'test');
  const sent = await sql`select from text_message where handset_id = ${handsetId}`.execute(world.ledger.db);
  expect(sent.rows).toHaveLength(51);
});

test('a test that the gateway refuses pauses the wave before any citizen gets it', async () => {
  await aHandset();
  await invited(3);
  const waveId = await started();
  await step(waveId, 'gather');
  await step(waveId, 'test');
  const [claimed] = await claimTexts(world.ledger.db, { limit: 1, leaseMs: 60_000 });
  const textMessageId = claimed?.textMessageId ?? '';
  await recordOutcomes(world.ledger.db, [
    { kind: 'rejected', textMessageId, code: 'ESME_RINVDSTADR', permanent: true },
  ]);
  expect(await step(waveId, 'test')).toEqual({ answer: 'paused' });
  expect(await view(waveId)).toMatchObject({
    stage: 'looking',
    paused: { reason: 'textsRefused', by: null },
    released: 0,
  });
  expect(await step(waveId, 'look')).toEqual({ answer: 'paused' });
  await resumeWave(world.ledger, 'wu', waveId);
  expect(await step(waveId, 'look')).toEqual({ answer: 'done' });
});

test('a pause takes back what is queued, and resuming lets it go again', async () => {
  await aHandset();
  await invited(6);
  const waveId = await started();
  await tried(waveId);
  await approveWave(world.ledger, 'wu', waveId);
  await step(waveId, 'release');
  const [inHand] = await claimTexts(world.ledger.db, { limit: 1, leaseMs: 60_000 });
  expect(await view(waveId)).toMatchObject({ released: 6, texts: { queued: 3, submitting: 1 } });
  expect(await pauseWave(world.ledger, 'lin', waveId)).toMatchObject({ ok: true });
  expect(await view(waveId)).toMatchObject({
    released: 3,
    texts: { queued: 0, submitting: 1, held: 3 },
    paused: { reason: 'operator', by: 'lin' },
  });
  expect(await step(waveId, 'release')).toEqual({ answer: 'paused' });
  // What a sender had in its hands and gives back is held too.
  await recordOutcomes(world.ledger.db, [{ kind: 'unsent', textMessageId: inHand?.textMessageId ?? '' }]);
  expect(await step(waveId, 'release')).toEqual({ answer: 'paused' });
  expect(await view(waveId)).toMatchObject({ released: 2, texts: { held: 4, queued: 0 } });
  expect(await claimTexts(world.ledger.db, { limit: 10, leaseMs: 60_000 })).toEqual([]);
  await resumeWave(world.ledger, 'lin', waveId);
  await step(waveId, 'release');
  await dueNow();
  await sendAll();
  expect(await step(waveId, 'release')).toEqual({ answer: 'done' });
  expect(await view(waveId)).toMatchObject({ released: 6, texts: { accepted: 6 } });
});

test('a stopped wave frees what it had not let go for another one', async () => {
  await aHandset();
  await invited(5);
  const first = await started();
  await tried(first);
  expect(await stopWave(world.ledger, 'wu', first)).toMatchObject({ ok: true });
  expect(await step(first, 'awaitApproval')).toEqual({ answer: 'stopped' });
  expect(await pokeOpenWaves(world.ledger.db)).toBe(1);
  expect(await disbandWave(world.ledger, first)).toBe(true);
  expect(await pokeOpenWaves(world.ledger.db)).toBe(0);
  for (const act of [pauseWave, resumeWave, stopWave]) {
    expect(await act(world.ledger, 'wu', first)).toEqual({ ok: false, refusal: { code: 'waveOver' } });
  }
  const second = await started();
  expect(second).toBe('round-1.2');
  await step(second, 'gather');
  expect(await view(second)).toMatchObject({ audience: 3 });
});

test('a wave is spread at its rate, and no further ahead than a pause can take back', async () => {
  await aHandset();
  await invited(50);
  const waveId = await started({ ratePerSecond: 3 });
  await tried(waveId);
  await approveWave(world.ledger, 'wu', waveId);
  await step(waveId, 'release');
  const { rows } = await sql<{ queued: number; gap: number }>`
    select count(*) as queued,
      (extract(epoch from max(released_at) - min(released_at)) / (count(*) - 1))::float8 as gap
    from text_message where status = 'queued'
  `.execute(world.ledger.db);
  expect(rows[0]?.gap).toBeCloseTo(1 / 3, 2);
  expect(rows[0]?.queued).toBeLessThanOrEqual(30);
  await step(waveId, 'release');
  const { texts } = await view(waveId);
  expect(texts.queued).toBeLessThanOrEqual(30);
});

test('who no longer has the right that the text tells of is not told of it', async () => {
  await aHandset();
  const [gone = ''] = await invited(3);
  const waveId = await started();
  await step(waveId, 'gather');
  await step(waveId, 'test');
  await sendAll();
  await step(waveId, 'test');
  await step(waveId, 'look');
  await world.ledger.db
    .updateTable('participation')
    .set({ stage: 'lapsed', last_act: 'lapse' })
    .where('person_key', '=', gone)
    .execute();
  for (let n = 0; n < 4; n += 1) {
    await dueNow();
    await sendAll();
    await step(waveId, 'tryOut');
  }
  await approveWave(world.ledger, 'wu', waveId);
  await step(waveId, 'release');
  await dueNow();
  await sendAll();
  await step(waveId, 'release');
  expect(await view(waveId)).toMatchObject({ stage: 'done', texts: { accepted: 2, rejected: 1 } });
});

test('a wave is refused where nothing is held, or no handset is there to try it on', async () => {
  const start = () => startWave(world.ledger, 'lin', { roundId: 'round-1', ...order });
  await aHandset();
  expect(await start()).toEqual({ ok: false, refusal: { code: 'waveEmpty' } });
  await invited(1);
  for (const { handsetId } of await readTestHandsets(world.ledger)) {
    expect(await removeTestHandset(world.ledger, 'wu', handsetId)).toBe(true);
    expect(await removeTestHandset(world.ledger, 'wu', handsetId)).toBe(false);
  }
  expect(await start()).toEqual({ ok: false, refusal: { code: 'testHandsetMissing' } });
  expect(await pauseWave(world.ledger, 'lin', 'round-1.9')).toEqual({
    ok: false,
    refusal: { code: 'waveUnknown' },
  });
});

test('the preview counts by product and shows each kind of text without anybody’s digits', async () => {
  await invited(3);
  await invited(1, 'AZ');
  const audience = { roundId: 'round-1', product: null, countyCodes: null };
  const preview = await previewWave(world.ledger, audience);
  expect(preview).toMatchObject({
    texts: 4,
    byProduct: [
      { product: 'Moderna', texts: 3 },
      { product: 'AZ', texts: 1 },
    ],
  });
  expect(preview.samples).toHaveLength(2);
  expect(preview.samples[0]?.zh).toMatch(/^【末三碼＊＊＊】.*您可預約接種莫德納/);
  expect(await previewWave(world.ledger, { ...audience, product: 'AZ' })).toMatchObject({ texts: 1 });
  expect(await previewWave(world.ledger, { ...audience, countyCodes: ['63000'] })).toMatchObject({
    texts: 0,
  });
});

test('whoever withdrew and registered anew counts once, in the county of the live registration', async () => {
  const [personKey = ''] = await invited(1);
  const contactId = await world.contact(personKey);
  for (const [county, withdrawnAt] of [
    ['63000', at(-2, 0)],
    ['65000', null],
  ] as const) {
    await world.ledger.db
      .insertInto('registration')
      .values({
        ...{ person_key: personKey, round_id: 'round-1', contact_id: contactId, products: ['Moderna'] },
        ...{ county_code: county, district_code: `${county}010`, priority_group: 1 },
        withdrawn_at: withdrawnAt,
      })
      .execute();
  }
  const preview = (countyCodes: string[] | null) =>
    previewWave(world.ledger, { roundId: 'round-1', product: null, countyCodes });
  expect(await preview(null)).toMatchObject({ texts: 1, byCounty: [{ countyCode: '65000', texts: 1 }] });
  expect(await preview(['65000'])).toMatchObject({ texts: 1 });
  expect(await preview(['63000'])).toMatchObject({ texts: 0, byCounty: [] });
});

test('the engine is told of every operator’s word once, and again where its run may be lost', async () => {
  await aHandset();
  await invited(1);
  const waveId = await started();
  const untold = () => untoldWaves(world.ledger.db);
  const [first] = await untold();
  expect(first?.waveId).toBe(waveId);
  await pauseWave(world.ledger, 'lin', waveId);
  await markWaveTold(world.ledger.db, first ?? { waveId, changedAt: '' });
  const [second] = await untold();
  expect(second).toBeDefined();
  await markWaveTold(world.ledger.db, second ?? { waveId, changedAt: '' });
  expect(await untold()).toEqual([]);
  await resumeWave(world.ledger, 'wu', waveId);
  expect(await untold()).toHaveLength(1);
  await step(waveId, 'gather');
  await pokeOpenWaves(world.ledger.db);
  expect(await untold()).toHaveLength(1);
});

test('whoever is invited may book before the text arrives, and is reminded of nothing that nobody told', async () => {
  const { db } = world.ledger;
  await world.site('S1');
  const slotId = await world.slot({ siteId: 'S1', capacity: 5, day: 5 });
  const [eager = '', patient = '', told = ''] = await invited(3);
  await sql`update text_message set status = 'delivered' where person_key = ${told}::uuid`.execute(db);
  await world.stepTo(at(0, 11 * hour));
  const booked = await book(world.ledger, world.acting(eager), {
    slotId,
    mobile: '0900000678',
    language: 'zh',
  });
  expect(booked.ok).toBe(true);

  const reminded = async (personKey: string) => {
    const snapshot = (await readSnapshots(db, [personKey])).get(personKey);
    const reminder =
      snapshot && obligationsOf(personKey, snapshot).find(({ kind }) => kind === 'remindToBook');
    if (!reminder) throw new Error('nothing is owed');
    await world.stepTo(reminder.dueAt);
    const answer = await meetObligation(world.ledger, personKey, reminder);
    const text = await db
      .selectFrom('text_message')
      .select('status')
      .where('person_key', '=', personKey)
      .where('purpose', '=', 'remindToBook')
      .executeTakeFirst();
    return [answer.answer, text?.status];
  };
  expect(await reminded(told)).toEqual(['done', 'queued']);
  expect(await reminded(patient)).toEqual(['done', 'held']);
});
