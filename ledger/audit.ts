/** The immutable history: what was done to a person's records, by whom and by which door. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Act } from '../domain/lifecycle/transitions';
import type { DeviceAct } from './bound-device';
import type { Actor, AuditedAct } from './citizen-command';
import type { LedgerDb, LedgerReader } from './database';

/** Acts upon a person's sessions; they leave the person's state as it is. */
export type SessionAct = 'disownSignIn' | 'endSessions';

/** One entry; `detail` holds codes and counts, nothing personal. */
export interface HistoryEntry {
  readonly at: Instant;
  readonly version: number | null;
  readonly act: Act | AuditedAct | SessionAct | DeviceAct;
  readonly actor: Actor;
  readonly channel: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

/** A person's history by the ledger's time, newest first. */
export async function readHistory(
  db: LedgerReader,
  personKey: string,
  { limit = 100 } = {},
): Promise<readonly HistoryEntry[]> {
  const rows = await db
    .selectFrom('audit_entry')
    .select(['ledger_time', 'version', 'act', 'actor', 'channel', 'detail'])
    .where('person_key', '=', personKey)
    .orderBy('recorded_at', 'desc')
    .orderBy('audit_entry_id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    at: row.ledger_time.toISOString(),
    version: row.version,
    act: row.act as HistoryEntry['act'],
    actor: row.actor as Actor,
    channel: row.channel,
    detail: row.detail as HistoryEntry['detail'],
  }));
}

/** Makes the coming days' partitions, so that none has to take what belongs to another. Answers how many were made. */
export async function ensureAuditPartitions(db: LedgerDb, daysAhead = 14): Promise<number> {
  const { rows } = await sql<{ made: number }>`select ensure_day_partitions(${daysAhead}) as made`.execute(
    db,
  );
  return rows[0]?.made ?? 0;
}
