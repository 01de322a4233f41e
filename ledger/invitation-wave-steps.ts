/**
 * What an invitation wave does by itself: each step a transaction on the locked wave, so that a pause or a stop by
 * operations takes hold between two of them, and a step that is taken again goes on where the last one ended.
 */
import { sql } from 'kysely';

import {
  progressOf,
  type WaveStage,
  type WaveStep,
  type WaveStepAnswer,
} from '../domain/invitation-wave/wave';
import type { Ledger, LedgerTx } from './database';
import { holdBack, takeBack } from './invitation-wave';
import { heldFor } from './invitation-wave-audience';

/** Texts marked as the wave's in one transaction. */
const gatheredAtOnce = 5_000;
/** How far ahead of the clock texts are let go: so much at most has to be taken back by a pause. */
const aheadMs = 10_000;
/** Texts let go in one transaction. */
const releasedAtOnce = 5_000;
const soonMs = 1_000;

/** A locked wave, as a step needs it. */
interface StepWave {
  readonly wave_id: string;
  readonly round_id: string;
  readonly product: string | null;
  readonly county_codes: string[] | null;
  readonly stage: WaveStage;
  readonly paused: boolean;
  readonly audience: number;
  readonly released: number;
  readonly trial_size: number;
  readonly rate_per_second: number;
  /** Until staff have looked at their handsets. */
  readonly look_left_ms: number;
}

/** `null`: there is more to do at once. */
type StepTaken = WaveStepAnswer | null;

/** What one taking of a step remembers between its transactions. */
interface Progress {
  /** The last text that was looked at; before all others at first. */
  after: string;
}

const beforeAll = '00000000-0000-0000-0000-000000000000';

type Taker = (tx: LedgerTx, wave: StepWave, progress: Progress) => Promise<StepTaken>;

const takers: Readonly<Record<WaveStep, Taker>> = {
  gather,
  test,
  look,
  tryOut,
  awaitApproval: async () => ({ answer: 'waiting', forMs: 3_600_000 }),
  release,
};

/** Goes on with a step until it is done or has to wait. `onProgress` is called now and then and may throw to stop. */
export async function takeWaveStep(
  ledger: Ledger,
  waveId: string,
  step: WaveStep,
  onProgress: () => void = () => undefined,
): Promise<WaveStepAnswer> {
  const progress: Progress = { after: beforeAll };
  for (;;) {
    const taken = await ledger.db.transaction().execute(async (tx): Promise<StepTaken> => {
      const wave = await lockWave(tx, waveId);
      if (wave.stage === 'stopped') return { answer: 'stopped' };
      if (progressOf(step, wave.stage) === 'behind') return { answer: 'done' };
      if (wave.paused) {
        // A sender may have given back what it had in its hands when the pause began.
        await takeBack(tx, waveId);
        return { answer: 'paused' };
      }
      if (progressOf(step, wave.stage) === 'ahead') throw new Error(`wave ${waveId} has not come to ${step}`);
      return takers[step](tx, wave, progress);
    });
    onProgress();
    if (taken) return taken;
  }
}

/**
 * Frees what a stopped wave had marked and not let go, for other waves. Answers false while a sender has some of its
 * texts in its hands and may give them back.
 */
