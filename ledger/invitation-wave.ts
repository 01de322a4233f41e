/** Invitation waves as operations start, approve, pause and stop them; every act is audited with the change itself. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import {
  isOver,
  type PauseReason,
  type WaveCounts,
  type WaveStage,
  type WaveView,
} from '../domain/invitation-wave/wave';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { heldFor, type WaveAudience } from './invitation-wave-audience';
import { recordOperatorAct, type OperatorActDetail } from './operator-audit';

/** What an operator asks for. */
export interface WaveOrder extends WaveAudience {
  /** Texts a second once the wave is approved; the contract with the gateway bounds it too. */
  readonly ratePerSecond: number;
  /** People who get it before the approval, a hundred at most. */
  readonly trialSize: number;
  /** How long staff look at their handsets before the trial. */
  readonly lookSeconds: number;
}

/** Each booking window of each product reads differently; more kinds than this are no longer read by anybody. */
const mostKinds = 50;

/**
 * Starts a wave over the round's held texts: refused where there is nothing to send, where more kinds of text would go
 * to the test handsets than anybody reads, or where there is no handset.
 */
export async function startWave(
  ledger: Ledger,
  operatorId: string,
  order: WaveOrder,
): Promise<Outcome<{ readonly waveId: string }>> {
  const { roundId, product, countyCodes, ratePerSecond, trialSize, lookSeconds } = order;
  return ledger.db.transaction().execute(async (tx) => {
    // One start at a time per round, so that waves are numbered in their order.
    const { rows } = await sql<{ kinds: number; handset: boolean }>`
      with round as (select round_id from round where round_id = ${roundId} for no key update),
      kinds as (select distinct t.parameters from text_message t where ${heldFor(order)} limit ${mostKinds + 1})
      select case when exists (select from round) then (select count(*) from kinds) else 0 end as kinds,
        exists (select from test_handset where removed_at is null) as handset
    `.execute(tx);
    const [found] = rows;
    if (!found?.kinds) return refused({ code: 'waveEmpty' });
    if (found.kinds > mostKinds) return refused({ code: 'waveTooManyKinds', most: mostKinds });
    if (!found.handset) return refused({ code: 'testHandsetMissing' });
    const { number } = await tx
      .selectFrom('invitation_wave')
      .select((eb) => sql<number>`coalesce(${eb.fn.max('number')}, 0) + 1`.as('number'))
      .where('round_id', '=', roundId)
      .executeTakeFirstOrThrow();
    const waveId = `${roundId}.${String(number)}`;
    await tx
      .insertInto('invitation_wave')
      .values({
        ...{ wave_id: waveId, round_id: roundId, number },
        ...{ product, county_codes: countyCodes === null ? null : [...countyCodes] },
        ...{ rate_per_second: ratePerSecond, trial_size: trialSize, look_seconds: lookSeconds },
        started_by: operatorId,
      })
      .execute();
    await recordOperatorAct(tx, operatorId, 'startInvitationWave', { waveId, ratePerSecond, trialSize });
    return accepted({ waveId });
  });
}

/** Lets the rest go: only by another operator than the one who started it, once the trial's texts are out. */
export function approveWave(ledger: Ledger, operatorId: string, waveId: string): Promise<Outcome<true>> {
  return changeWave(ledger, operatorId, waveId, 'approveInvitationWave', async (tx, wave) => {
    if (wave.stage !== 'awaitingApproval') return refused({ code: 'waveNotAwaitingApproval' });
    if (wave.started_by === operatorId) return refused({ code: 'secondOperatorNeeded' });
    await sql`
      update invitation_wave set stage = 'releasing', stage_since = clock_timestamp(),
        approved_by = ${operatorId}, approved_at = clock_timestamp()
      where wave_id = ${waveId}
    `.execute(tx);
    return accepted({ audience: wave.audience, released: wave.released });
  });
}

/** Holds everything back that no sender has in its hands yet. A pause that stands is left as it is. */
export function pauseWave(ledger: Ledger, operatorId: string, waveId: string): Promise<Outcome<true>> {
  return changeWave(ledger, operatorId, waveId, 'pauseInvitationWave', async (tx, wave) => {
    if (isOver(wave.stage)) return refused({ code: 'waveOver' });
    if (wave.paused_at !== null) return accepted({ takenBack: 0 });
    await holdBack(tx, waveId, 'operator', operatorId);
    return accepted({ takenBack: await takeBack(tx, waveId) });
  });
}

