/** What is done for a whole round at its appointed times: windows close, days pass, the round ends. */
import { sql } from 'kysely';

import { addDays, taipeiInstant, type Instant, type PlainDate } from '../domain/civil-time/plain-date';
import { ledgerNow } from './clock';
import type { Ledger } from './database';
import {
  recordedInBulk,
  takeInRanges,
  type BatchOptions,
  type KeyRange,
  type RoundStepResult,
} from './round-batches';

/**
 * Ends the right to book of everybody whose window closed by `closedBy` and who holds no appointment. They are told by
 * their own workflows.
 */
export async function lapseInvitations(
  ledger: Ledger,
  roundId: string,
  closedBy: Instant,
  options: BatchOptions = {},
): Promise<RoundStepResult> {
  if (Date.parse(await ledgerNow(ledger.db)) < Date.parse(closedBy))
    return { answer: 'notDue', until: closedBy };
  const closed = (range: KeyRange) => sql`
    p.round_id = i.round_id and p.round_id = ${roundId} and p.stage = 'invited'
      and i.closes_at <= ${closedBy}::timestamptz and ${range.holds(sql.ref('p.person_key'))}
  `;
  const touched = await takeInRanges(
    ledger,
    {
      concerned: (range) => sql`
        select p.person_key from participation p join invitation i using (person_key) where ${closed(range)}
      `,
      apply: (range) => sql<{ touched: number }>`
        with moment as materialized (select ledger_now() as now),
        lapsed as (
          update participation p set stage = 'lapsed', last_act = 'lapse', stage_since = t.now
          from invitation i, moment t
          where i.person_key = p.person_key and ${closed(range)}
          returning p.person_key
        ), ${recordedInBulk({
          changed: sql`select person_key, t.now as owed_from from lapsed, moment t`,
          act: 'lapse',
          detail: { roundId },
        })}
        select count(*)::integer as touched from lapsed
      `,
    },
    options,
  );
  return { answer: 'done', touched };
}

/**
 * Marks the appointments through `throughDate` that nobody came to. The place in the slot stays taken: its day is
 * over. Who comes after all the same day was recorded as attended before; midnight in Taipei ends the day.
 */
export async function markMissed(
  ledger: Ledger,
  roundId: string,
  throughDate: PlainDate,
  options: BatchOptions = {},
): Promise<RoundStepResult> {
  const until = taipeiInstant(addDays(throughDate, 1), 0);
  if (Date.parse(await ledgerNow(ledger.db)) < Date.parse(until)) return { answer: 'notDue', until };
  const unattended = (range: KeyRange) => sql`
    s.slot_id = a.slot_id and s.round_id = ${roundId} and s.session_date <= ${throughDate}::date
      and a.status = 'booked' and ${range.holds(sql.ref('a.person_key'))}
  `;
  const touched = await takeInRanges(
    ledger,
    {
      concerned: (range) => sql`select a.person_key from appointment a, slot s where ${unattended(range)}`,
      apply: (range) => sql<{ touched: number }>`
        with moment as materialized (select ledger_now() as now),
        unattended as (
          update appointment a set status = 'missed', ended_at = t.now from slot s, moment t
          where ${unattended(range)}
          returning a.person_key, a.round_id
        ), missed as (
          update participation p set stage = 'missed', last_act = 'miss', stage_since = t.now
          from unattended u, moment t
          where p.person_key = u.person_key and p.round_id = u.round_id and p.stage = 'booked'
          returning p.person_key
        ), ${recordedInBulk({
          changed: sql`select person_key, t.now as owed_from from missed, moment t`,
          act: 'miss',
          detail: { roundId },
        })}
        select count(*)::integer as touched from missed
      `,
    },
    options,
  );
  return { answer: 'done', touched };
}

/** Closes a round: nothing can happen in it any more. Closing it again keeps the first instant. */
export async function closeRound(ledger: Ledger, roundId: string): Promise<RoundStepResult> {
  const { numAffectedRows } = await sql`
    update round set closed_at = ledger_now() where round_id = ${roundId} and closed_at is null
  `.execute(ledger.db);
  return { answer: 'done', touched: Number(numAffectedRows ?? 0n) };
}
