/** Designated staff (指定人員) of a hotline or counter: each acts under a name and a key of their own. */
import { randomBytes } from 'node:crypto';

import { sql } from 'kysely';

import type { LedgerDb, LedgerReader } from './database';
import { hashOf } from './station';

export interface StationStaff {
  readonly stationId: string;
  readonly staffId: string;
  /** When the key in use was given out, epoch milliseconds. */
  readonly designatedAt: number;
}

const keyBytes = 12;

/**
 * Designates somebody at a station, or gives them a new key; the old one ends. The key (96 random bits, since it is
 * typed at every shift) is answered once and kept as a hash. Throws when there is no such station.
 */
export async function designateStaff(
  db: LedgerDb,
  stationId: string,
  staffId: string,
  key = randomBytes(keyBytes).toString('base64url'),
): Promise<string> {
  await db
    .insertInto('station_staff')
    .values({ station_id: stationId, staff_id: staffId, key_hash: hashOf(key) })
    .onConflict((conflict) =>
      conflict.columns(['station_id', 'staff_id']).doUpdateSet({
        key_hash: hashOf(key),
        designated_at: sql<Date>`clock_timestamp()`,
        dismissed_at: null,
      }),
    )
    .execute();
  await endSessionsOfStaff(db, stationId, staffId);
  return key;
}

/** Ends somebody's key at once, and every session that they began. False when there is none to end. */
export async function dismissStaff(db: LedgerDb, stationId: string, staffId: string): Promise<boolean> {
  const dismissed = await db
    .updateTable('station_staff')
    .set({ dismissed_at: sql<Date>`clock_timestamp()` })
    .where('station_id', '=', stationId)
    .where('staff_id', '=', staffId)
    .where('dismissed_at', 'is', null)
    .returning('staff_id')
    .execute();
  await endSessionsOfStaff(db, stationId, staffId);
  return dismissed.length === 1;
}

async function endSessionsOfStaff(db: LedgerDb, stationId: string, staffId: string): Promise<void> {
  await sql`
    insert into ended_session (session_id)
    select session_id from station_session where station_id = ${stationId} and staff_id = ${staffId}
      and begun_at > clock_timestamp() - interval '1 day'
    on conflict do nothing
  `.execute(db);
}

/** Who of that station has that key; undefined when nobody has. */
export async function findStaff(
  db: LedgerReader,
  stationId: string,
  by: { readonly key: string } | { readonly staffId: string },
): Promise<StationStaff | undefined> {
  const row = await db
    .selectFrom('station_staff')
    .select(['staff_id', 'designated_at'])
    .where('station_id', '=', stationId)
    .where('dismissed_at', 'is', null)
    .where((eb) => ('key' in by ? eb('key_hash', '=', hashOf(by.key)) : eb('staff_id', '=', by.staffId)))
    .executeTakeFirst();
  return row && { stationId, staffId: row.staff_id, designatedAt: row.designated_at.getTime() };
}