/** Goes on where a pause stopped it. A wave that is not paused is left as it is. */
export function resumeWave(ledger: Ledger, operatorId: string, waveId: string): Promise<Outcome<true>> {
  return changeWave(ledger, operatorId, waveId, 'resumeInvitationWave', async (tx, wave) => {
    if (isOver(wave.stage)) return refused({ code: 'waveOver' });
    await sql`
      update invitation_wave set paused_at = null, paused_by = null, pause_reason = null
      where wave_id = ${waveId}
    `.execute(tx);
    return accepted({});
  });
}

/** Ends the wave for good; what was not let go is held again, free for another wave. */
export function stopWave(ledger: Ledger, operatorId: string, waveId: string): Promise<Outcome<true>> {
  return changeWave(ledger, operatorId, waveId, 'stopInvitationWave', async (tx, wave) => {
    if (isOver(wave.stage)) return refused({ code: 'waveOver' });
    await sql`
      update invitation_wave set stage = 'stopped', stage_since = clock_timestamp(),
        stopped_by = ${operatorId}, stopped_at = clock_timestamp(),
        paused_at = null, paused_by = null, pause_reason = null
      where wave_id = ${waveId}
    `.execute(tx);
    return accepted({ takenBack: await takeBack(tx, waveId) });
  });
}

/** Marks a wave as paused, by an operator or by itself. */
export async function holdBack(
  tx: LedgerTx,
  waveId: string,
  reason: PauseReason,
  operatorId: string | null,
): Promise<void> {
  await sql`
    update invitation_wave set paused_at = clock_timestamp(), paused_by = ${operatorId}, pause_reason = ${reason},
      released_through = null
    where wave_id = ${waveId}
  `.execute(tx);
}

/** Takes back what was let go and is in no sender's hands. The caller has the wave locked, so nothing is let go meanwhile. */
export async function takeBack(tx: LedgerTx, waveId: string): Promise<number> {
  const { rows } = await sql<{ taken_back: number }>`
    with taken_back as (
      update text_message set status = 'held', released_at = null
      where wave_id = ${waveId} and status = 'queued' and handset_id is null
      returning text_message_id
    ), tests as (
      update text_message set status = 'rejected', last_code = 'waveStopped'
      where wave_id = ${waveId} and status = 'queued' and handset_id is not null
        and exists (select from invitation_wave where wave_id = ${waveId} and stage = 'stopped')
    ), counted as (
      update invitation_wave set released = released - (select count(*) from taken_back), released_through = null
      where wave_id = ${waveId}
    )
    select count(*) as taken_back from taken_back
  `.execute(tx);
  return rows[0]?.taken_back ?? 0;
}

interface LockedWave {
  readonly stage: WaveStage;
  readonly started_by: string;
  readonly paused_at: Date | null;
  readonly audience: number;
  readonly released: number;
}

/** Locks the wave, lets `act` decide and change it, and audits what was done with the numbers that it answers. */
async function changeWave(
  ledger: Ledger,
  operatorId: string,
  waveId: string,
  act: string,
  decide: (tx: LedgerTx, wave: LockedWave) => Promise<Outcome<OperatorActDetail>>,
): Promise<Outcome<true>> {
  return ledger.db.transaction().execute(async (tx) => {
    const { rows } = await sql<LockedWave>`
      select stage, started_by, paused_at, audience, released from invitation_wave
      where wave_id = ${waveId} for update
    `.execute(tx);
    const [wave] = rows;
    if (!wave) return refused({ code: 'waveUnknown' });
    const decided = await decide(tx, wave);
    if (!decided.ok) return decided;
    await sql`update invitation_wave set changed_at = clock_timestamp() where wave_id = ${waveId}`.execute(
      tx,
    );
    await recordOperatorAct(tx, operatorId, act, { waveId, ...decided.value });
    return accepted(true);
  });
}

/** Waves with progress, newest first; of one round where it is named. */
export async function readWaves(
  db: LedgerReader,
  roundId: string | null = null,
): Promise<readonly WaveView[]> {
  return viewsOf(db, sql`${roundId}::text is null or round_id = ${roundId}`);
}

/** One wave with its progress; undefined when there is none of that id. */
export async function findWave(db: LedgerReader, waveId: string): Promise<WaveView | undefined> {
  const [view] = await viewsOf(db, sql`wave_id = ${waveId}`);
  return view;
}

/** A wave about which the engine has to be told. */
export interface UntoldWave {
  readonly waveId: string;
  /** To mark it as told. */
  readonly changedAt: string;
}

