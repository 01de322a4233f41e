/** The rows by which the engine learns of card accounts that something waits for. */
import { sql } from 'kysely';

import type { LedgerDb } from './database';

/** An account of which the engine has to be told. */
export interface UntoldCase {
  readonly personKey: string;
  readonly version: number;
}

/** Claims cases of which the engine does not know the newest, for as long as the lease lasts. */
export async function claimUntoldCases(
  db: LedgerDb,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
): Promise<readonly UntoldCase[]> {
  const { rows } = await sql<{ person_key: string; version: number }>`
    update card_account_case c set lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where c.person_key in (
      select u.person_key from card_account_case u
      where u.version > u.told_version and (u.lease_until is null or u.lease_until < clock_timestamp())
      order by u.opened_at limit ${limit} for update skip locked)
    returning c.person_key, c.version
  `.execute(db);
  return rows.map((row) => ({ personKey: row.person_key, version: row.version }));
}

/** Marks what the engine was told; a newer version stays to be told. */
export async function markCasesTold(db: LedgerDb, told: readonly UntoldCase[]): Promise<void> {
  if (told.length === 0) return;
  await sql`
    update card_account_case c set told_version = greatest(c.told_version, t.version), lease_until = null
    from unnest(${told.map(({ personKey }) => personKey)}::uuid[], ${told.map(({ version }) => version)}::int[])
      as t (person_key, version)
    where c.person_key = t.person_key
  `.execute(db);
}

/** Cases whose next step is overdue are told to the engine once more: their run may be lost. Answers how many. */
export async function pokeOverdueCases(
  db: LedgerDb,
  { graceMs }: { readonly graceMs: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update card_account_case set version = version + 1
    where version = told_version and due_at <= ledger_now() - ${graceMs} * interval '1 millisecond'
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** How many applications wait for their owner's word, and how long the oldest step has been due, in seconds. */
export async function openCases(
  db: LedgerDb,
): Promise<{ readonly count: number; readonly overdueSeconds: number }> {
  const { rows } = await sql<{ count: number; overdue: number | null }>`
    select count(*) as count, extract(epoch from ledger_now() - min(due_at))::float8 as overdue
    from card_account_case where due_at is not null
  `.execute(db);
  return { count: rows[0]?.count ?? 0, overdueSeconds: Math.max(0, rows[0]?.overdue ?? 0) };
}
