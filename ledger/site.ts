/** Where and when one can be vaccinated: sites with what is left, their windows, and the earliest free ones nearby. */
import { sql } from 'kysely';

import { districtsByDistance, distanceKm, findDistrict } from '../domain/area/area';
import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import type { FreeSlot } from '../domain/refusal/refusals';
import type { LedgerReader } from './database';

export interface SiteView {
  readonly siteId: string;
  readonly nameZh: string;
  readonly nameEn: string;
  readonly countyCode: string;
  readonly districtCode: string;
  readonly addressZh: string;
  readonly addressEn: string;
  readonly phone: string;
  readonly noteZh: string;
  readonly noteEn: string;
}

export interface SiteWithPlaces extends SiteView {
  /** Places left in all windows to come. */
  readonly left: number;
  /** True when the authority closed all windows to come. */
  readonly closed: boolean;
  /** Start of the first window with a place left; null when the site is full. */
  readonly nextFreeAt: Instant | null;
}

/** A window (時段) of a site; `left` 0 is shown as full (額滿), not hidden. */
export interface SlotView {
  readonly slotId: number;
  readonly siteId: string;
  readonly roundId: string;
  readonly product: string;
  readonly sessionDate: PlainDate;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly capacity: number;
  readonly left: number;
  /** By the authority: nobody can book it, whatever it held. */
  readonly closed: boolean;
}

/** A free window with where it is. */
export interface NearbySlot extends FreeSlot {
  readonly siteNameZh: string;
  readonly siteNameEn: string;
  readonly districtCode: string;
  readonly sessionDate: PlainDate;
  /** From the middle of one district to that of the other; 0 within the district. */
  readonly distanceKm: number;
}

/** Which windows count: those of a round and product that start after now, or after `from` where that is later. */
export interface Offer {
  readonly roundId: string;
  readonly product: string;
}

/** Columns of a site under the names of {@link SiteView}. */
export const siteColumns = sql`
  t.site_id as "siteId", t.name_zh as "nameZh", t.name_en as "nameEn", t.county_code as "countyCode",
  t.district_code as "districtCode", t.address_zh as "addressZh", t.address_en as "addressEn", t.phone,
  t.note_zh as "noteZh", t.note_en as "noteEn"`;

/** The site alone, of a row that was read with `siteColumns` among others. */
export const siteOf = (row: SiteView): SiteView => ({
  siteId: row.siteId,
  nameZh: row.nameZh,
  nameEn: row.nameEn,
  countyCode: row.countyCode,
  districtCode: row.districtCode,
  addressZh: row.addressZh,
  addressEn: row.addressEn,
  phone: row.phone,
  noteZh: row.noteZh,
  noteEn: row.noteEn,
});

/** The site of that id. */
export async function findSite(db: LedgerReader, siteId: string): Promise<SiteView | undefined> {
  const { rows } = await sql<SiteView>`select ${siteColumns} from site t where t.site_id = ${siteId}`.execute(
    db,
  );
  return rows[0];
}

/**
 * The sites of a district or a county that still have windows to come for the product, full ones too, those with a
 * place left first. Counts are those at the instant of reading.
 */
export async function sitesIn(
  db: LedgerReader,
  place: Offer & ({ readonly districtCode: string } | { readonly countyCode: string }),
): Promise<readonly SiteWithPlaces[]> {
  const within =
    'districtCode' in place
      ? sql`t.district_code = ${place.districtCode}`
      : sql`t.county_code = ${place.countyCode}`;
  const { rows } = await sql<SiteView & { left: number; closed: boolean; next_free_at: Date | null }>`
    select ${siteColumns}, places.free as "left", places.closed, places.next_free_at
    from site t
    cross join lateral (
      select count(*) as windows, sum(s.capacity - s.booked) as free, bool_and(s.closed_at is not null) as closed,
        min(s.starts_at) filter (where s.booked < s.capacity) as next_free_at
      from slot s
      where s.round_id = ${place.roundId} and s.site_id = t.site_id and s.product = ${place.product}
        and s.starts_at > ledger_now()
    ) places
    where ${within} and places.windows > 0
    order by places.free = 0, t.site_id
  `.execute(db);
  return rows.map(({ next_free_at, ...site }) => ({
    ...site,
    nextFreeAt: next_free_at?.toISOString() ?? null,
  }));
}

/** The windows of a site to come, on one day or on all, in order of time; full ones among them. */
export async function slotsOf(
  db: LedgerReader,
  siteId: string,
  offer: Offer & { readonly date?: PlainDate },
): Promise<readonly SlotView[]> {
  const onDate = offer.date === undefined ? sql`true` : sql`s.session_date = ${offer.date}::date`;
  const { rows } = await sql<SlotRow>`
    select ${slotColumns} from slot s
    where s.round_id = ${offer.roundId} and s.site_id = ${siteId} and s.product = ${offer.product}
      and s.starts_at > ledger_now() and ${onDate}
    order by s.starts_at
  `.execute(db);
  return rows.map(slotView);
}

/** One window with its site, whether it is past or full; undefined when there is none of that id. */
export async function findSlot(
  db: LedgerReader,
  slotId: number,
): Promise<(SlotView & { readonly site: SiteView }) | undefined> {
  const { rows } = await sql<SlotRow & SiteView>`
    select ${slotColumns}, ${siteColumns} from slot s join site t using (site_id) where s.slot_id = ${slotId}
  `.execute(db);
  const [row] = rows;
  if (!row) return undefined;
  const { siteId, nameZh, nameEn, countyCode, districtCode, addressZh, addressEn, phone, noteZh, noteEn } =
    row;
  return {
    ...slotView(row),
    site: { siteId, nameZh, nameEn, countyCode, districtCode, addressZh, addressEn, phone, noteZh, noteEn },
  };
}