export async function disbandWave(
  ledger: Ledger,
  waveId: string,
  onProgress: () => void = () => undefined,
): Promise<boolean> {
  const { inHand } = await ledger.db.transaction().execute(async (tx) => {
    const wave = await lockWave(tx, waveId);
    if (wave.stage !== 'stopped') throw new Error(`wave ${waveId} was not stopped`);
    await takeBack(tx, waveId);
    return { inHand: await isUnderWay(tx, wave) };
  });
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      update text_message set wave_id = null where text_message_id in (
        select text_message_id from text_message where wave_id = ${waveId} and status = 'held'
        limit ${gatheredAtOnce})
    `.execute(ledger.db);
    if (numAffectedRows === 0n) return !inHand;
    onProgress();
  }
}

async function lockWave(tx: LedgerTx, waveId: string): Promise<StepWave> {
  const { rows } = await sql<StepWave>`
    select wave_id, round_id, product, county_codes, stage, paused_at is not null as paused, audience, released,
      trial_size, rate_per_second, (extract(epoch from
        stage_since + look_seconds * interval '1 second' - clock_timestamp()) * 1000)::float8 as look_left_ms
    from invitation_wave where wave_id = ${waveId} for update
  `.execute(tx);
  const [wave] = rows;
  if (!wave) throw new Error(`there is no wave ${waveId}`);
  return wave;
}

async function enter(tx: LedgerTx, wave: StepWave, stage: WaveStage): Promise<WaveStepAnswer> {
  await sql`
    update invitation_wave set stage = ${stage}, stage_since = clock_timestamp()
    where wave_id = ${wave.wave_id}
  `.execute(tx);
  return { answer: 'done' };
}

/** Marks the round's held texts as the wave's, so that whoever approves it approves these and no others. */
async function gather(tx: LedgerTx, wave: StepWave, progress: Progress): Promise<StepTaken> {
  const audience = { roundId: wave.round_id, product: wave.product, countyCodes: wave.county_codes };
  const { rows } = await sql<{ gathered: number; last: string | null }>`
    with gathered as (
      update text_message set wave_id = ${wave.wave_id} where text_message_id in (
        select t.text_message_id from text_message t
        where ${heldFor(audience)} and t.text_message_id > ${progress.after}::uuid
        order by t.text_message_id limit ${gatheredAtOnce} for update skip locked)
      returning text_message_id
    ), counted as (
      update invitation_wave set audience = audience + (select count(*) from gathered)
      where wave_id = ${wave.wave_id}
    )
    select count(*) as gathered, max(text_message_id::text) as last from gathered
  `.execute(tx);
  const { gathered, last } = rows[0] ?? { gathered: 0, last: null };
  if (gathered === 0 && progress.after === beforeAll) {
    return enter(tx, wave, wave.audience === 0 ? 'done' : 'testing');
  }
  // After the last one, once more from the first: a settlement may have written some meanwhile.
  progress.after = last ?? beforeAll;
  return null;
}

/** Sends every kind of text to every handset of staff, and waits until the gateway has said something of each. */
async function test(tx: LedgerTx, wave: StepWave): Promise<StepTaken> {
  let tests = await countTests(tx, wave);
  if (tests.sent === 0) {
    await queueTests(tx, wave);
    tests = await countTests(tx, wave);
  }
  if (tests.waiting > 0) return { answer: 'waiting', forMs: soonMs };
  await enter(tx, wave, 'looking');
  if (tests.sent > 0 && tests.refused === 0) return { answer: 'done' };
  // What staff could not be sent is not sent to citizens unless somebody says so.
  await holdBack(tx, wave.wave_id, 'textsRefused', null);
  return { answer: 'paused' };
}

/** Every kind, those too that a settlement wrote after the start: no text reaches the public that staff could not read. */
async function queueTests(tx: LedgerTx, wave: StepWave): Promise<void> {
  await sql`
    insert into text_message (handset_id, purpose, occasion, parameters, wave_id, released_at)
    select h.handset_id, 'invitation', ${wave.wave_id}::text || '/' || kind.place, kind.parameters,
      ${wave.wave_id}, clock_timestamp()
    from test_handset h, (
      select parameters, row_number() over (order by parameters::text) as place from (
        select distinct parameters from text_message where wave_id = ${wave.wave_id}
      ) kinds
    ) kind
    where h.removed_at is null
    on conflict (handset_id, purpose, occasion) where handset_id is not null do nothing
  `.execute(tx);
}

async function countTests(
  tx: LedgerTx,
  wave: StepWave,
): Promise<{ readonly sent: number; readonly waiting: number; readonly refused: number }> {
  const { rows } = await sql<{ sent: number; waiting: number; refused: number }>`
    select count(*) as sent, count(*) filter (where status in ('queued', 'submitting', 'unknown')) as waiting,
      count(*) filter (where status in ('rejected', 'undelivered')) as refused
    from text_message where wave_id = ${wave.wave_id} and handset_id is not null
  `.execute(tx);
  return rows[0] ?? { sent: 0, waiting: 0, refused: 0 };
}

async function look(tx: LedgerTx, wave: StepWave): Promise<StepTaken> {
  return wave.look_left_ms > 0
    ? { answer: 'waiting', forMs: Math.ceil(wave.look_left_ms) }
    : enter(tx, wave, 'trial');
}

/**
 * Lets the first hundred go, and waits until the gateway has said something of each. A wave no larger than that is not
 * tried out on all its people: nothing of it goes out before the approval.
 */
async function tryOut(tx: LedgerTx, wave: StepWave): Promise<StepTaken> {
  const wanted = wave.audience > wave.trial_size ? wave.trial_size - wave.released : 0;
  if (wanted > 0 && (await letGo(tx, wave, wanted)) > 0) return null;
  if (await isUnderWay(tx, wave)) return { answer: 'waiting', forMs: soonMs };
  return enter(tx, wave, 'awaitingApproval');
}

/** Lets the rest go, some seconds ahead of the clock, at the chosen rate. */
async function release(tx: LedgerTx, wave: StepWave): Promise<StepTaken> {
  const { rows } = await sql<{ ahead_ms: number; queued: number }>`
    select greatest(extract(epoch from released_through - clock_timestamp()) * 1000, 0)::float8 as ahead_ms, (
      select count(*) from text_message t where t.wave_id = w.wave_id and t.status = 'queued') as queued
    from invitation_wave w where wave_id = ${wave.wave_id}
  `.execute(tx);
  const { ahead_ms: alreadyAheadMs, queued } = rows[0] ?? { ahead_ms: 0, queued: 0 };
  const mostQueued = Math.ceil((wave.rate_per_second * aheadMs) / 1_000);
  // Where the senders do not keep up with the rate, letting more go would only put it out of a pause's reach.
  const wanted = Math.min(
    Math.floor(((aheadMs - (alreadyAheadMs ?? 0)) * wave.rate_per_second) / 1_000),
    mostQueued - queued,
    releasedAtOnce,
  );
  if (wanted > 0) {
    if ((await letGo(tx, wave, wanted)) > 0) return wanted === releasedAtOnce ? null : soon;
  } else if (await isHeld(tx, wave)) {
    return soon;
  }
  return (await isUnderWay(tx, wave)) ? soon : enter(tx, wave, 'done');
}

const soon: WaveStepAnswer = { answer: 'waiting', forMs: soonMs };

/**
 * Lets up to `limit` texts go, spread at the wave's rate from where the last ones ended. One whose person no longer has
 * the right that it tells of (withdrawn, over, already vaccinated) is ended instead. Answers how many it dealt with.
 */
async function letGo(tx: LedgerTx, wave: StepWave, limit: number): Promise<number> {
  const everyMs = 1_000 / wave.rate_per_second;
  const { rows } = await sql<{ dealt_with: number }>`
    with next as materialized (
      select t.text_message_id, t.parameters ->> 'closesAt' as closes_at,
        coalesce(p.stage in ('invited', 'booked', 'offered'), true) as stands,
        row_number() over (order by t.text_message_id) - 1 as place
      from text_message t
      left join participation p on p.person_key = t.person_key and p.round_id = ${wave.round_id}
      where t.wave_id = ${wave.wave_id} and t.status = 'held'
      order by t.text_message_id limit ${limit}
    ), start as materialized (
      select greatest(coalesce(released_through, clock_timestamp()), clock_timestamp()) as at
      from invitation_wave where wave_id = ${wave.wave_id}
    ), dealt_with as (
      update text_message t set
        status = case when n.stands then 'queued' else 'rejected' end,
        last_code = case when n.stands then t.last_code else 'overtaken' end,
        next_attempt_at = s.at + n.place * ${everyMs}::float8 * interval '1 millisecond',
        released_at = s.at + n.place * ${everyMs}::float8 * interval '1 millisecond',
        lapses_at = coalesce(t.lapses_at, n.closes_at::timestamptz)
      from next n, start s where t.text_message_id = n.text_message_id
      returning 1
    ), counted as (
      update invitation_wave set
        released = released + (select count(*) from dealt_with),
        released_through = (select at from start)
          + (select count(*) from dealt_with) * ${everyMs}::float8 * interval '1 millisecond'
      where wave_id = ${wave.wave_id}
    )
    select count(*) as dealt_with from dealt_with
  `.execute(tx);
  return rows[0]?.dealt_with ?? 0;
}

/** Whether texts that were let go have not been handed to the gateway yet. */
async function isUnderWay(tx: LedgerTx, wave: StepWave): Promise<boolean> {
  const { rows } = await sql<{ under_way: boolean }>`
    select exists (select from text_message where wave_id = ${wave.wave_id} and handset_id is null
      and status in ('queued', 'submitting')) as under_way
  `.execute(tx);
  return rows[0]?.under_way ?? false;
}

async function isHeld(tx: LedgerTx, wave: StepWave): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`
    select exists (select from text_message where wave_id = ${wave.wave_id} and status = 'held') as held
  `.execute(tx);
  return rows[0]?.held ?? false;
}
