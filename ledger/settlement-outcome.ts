/** What a ranking comes to, counted: the cut-offs by product and county, and the picture by county and group. */
import { sql, type RawBuilder } from 'kysely';

import type { PlainDate } from '../domain/civil-time/plain-date';
import type { SettlementRules } from '../domain/settlement/eligibility';
import type { LedgerReader } from './database';
import { contenders } from './settlement-ranking';

/** How far the doses of a product went in a county. */
export interface CutOff {
  readonly product: string;
  readonly countyCode: string;
  readonly doses: number;
  /** Those who take the product, whom nothing hinders, and who got none before it. */
  readonly contenders: number;
  readonly invited: number;
  /** Group and birth date of the last one invited; null where nobody was. */
  readonly lastGroup: number | null;
  readonly lastBirthDate: PlainDate | null;
}

/** A county's group: how many registered, and how many of them were invited. */
export interface AreaCount {
  readonly countyCode: string;
  readonly priorityGroup: number;
  readonly registered: number;
  readonly invited: number;
}

interface CutOffRow {
  product: string;
  county_code: string;
  doses: number;
  contenders: number;
  invited: number;
  last_group: number | null;
  last_birth_date: PlainDate | null;
}

interface AreaRow {
  county_code: string;
  priority_group: number;
  registered: number;
  invited: number;
}

/** The cut-offs of the ranking in this transaction, a row of `settlement_cut_off` without its round each. */
export function rankedCutOffs(rules: SettlementRules): RawBuilder<CutOffRow> {
  const counted = rules.round.products.map(
    ({ product }, place) => sql`
      select ${product}::text as product, c.county_code, count(*) as contenders
      from ${contenders(rules, product, place)} group by c.county_code`,
  );
  return sql<CutOffRow>`
    select s.product, s.county_code, s.doses, coalesce(n.contenders, 0)::integer as contenders,
      coalesce(x.invited, 0)::integer as invited, l.priority_group as last_group, l.birth_date as last_birth_date
    from supply s
    left join (${sql.join(counted, sql` union all `)}) n on n.product = s.product and n.county_code = s.county_code
    left join (
      select product, county_code, count(*) as invited, (array_agg(person_key order by rank desc))[1] as last_key
      from settlement_chosen group by product, county_code
    ) x on x.product = s.product and x.county_code = s.county_code
    left join settlement_candidate l on l.person_key = x.last_key
    where s.round_id = ${rules.round.roundId}
  `;
}

/** The picture of the ranking in this transaction, a row of `settlement_area` without its round each. */
export const rankedAreas: RawBuilder<AreaRow> = sql<AreaRow>`
  select c.county_code, c.priority_group, count(*)::integer as registered, count(x.person_key)::integer as invited
  from settlement_candidate c left join settlement_chosen x using (person_key)
  group by c.county_code, c.priority_group
`;

export const cutOffOf = (row: CutOffRow): CutOff => ({
  product: row.product,
  countyCode: row.county_code,
  doses: row.doses,
  contenders: row.contenders,
  invited: row.invited,
  lastGroup: row.last_group,
  lastBirthDate: row.last_birth_date,
});

export const areaCountOf = (row: AreaRow): AreaCount => ({
  countyCode: row.county_code,
  priorityGroup: row.priority_group,
  registered: row.registered,
  invited: row.invited,
});

/** The picture of a settlement that was made; empty before it. */
export async function readAreaCounts(db: LedgerReader, roundId: string): Promise<readonly AreaCount[]> {
  const rows = await db
    .selectFrom('settlement_area')
    .select(['county_code', 'priority_group', 'registered', 'invited'])
    .where('round_id', '=', roundId)
    .orderBy('county_code')
    .orderBy('priority_group')
    .execute();
  return rows.map(areaCountOf);
}

/** The cut-offs of a settlement that was made, of one county or of all. */
export async function readCutOffs(
  db: LedgerReader,
  roundId: string,
  countyCode: string | null = null,
): Promise<readonly CutOff[]> {
  const { rows } = await sql<CutOffRow>`
    select product, county_code, doses, contenders, invited, last_group, last_birth_date
    from settlement_cut_off where round_id = ${roundId}
      and (${countyCode}::text is null or county_code = ${countyCode})
    order by product, county_code
  `.execute(db);
  return rows.map(cutOffOf);
}
