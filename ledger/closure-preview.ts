/** What a closure would do: which windows, whose appointments, and where there would be places instead. */
import { sql, type RawBuilder } from 'kysely';

import type { ClosureReason, ClosureScope } from '../domain/closure/closure';
import type { LedgerReader } from './database';

/** Counts as of the instant of reading; people may have an appointment in several rounds. */
export interface ClosurePreview {
  readonly sites: number;
  readonly windows: number;
  readonly places: number;
  readonly appointments: number;
  readonly people: number;
  readonly byCounty: readonly {
    readonly countyCode: string;
    readonly sites: number;
    readonly appointments: number;
  }[];
  /** For each round and product, the appointments that fall away, and the places left in the windows that stay open. */
  readonly rebooking: readonly {
    readonly roundId: string;
    readonly product: string;
    readonly appointments: number;
    readonly leftElsewhere: number;
  }[];
  /** Names exactly these windows and this reason: to confirm, one says which preview one saw. */
  readonly digest: string;
}

export interface PreviewedScope extends ClosureScope {
  readonly closureId: string;
  readonly reason: ClosureReason;
}

/**
 * True for a window `s` that the closure would close: open, and no doses left over, whose people are on their way.
 * Windows of today that have begun are among them: who had one of them may still be coming.
 */
export function inScope({ countyCodes, districtCodes, siteIds, dates }: ClosureScope): RawBuilder<unknown> {
  return sql`s.closed_at is null and not s.leftover and s.session_date = any(${[...dates]}::date[])
    and s.site_id in (select t.site_id from site t where t.county_code = any(${[...countyCodes]}::text[])
      or t.district_code = any(${[...districtCodes]}::text[]) or t.site_id = any(${[...siteIds]}::text[]))`;
}

/** Reads the preview of a scope. */
export async function previewClosure(db: LedgerReader, scope: PreviewedScope): Promise<ClosurePreview> {
  const { rows } = await sql<ClosurePreview>`
    with scope as materialized (
      select s.slot_id, s.round_id, s.product, s.site_id, s.capacity, t.county_code
      from slot s join site t using (site_id) where ${inScope(scope)}
    ), affected as materialized (
      select c.*, a.person_key from scope c join appointment a on a.slot_id = c.slot_id and a.status = 'booked'
    )
    select (select count(distinct site_id) from scope) as sites, (select count(*) from scope) as windows,
      (select coalesce(sum(capacity), 0)::integer from scope) as places,
      (select count(*) from affected) as appointments, (select count(distinct person_key) from affected) as people,
      (select coalesce(json_agg(c order by c."countyCode"), '[]') from (
        select s.county_code as "countyCode", count(distinct s.site_id) as sites,
          (select count(*) from affected a where a.county_code = s.county_code) as appointments
        from scope s group by s.county_code) c) as "byCounty",
      (select coalesce(json_agg(r order by r."roundId", r.product), '[]') from (
        select g.round_id as "roundId", g.product, g.appointments,
          (select coalesce(sum(s.capacity - s.booked), 0) from slot s
            where s.round_id = g.round_id and s.product = g.product and s.starts_at > ledger_now()
              and s.slot_id not in (select slot_id from scope)) as "leftElsewhere"
        from (select round_id, product, count(*) as appointments from affected group by round_id, product) g) r
      ) as rebooking,
      left(encode(sha256(convert_to(${`${scope.closureId}/${scope.reason}/`} || coalesce(
        (select string_agg(slot_id::text, ',' order by slot_id) from scope), ''), 'UTF8')), 'hex'), 16) as digest
  `.execute(db);
  const [preview] = rows;
  if (!preview) throw new Error('a query without a condition on its first row has one');
  return preview;
}
