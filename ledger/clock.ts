/**
 * The ledger's clock. In production it is the database's own; for demonstration and tests an offset kept in the
 * ledger steps it forward, so that a year of reminders passes in a minute without skipping a step.
 */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { LedgerDb, LedgerReader } from './database';

/** The ledger's time now. */
export async function ledgerNow(db: LedgerReader): Promise<Instant> {
  const { rows } = await sql<{ now: Date }>`select ledger_now() as now`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('a select without FROM has one row');
  return row.now.toISOString();
}

/** The stepping clock's offset in milliseconds; 0 in production. */
export async function clockOffsetMs(db: LedgerReader): Promise<number> {
  const { offset_ms } = await db.selectFrom('ledger_clock').select('offset_ms').executeTakeFirstOrThrow();
  return offset_ms;
}

/** Steps the clock forward to `instant`, never short of it and never back. Refused in production by the caller's settings. */
export async function stepClockTo(db: LedgerDb, instant: Instant): Promise<void> {
  await sql`
    update ledger_clock
    set offset_ms = greatest(offset_ms,
      ceil(extract(epoch from ${instant}::timestamptz - clock_timestamp()) * 1000)::bigint)
  `.execute(db);
}