/** Waves about which an operator said something that the engine does not know; new ones are among them. */
export async function untoldWaves(db: LedgerReader): Promise<readonly UntoldWave[]> {
  const { rows } = await sql<{ wave_id: string; changed_at: string }>`
    select wave_id, changed_at::text as changed_at from invitation_wave
    where told_at is null or told_at < changed_at order by changed_at
  `.execute(db);
  return rows.map((row) => ({ waveId: row.wave_id, changedAt: row.changed_at }));
}

/** Marks what the engine was told; what was said meanwhile stays to be told. */
export async function markWaveTold(db: LedgerReader, { waveId, changedAt }: UntoldWave): Promise<void> {
  await sql`update invitation_wave set told_at = ${changedAt}::timestamptz where wave_id = ${waveId}`.execute(
    db,
  );
}

/**
 * Has the engine told again of every wave that is not over, or was stopped and is not cleared up: its run may be lost.
 * Answers how many there are.
 */
export async function pokeOpenWaves(db: LedgerReader): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update invitation_wave w set told_at = null
    where stage <> 'done' and (stage <> 'stopped' or exists (
      select from text_message t where t.wave_id = w.wave_id and t.status = 'held'))
  `.execute(db);
  return Number(numAffectedRows);
}

/** What waves have let go and still hold, for operations to see. */
export async function openWaveCounts(db: LedgerReader): Promise<{
  readonly open: number;
  readonly paused: number;
  readonly awaitingApproval: number;
  readonly held: number;
}> {
  const { rows } = await sql<{ open: number; paused: number; awaitingApproval: number; held: number }>`
    select count(*) as open, count(*) filter (where paused_at is not null) as paused,
      count(*) filter (where stage = 'awaitingApproval') as "awaitingApproval",
      coalesce(sum(audience - released), 0)::integer as held
    from invitation_wave where stage not in ('done', 'stopped')
  `.execute(db);
  return rows[0] ?? { open: 0, paused: 0, awaitingApproval: 0, held: 0 };
}

interface WaveRow {
  wave_id: string;
  round_id: string;
  product: string | null;
  county_codes: string[] | null;
  rate_per_second: number;
  trial_size: number;
  look_seconds: number;
  stage: WaveStage;
  stage_since: Date;
  paused_at: Date | null;
  paused_by: string | null;
  pause_reason: PauseReason | null;
  started_by: string;
  started_at: Date;
  approved_by: string | null;
  approved_at: Date | null;
  stopped_by: string | null;
  stopped_at: Date | null;
  audience: number;
  released: number;
  counts: { readonly test: boolean; readonly status: keyof WaveCounts; readonly count: number }[] | null;
}

async function viewsOf(db: LedgerReader, which: ReturnType<typeof sql>): Promise<readonly WaveView[]> {
  const { rows } = await sql<WaveRow>`
    select w.*, (
      select jsonb_agg(jsonb_build_object('test', c.test, 'status', c.status, 'count', c.count)) from (
        select t.handset_id is not null as test, t.status, count(*) as count from text_message t
        where t.wave_id = w.wave_id group by 1, 2) c) as counts
    from invitation_wave w where ${which} order by w.started_at desc
  `.execute(db);
  return rows.map(viewOf);
}

function viewOf(row: WaveRow): WaveView {
  const time = (at: Date | null): Instant | null => at?.toISOString() ?? null;
  return {
    waveId: row.wave_id,
    roundId: row.round_id,
    product: row.product,
    countyCodes: row.county_codes,
    ratePerSecond: row.rate_per_second,
    trialSize: row.trial_size,
    lookSeconds: row.look_seconds,
    stage: row.stage,
    stageSince: row.stage_since.toISOString(),
    paused:
      row.paused_at && row.pause_reason
        ? { reason: row.pause_reason, by: row.paused_by, at: row.paused_at.toISOString() }
        : null,
    startedBy: row.started_by,
    startedAt: row.started_at.toISOString(),
    approvedBy: row.approved_by,
    approvedAt: time(row.approved_at),
    stoppedBy: row.stopped_by,
    stoppedAt: time(row.stopped_at),
    audience: row.audience,
    released: row.released,
    texts: countsOf(row, false),
    tests: countsOf(row, true),
  };
}

function countsOf(row: WaveRow, test: boolean): WaveCounts {
  const of = (status: keyof WaveCounts) =>
    row.counts?.find((count) => count.test === test && count.status === status)?.count ?? 0;
  return {
    held: of('held'),
    queued: of('queued'),
    submitting: of('submitting'),
    unknown: of('unknown'),
    accepted: of('accepted'),
    delivered: of('delivered'),
    undelivered: of('undelivered'),
    rejected: of('rejected'),
  };
}
