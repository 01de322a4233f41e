/** What is done for a whole round at its appointed times: windows close, days pass, the round ends. */
import { sql } from 'kysely';

import { addDays, taipeiInstant, type Instant, type PlainDate } from '../domain/civil-time/plain-date';
import { ledgerNow } from './clock';
import type { Ledger } from './database';
import { keysOf, takeInBatches, type BatchOptions, type RoundStepResult } from './round-batches';

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
  const touched = await takeInBatches(
    ledger,
    {
      act: 'lapse',
      roundId,
      async candidates(tx, limit, after) {
        const { rows } = await sql<{ person_key: string }>`
          select p.person_key from participation p join invitation i using (person_key, round_id)
          where p.round_id = ${roundId} and p.stage = 'invited' and i.closes_at <= ${closedBy}::timestamptz
            and p.person_key > ${after}::uuid
          order by p.person_key limit ${limit}
        `.execute(tx);
        return keysOf(rows);
      },
      async apply(tx, keys) {
        const { rows } = await sql<{ person_key: string }>`
          update participation p set stage = 'lapsed', last_act = 'lapse', stage_since = ledger_now()
          from invitation i
          where i.person_key = p.person_key and i.round_id = p.round_id and p.round_id = ${roundId}
            and p.person_key = any(${[...keys]}::uuid[])
            and p.stage = 'invited' and i.closes_at <= ${closedBy}::timestamptz
          returning p.person_key
        `.execute(tx);
        return keysOf(rows);
      },
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
  const touched = await takeInBatches(
    ledger,
    {
      act: 'miss',
      roundId,
      // Every one of them is changed by the step, so there is nobody to pass over.
      async candidates(tx, limit) {
        const { rows } = await sql<{ person_key: string }>`
          select a.person_key from slot s join appointment a on a.slot_id = s.slot_id and a.status = 'booked'
          where s.round_id = ${roundId} and s.session_date <= ${throughDate}::date limit ${limit}
        `.execute(tx);
        return keysOf(rows);
      },
      async apply(tx, keys) {
        const { rows } = await sql<{ person_key: string }>`
          with missed as (
            update appointment a set status = 'missed', ended_at = ledger_now()
            from slot s
            where s.slot_id = a.slot_id and s.round_id = ${roundId} and s.session_date <= ${throughDate}::date
              and a.status = 'booked' and a.person_key = any(${[...keys]}::uuid[])
            returning a.person_key, a.round_id
          )
          update participation p set stage = 'missed', last_act = 'miss', stage_since = ledger_now()
          from missed m where p.person_key = m.person_key and p.round_id = m.round_id and p.stage = 'booked'
          returning p.person_key
        `.execute(tx);
        return keysOf(rows);
      },
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
