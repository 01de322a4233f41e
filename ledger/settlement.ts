/**
 * Settlement of a round in three steps, each whole or not at all: registration is closed for good; who is invited is
 * decided in one transaction that writes record, evidence and invitations; the decision is carried out in batches. A
 * rerun after a kill does the steps that are left, so it always ends the same.
 */
import { sql } from 'kysely';

import { settlementRules } from '../domain/settlement/assignment';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import {
  recordedInBulk,
  takeInRanges,
  type BatchOptions,
  type RoundStepPlan,
  type RoundStepResult,
} from './round-batches';
import { decideSettlement, secondsSince, type SettlementResources } from './settlement-decision';

/**
 * Settles a round that ranks, once its time has come by the ledger's clock: invites as far as the supply goes, writes
 * each invited person one text that waits for its wave, and tells the engine of them alone. Throws for a round that
 * does not rank, and where no key to sign with is set. The three steps after one another; the round's workflow takes
 * each by itself.
 */
export async function settleRound(
  ledger: Ledger,
  roundId: string,
  options: BatchOptions = {},
): Promise<RoundStepResult> {
  const begun = await beginSettlement(ledger, roundId);
  if (begun.answer === 'notDue') return begun;
  await decideSettlement(ledger, roundId);
  return carryOutSettlement(ledger, roundId, options);
}

/** Closes registration for good, unless it is closed or the time has not come. Waits for those who are registering. */
export async function beginSettlement(ledger: Ledger, roundId: string): Promise<RoundStepResult> {
  const until = await ledger.db.transaction().execute((tx) => begin(tx, roundId));
  return until === null ? { answer: 'done', touched: 0 } : { answer: 'notDue', until };
}

/** Records what was decided with each person invited; goes on where it stopped. */
export async function carryOutSettlement(
  ledger: Ledger,
  roundId: string,
  options: BatchOptions = {},
): Promise<RoundStepResult> {
  const from = Date.now();
  const touched = await takeInRanges(ledger, invite(roundId), options);
  await sql`
    update settlement set completed_at = ledger_now(),
      resources = resources || jsonb_build_object('carryOutSeconds', ${secondsSince(from)}::numeric, 'carriedOut', ${touched}::integer)
    where round_id = ${roundId} and completed_at is null and decided_at is not null
  `.execute(ledger.db);
  return { answer: 'done', touched };
}

/** What a settlement came to, and how far it is carried out. */
export interface SettlementProgress {
  readonly settledAt: string;
  readonly decidedAt: string | null;
  readonly completedAt: string | null;
  readonly registrations: number;
  readonly invited: number;
  /** Invited, and not yet told so. */
  readonly remaining: number;
  readonly resources: SettlementResources;
}

/** The settlement of a round; `undefined` before it. */
export async function findSettlement(
  db: LedgerReader,
  roundId: string,
): Promise<SettlementProgress | undefined> {
  const { rows } = await sql<{
    settled_at: Date;
    decided_at: Date | null;
    completed_at: Date | null;
    registrations: number;
    invited: number;
    remaining: number;
    resources: SettlementResources;
  }>`
    select s.*, (select count(*) from participation p join invitation i using (person_key, round_id)
      where p.round_id = s.round_id and p.stage = 'registered') as remaining
    from settlement s where s.round_id = ${roundId}
  `.execute(db);
  const [row] = rows;
  return (
    row && {
      settledAt: row.settled_at.toISOString(),
      decidedAt: row.decided_at?.toISOString() ?? null,
      completedAt: row.completed_at?.toISOString() ?? null,
      registrations: row.registrations,
      invited: row.invited,
      remaining: row.remaining,
      resources: row.resources,
    }
  );
}

/** How many rounds should have been settled and carried out for longer than `graceMs`, by the ledger's clock. */
export async function countOverdueSettlements(db: LedgerReader, graceMs: number): Promise<number> {
  const { rows } = await sql<{ overdue: number }>`
    select count(*) as overdue from round r left join settlement s using (round_id)
    where r.closed_at is null and s.completed_at is null
      and r.settles_at < ledger_now() - ${graceMs}::double precision * interval '1 millisecond'
  `.execute(db);
  return rows[0]?.overdue ?? 0;
}

/**
 * Closes registration for good unless it is. Answers from when on that may be done, or `null` when it is. A transaction
 * of its own: who still tries to register is refused at once and does not wait while a million are ranked.
 */
async function begin(tx: LedgerTx, roundId: string): Promise<string | null> {
  // Waits for registrations that were accepted before the end and are being written; later ones find it settled.
  const { rows } = await sql<{ settles_at: Date | null }>`
    select settles_at from round where round_id = ${roundId} for update
  `.execute(tx);
  const settlesAt = rows[0]?.settles_at;
  if (!settlesAt) throw new Error(`round ${roundId} is none that settles`);
  const { rows: facts } = await sql<{ early: boolean; settled: boolean }>`
    select ledger_now() < ${settlesAt}::timestamptz as early,
      exists (select from settlement where round_id = ${roundId}) as settled
  `.execute(tx);
  if (facts[0]?.settled) return null;
  if (facts[0]?.early) return settlesAt.toISOString();
  await sql`
    insert into settlement (round_id, rules_version, registrations, invited)
    values (${roundId}, ${settlementRules}, 0, 0)
  `.execute(tx);
  return null;
}

/** Carries the decision out: the stage, the text that says so, and the word to the engine. */
function invite(roundId: string): RoundStepPlan {
  return {
    concerned: (range) => sql`
      select p.person_key from participation p join invitation i using (person_key, round_id)
      where p.round_id = ${roundId} and p.stage = 'registered' and ${range.holds(sql.ref('p.person_key'))}
        and ${range.holds(sql.ref('i.person_key'))}
    `,
    // The range is said of both tables: a bound is not passed on through an equality, and each batch read all invited.
    // `ledger_now()` is asked for once a batch: asking for each row takes as long as writing it.
    apply: (range) => sql<{ touched: number }>`
      with moment as materialized (select ledger_now() as now),
      invited as (
        update participation p
        set stage = 'invited', last_act = 'invite', stage_since = t.now, dose_number = i.dose_number
        from invitation i, moment t
        where i.person_key = p.person_key and i.round_id = p.round_id and p.stage = 'registered'
          and p.round_id = ${roundId} and ${range.holds(sql.ref('p.person_key'))}
          and ${range.holds(sql.ref('i.person_key'))}
        returning p.person_key, i.product, i.opens_at, i.closes_at
      ), told as (
        insert into text_message (person_key, purpose, occasion, contact_id, parameters, lane, status, created_at)
        select v.person_key, 'invitation', ${roundId}, r.contact_id,
          jsonb_build_object('roundId', r.round_id, 'product', v.product,
            'opensAt', to_char(v.opens_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'closesAt', to_char(v.closes_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
          'mass', 'held', t.now
        from invited v
        join registration r on r.person_key = v.person_key and r.round_id = ${roundId} and r.withdrawn_at is null,
          moment t
        on conflict on constraint text_message_once_per_occasion do nothing
      ), ${recordedInBulk({
        changed: sql`select v.person_key, greatest(v.opens_at, t.now) as owed_from from invited v, moment t`,
        act: 'invite',
        detail: { roundId },
      })}
      select count(*)::integer as touched from invited
    `,
  };
}
