/** Stations (kiosk, pharmacy, health centre, the desk at a site) that act with an enrolled key. */
import { createHash, randomBytes } from 'node:crypto';

import { sql } from 'kysely';

import type { LedgerReader } from './database';

export interface Station {
  readonly stationId: string;
  readonly siteId: string;
}

/** What enrolment hands out: the key is shown once and kept only as a hash. */
export interface EnrolledStation extends Station {
  readonly key: string;
}

const keyBytes = 32;

/**
 * Enrols a station at a site, or gives an enrolled one a new key (the old one ends). Throws when the site does not
 * exist. `key` is for demonstration data only; by default 256 random bits.
 */
export async function enrolStation(
  db: LedgerReader,
  {
    stationId,
    siteId,
    key = randomBytes(keyBytes).toString('base64url'),
  }: Station & { readonly key?: string },
): Promise<EnrolledStation> {
  const keyHash = hashOf(key);
  await db
    .insertInto('station')
    .values({ station_id: stationId, site_id: siteId, key_hash: keyHash })
    .onConflict((conflict) =>
      conflict.column('station_id').doUpdateSet({
        site_id: siteId,
        key_hash: keyHash,
        enrolled_at: sql<Date>`clock_timestamp()`,
        revoked_at: null,
      }),
    )
    .execute();
  return { stationId, siteId, key };
}

/** The station of that key; undefined when no key is such or it was revoked. */
export async function findStation(db: LedgerReader, key: string): Promise<Station | undefined> {
  const row = await db
    .selectFrom('station')
    .select(['station_id', 'site_id'])
    .where('key_hash', '=', hashOf(key))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row && { stationId: row.station_id, siteId: row.site_id };
}

/** Ends a station's key at once. False when there is none to end. */
export async function revokeStation(db: LedgerReader, stationId: string): Promise<boolean> {
  const revoked = await db
    .updateTable('station')
    .set({ revoked_at: sql<Date>`clock_timestamp()` })
    .where('station_id', '=', stationId)
    .where('revoked_at', 'is', null)
    .returning('station_id')
    .execute();
  return revoked.length === 1;
}

/** Keys have 256 random bits: a plain hash keeps them, and finding one by it tells nothing by its time. */
function hashOf(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}