interface SlotRow {
  slot_id: number;
  site_id: string;
  round_id: string;
  product: string;
  session_date: PlainDate;
  starts_at: Date;
  ends_at: Date;
  capacity: number;
  booked: number;
  closed: boolean;
}

const slotColumns = sql`s.slot_id, s.site_id, s.round_id, s.product, s.session_date, s.starts_at, s.ends_at,
  s.capacity, s.booked, s.closed_at is not null as closed`;

function slotView(row: SlotRow): SlotView {
  return {
    slotId: row.slot_id,
    siteId: row.site_id,
    roundId: row.round_id,
    product: row.product,
    sessionDate: row.session_date,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    capacity: row.capacity,
    left: row.capacity - row.booked,
    closed: row.closed,
  };
}

/**
 * Upper ends in kilometres of the rings within which only time counts: a free window tomorrow in the next district
 * helps more than one next week around the corner.
 */
const ringsKm = [6, 15, 40, 100];
/** Sites looked at from the nearest on: enough for a city and its neighbours, few enough for each to be looked up. */
const sitesLookedAt = 300;

interface Nearby {
  readonly codes: string[];
  readonly kms: number[];
  readonly rings: number[];
}

const nearbyByDistrict = new Map<string, Nearby>();

/** All districts by their distance from one, worked out once: the island does not move. */
function nearbyOf(districtCode: string): Nearby {
  const known = nearbyByDistrict.get(districtCode);
  if (known) return known;
  const home = findDistrict(districtCode);
  if (!home) return { codes: [], kms: [], rings: [] };
  const districts = districtsByDistance(districtCode);
  const kms = districts.map((district) => Math.round(distanceKm(home, district) * 10) / 10);
  const rings = kms.map((km) => {
    const ring = ringsKm.findIndex((end) => km <= end);
    return ring < 0 ? ringsKm.length : ring;
  });
  const nearby = { codes: districts.map(({ code }) => code), kms, rings };
  nearbyByDistrict.set(districtCode, nearby);
  return nearby;
}

/**
 * Free windows across sites, one a site: nearest ring first, within it the earliest, not before `from`.
 * Empty when the district is unknown.
 */
export async function earliestNearest(
  db: LedgerReader,
  wish: Offer & {
    readonly districtCode: string;
    readonly from?: Instant;
    readonly limit: number;
    readonly exceptSiteId?: string;
  },
): Promise<readonly NearbySlot[]> {
  const near = nearbyOf(wish.districtCode);
  const { rows } = await sql<{
    slot_id: number;
    site_id: string;
    name_zh: string;
    name_en: string;
    district_code: string;
    session_date: PlainDate;
    starts_at: Date;
    ends_at: Date;
    places_left: number;
    km: number;
  }>`
    with near as materialized (
      select t.site_id, t.name_zh, t.name_en, t.district_code, d.km, d.ring
      from unnest(${near.codes}::text[], ${near.kms}::float8[], ${near.rings}::int[]) as d (code, km, ring)
      join site t on t.district_code = d.code
      where t.site_id is distinct from ${wish.exceptSiteId ?? null}
        and exists (select from slot s where s.round_id = ${wish.roundId} and s.site_id = t.site_id
          and s.product = ${wish.product} and s.starts_at > ledger_now())
      order by d.km, t.site_id limit ${sitesLookedAt}
    )
    select n.*, f.* from near n
    cross join lateral (
      select s.slot_id, s.session_date, s.starts_at, s.ends_at, s.capacity - s.booked as places_left
      from slot s
      where s.round_id = ${wish.roundId} and s.site_id = n.site_id and s.product = ${wish.product}
        and s.starts_at > greatest(ledger_now(), ${wish.from ?? null}::timestamptz) and s.booked < s.capacity
      order by s.starts_at limit 1
    ) f
    order by n.ring, f.starts_at, n.km, n.site_id limit ${wish.limit}
  `.execute(db);
  return rows.map((row) => ({
    slotId: row.slot_id,
    siteId: row.site_id,
    siteNameZh: row.name_zh,
    siteNameEn: row.name_en,
    districtCode: row.district_code,
    sessionDate: row.session_date,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    left: row.places_left,
    distanceKm: row.km,
  }));
}

/**
 * What is offered in place of a window that was lost: up to `limit` others at the same site, the earliest first, then
 * the earliest and nearest elsewhere. Not before `from`.
 */
export async function alternativesTo(
  db: LedgerReader,
  slotId: number,
  { from, limit }: { readonly from: Instant | null; readonly limit: number },
): Promise<readonly FreeSlot[]> {
  const lost = await findSlot(db, slotId);
  if (!lost) return [];
  const { rows } = await sql<SlotRow>`
    select ${slotColumns} from slot s
    where s.round_id = ${lost.roundId} and s.site_id = ${lost.siteId} and s.product = ${lost.product}
      and s.slot_id <> ${slotId} and s.booked < s.capacity
      and s.starts_at > greatest(ledger_now(), ${from}::timestamptz)
    order by s.starts_at limit ${limit}
  `.execute(db);
  const here = rows.map(slotView);
  const elsewhere =
    here.length < limit
      ? await earliestNearest(db, {
          roundId: lost.roundId,
          product: lost.product,
          districtCode: lost.site.districtCode,
          exceptSiteId: lost.siteId,
          limit: limit - here.length,
          ...(from !== null && { from }),
        })
      : [];
  return [...here, ...elsewhere].map(({ slotId: id, siteId, startsAt, endsAt, left }) => ({
    slotId: id,
    siteId,
    startsAt,
    endsAt,
    left,
  }));
}
