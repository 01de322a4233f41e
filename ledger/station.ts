/** Stations (kiosk, pharmacy, health centre, hotline, the desk at a site) that act with an enrolled key of their own. */
import { createHash, randomBytes } from 'node:crypto';

import { sql } from 'kysely';

import type { StationKind, StoreChain } from '../domain/station/station';
import type { LedgerDb, LedgerReader } from './database';

/** Where a station stands, in both languages. */
export interface StationPlace {
  readonly nameZh: string;
  readonly nameEn: string;
  /** Eight digits. */
  readonly districtCode: string;
}

export interface Station {
  readonly stationId: string;
  readonly kind: StationKind;
  /** The site at which a desk stands; null for every other kind. */
  readonly siteId: string | null;
  readonly chain: StoreChain | null;
  readonly place: StationPlace;
  /** When the key in use was given out, epoch milliseconds: a sealed cookie of an earlier key is good for nothing. */
  readonly enrolledAt: number;
}

/** What is to be enrolled: a desk at a site, or a station of another kind with a place of its own. */
export type StationToEnrol = { readonly stationId: string } & (
  | { readonly siteId: string }
  | ({
      readonly kind: Exclude<StationKind, 'site'>;
      readonly chain?: StoreChain;
    } & StationPlace)
);

const keyBytes = 32;
/** No session of a citizen lives longer: those that a station began since then are ended with its key. */
const longestSession = '1 day';

/**
 * Enrols a station, or gives an enrolled one a new key: the old key ends, and with it the sessions begun under it.
 * Answers the key, which is kept only as a hash. Throws when the site does not exist. `key` is for demonstration data
 * only; by default 256 random bits.
 */
export async function enrolStation(
  db: LedgerDb,
  station: StationToEnrol & { readonly key?: string },
): Promise<{ readonly stationId: string; readonly key: string }> {
  const { stationId, key = randomBytes(keyBytes).toString('base64url') } = station;
  const row = {
    ...('siteId' in station
      ? {
          kind: 'site',
          site_id: station.siteId,
          chain: null,
          name_zh: null,
          name_en: null,
          district_code: null,
        }
      : {
          kind: station.kind,
          site_id: null,
          chain: station.chain ?? null,
          name_zh: station.nameZh,
          name_en: station.nameEn,
          district_code: station.districtCode,
        }),
    key_hash: hashOf(key),
  };
  await db
    .insertInto('station')
    .values({ station_id: stationId, ...row })
    .onConflict((conflict) =>
      conflict
        .column('station_id')
        .doUpdateSet({ ...row, enrolled_at: sql<Date>`clock_timestamp()`, revoked_at: null }),
    )
    .execute();
  await endSessionsBegunAt(db, stationId);
  return { stationId, key };
}

/** The station of that key; undefined when no key is such or it was revoked. */
export async function findStation(db: LedgerReader, key: string): Promise<Station | undefined> {
  return stationWhere(db, sql`st.key_hash = ${hashOf(key)}`);
}

/** The station of that name whose key is in use; undefined when there is none. */
export async function findStationById(db: LedgerReader, stationId: string): Promise<Station | undefined> {
  return stationWhere(db, sql`st.station_id = ${stationId}`);
}

async function stationWhere(
  db: LedgerReader,
  condition: ReturnType<typeof sql>,
): Promise<Station | undefined> {
  const { rows } = await sql<{
    station_id: string;
    kind: StationKind;
    site_id: string | null;
    chain: StoreChain | null;
    name_zh: string;
    name_en: string;
    district_code: string;
    enrolled_at: Date;
  }>`
    select st.station_id, st.kind, st.site_id, st.chain, coalesce(st.name_zh, s.name_zh) as name_zh,
      coalesce(st.name_en, s.name_en) as name_en, coalesce(st.district_code, s.district_code) as district_code,
      st.enrolled_at
    from station st left join site s using (site_id)
    where ${condition} and st.revoked_at is null
  `.execute(db);
  const [row] = rows;
  return (
    row && {
      stationId: row.station_id,
      kind: row.kind,
      siteId: row.site_id,
      chain: row.chain,
      place: { nameZh: row.name_zh, nameEn: row.name_en, districtCode: row.district_code },
      enrolledAt: row.enrolled_at.getTime(),
    }
  );
}

/** Ends a station's key at once, and every session that was begun there. False when there is none to end. */
export async function revokeStation(db: LedgerDb, stationId: string): Promise<boolean> {
  const revoked = await db
    .updateTable('station')
    .set({ revoked_at: sql<Date>`clock_timestamp()` })
    .where('station_id', '=', stationId)
    .where('revoked_at', 'is', null)
    .returning('station_id')
    .execute();
  await endSessionsBegunAt(db, stationId);
  return revoked.length === 1;
}

/**
 * Runs after the key's end was committed. A session being begun at that moment either stands here already and is
 * ended, or is written later, by a statement that then finds the key ended (`beginStationSession`).
 */
async function endSessionsBegunAt(db: LedgerDb, stationId: string): Promise<void> {
  await sql`
    insert into ended_session (session_id)
    select session_id from station_session
    where station_id = ${stationId} and begun_at > clock_timestamp() - ${longestSession}::interval
    on conflict do nothing
  `.execute(db);
}

/** Every station that was ever enrolled, by name. */
export async function readStations(
  db: LedgerReader,
): Promise<readonly { stationId: string; kind: StationKind; revoked: boolean }[]> {
  const rows = await db
    .selectFrom('station')
    .select(['station_id', 'kind', 'revoked_at'])
    .orderBy('station_id')
    .execute();
  return rows.map((row) => ({
    stationId: row.station_id,
    kind: row.kind as StationKind,
    revoked: row.revoked_at !== null,
  }));
}

/** Keys have 256 random bits: a plain hash keeps them, and finding one by it tells nothing by its time. */
export function hashOf(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}
