/**
 * The ranking of a settlement in SQL: all candidates once into a temporary table, then product by product the first of
 * each county, as many as there are doses. The rule itself is `domain/settlement/assignment.ts`; a property test holds
 * the two together. Preview and settlement rank by the same statements.
 */
import { sql, type RawBuilder } from 'kysely';

import { consentAges } from '../domain/consent/parental-consent';
import type { SettlementRules } from '../domain/settlement/eligibility';
import type { LedgerReader, LedgerTx } from './database';
import { getRound } from './round';

/** Bounds of what PostgreSQL may use for one ranking; each sort and each hash has its own memory. */
export interface RankingBounds {
  readonly workMemMb: number;
  readonly parallelWorkers: number;
  /** Null where the role may not set it: then the server's own limit holds. */
  readonly tempFileLimitMb: number | null;
}

/** More makes sorts of a million no faster; less makes hashes of a million go to disk. */
const workMemMb = 64;
/** One beside the session itself: a settlement leaves the citizens' own commands a core of two. */
const parallelWorkers = 2;
/** A candidate takes some 300 bytes in sorts and hashes on disk; the rest is for the small ones. */
const tempFileBytesOfCandidate = 2_048;
const leastTempFileMb = 512;

/** Holds this transaction to bounded memory and to temporary files in proportion to those registered. */
export async function boundResources(tx: LedgerTx, roundId: string): Promise<RankingBounds> {
  const { rows: counted } = await sql<{ candidates: number }>`
    select count(*) as candidates from participation where round_id = ${roundId} and stage = 'registered'
  `.execute(tx);
  const candidates = counted[0]?.candidates ?? 0;
  const wanted = leastTempFileMb + Math.ceil((candidates * tempFileBytesOfCandidate) / 2 ** 20);
  const { rows } = await sql<{ limited: boolean }>`
    select set_config('work_mem', ${`${String(workMemMb)}MB`}, true),
      set_config('hash_mem_multiplier', '2', true),
      set_config('max_parallel_workers_per_gather', ${String(parallelWorkers)}, true),
      set_config('jit', 'off', true),
      -- Nobody is looked up twice: a cache of looked-up people would only grow.
      set_config('enable_memoize', 'off', true),
      has_parameter_privilege('temp_file_limit', 'SET') as limited
  `.execute(tx);
  const limited = rows[0]?.limited ?? false;
  if (limited) await sql`select set_config('temp_file_limit', ${`${String(wanted)}MB`}, true)`.execute(tx);
  return { workMemMb, parallelWorkers, tempFileLimitMb: limited ? wanted : null };
}

/** What a round settles by: its rules, the last session of each product, the doses of each county. */
export async function readSettlementRules(db: LedgerReader, roundId: string): Promise<SettlementRules> {
  const round = await getRound(db, roundId);
  const { rows: last } = await sql<{ product: string; day: string }>`
    select product, max(session_date)::text as day from slot where round_id = ${roundId}
    group by product order by product
  `.execute(db);
  const { rows: supply } = await sql<{ product: string; countyCode: string; doses: number }>`
    select s.product, s.county_code as "countyCode", s.doses
    from supply s join round_product p using (round_id, product)
    where s.round_id = ${roundId} order by p.place, s.county_code
  `.execute(db);
  return { round, lastSessionOn: Object.fromEntries(last.map(({ product, day }) => [product, day])), supply };
}

/**
 * Ranks everyone registered into `settlement_candidate` and `settlement_chosen`, which end with the transaction. How
 * many were ranked.
 */
export async function rank(tx: LedgerTx, rules: SettlementRules): Promise<number> {
  const candidates = await gatherCandidates(tx, rules.round.roundId);
  await sql`
    create temporary table settlement_chosen (
      person_key uuid primary key, lot bytea not null, county_code text not null, product text not null,
      place smallint not null, rank integer not null, dose_number smallint not null,
      opens_at timestamptz not null, closes_at timestamptz not null
    ) on commit drop
  `.execute(tx);
  for (const [place, { product }] of rules.round.products.entries()) {
    await chooseFor(tx, rules, product, place);
    // The next product looks up who has one: without its size the whole table would be hashed for each county.
    await sql`analyze settlement_chosen`.execute(tx);
  }
  return candidates;
}

/**
 * Everyone registered, in the order of the ranking, with all that decides about them. A statement that makes a table
 * takes no parameters but may run in parallel, which an insert may not.
 */
async function gatherCandidates(tx: LedgerTx, roundId: string): Promise<number> {
  const id = sql.lit(roundId);
  const until = sql.lit(await consentsCountUntil(tx, roundId));
  await sql`
    create temporary table settlement_candidate on commit drop as
    select r.person_key, r.county_code, r.priority_group, person.birth_date,
      extract(year from age((select age_reckoned_on from round where round_id = ${id}), person.birth_date))::smallint as age,
      r.products, coalesce(earlier.products, '{}') as waited_for, r.mixed_intent,
      last_dose.dose_number as last_number, last_dose.product as last_product, last_dose.given_on as last_given_on,
      coalesce(consent.products, '{}') as consents,
      substr(sha256(convert_to(r.round_id || '/' || r.person_key, 'UTF8')), 1, ${sql.lit(lotBytes)}) as lot
    from registration r
    join participation p on p.person_key = r.person_key and p.round_id = r.round_id and p.stage = 'registered'
    join person on person.person_key = r.person_key
    -- No round is carried over into itself; said so that only those of other rounds, the few, are hashed.
    left join registration earlier on earlier.round_id = r.carried_from and earlier.person_key = r.person_key
      and earlier.withdrawn_at is null and earlier.round_id <> ${id}
    left join dose last_dose on last_dose.person_key = r.person_key and not exists (
      select from dose later where later.person_key = last_dose.person_key
        and later.dose_number > last_dose.dose_number)
    left join (
      select c.person_key, array_agg(distinct coalesce(c.product, '*') collate "C") as products
      from parental_consent c
      where c.recorded_at <= ${until}::timestamptz and coalesce(c.revoked_at > ${until}::timestamptz, true)
      group by c.person_key
    ) consent on consent.person_key = r.person_key
    where r.round_id = ${id} and r.withdrawn_at is null
    order by r.county_code, r.priority_group, person.birth_date
  `.execute(tx);
  await sql`create index on settlement_candidate (county_code, priority_group, birth_date)`.execute(tx);
  await sql`analyze settlement_candidate`.execute(tx);
  const { rows } = await sql<{ candidates: number }>`
    select count(*) as candidates from settlement_candidate
  `.execute(tx);
  return rows[0]?.candidates ?? 0;
}

/** When the settlement began, so that one killed and run again counts the same consents; a preview counts all. */
async function consentsCountUntil(tx: LedgerTx, roundId: string): Promise<string> {
  const { rows } = await sql<{ until: string }>`
    select settled_at::text as until from settlement where round_id = ${roundId}
  `.execute(tx);
  return rows[0]?.until ?? 'infinity';
}

/** The lot is the first half of a SHA-256: too long for two people to meet, short enough to be compared by eye. */
export const lotBytes = 16;

/**
 * The candidates `c` who take the product and whom nothing hinders, with their window `w`: `hindranceOf` in SQL. Those
 * chosen for a product before it have theirs.
 */
export function contenders(rules: SettlementRules, product: string, place: number): RawBuilder<unknown> {
  const { roundId } = rules.round;
  const { from, to } = consentAges;
  return sql`
    settlement_candidate c
    join (
      -- A window for each age: people are then matched by one look each.
      select distinct on (every.age) every.age, b.opens_at, b.closes_at
      from generate_series(0, 150) as every (age) join booking_window b on every.age between b.age_from and b.age_to
      where b.round_id = ${roundId} and b.product = ${product}
      order by every.age, b.age_from desc
    ) w on w.age = c.age
    left join dose_interval i on i.round_id = ${roundId} and i.from_product = c.last_product
      and i.to_product = ${product} and i.dose_number = c.last_number + 1
    where ${product} = any(c.products)
      and (c.last_product is null or i.interval_days is not null)
      and (c.mixed_intent or not coalesce(i.needs_mixed_intent, false))
      and (c.age not between ${from} and ${to} or c.consents && array['*', ${product}])
      and coalesce(c.last_given_on + i.interval_days <= ${rules.lastSessionOn[product] ?? null}::date, true)
      and not exists (select from settlement_chosen x where x.person_key = c.person_key and x.place < ${place})
  `;
}

/** One pass of the rule: the first of each county, read in the order of the index and no further than the doses go. */
async function chooseFor(
  tx: LedgerTx,
  rules: SettlementRules,
  product: string,
  place: number,
): Promise<void> {
  await sql`
    insert into settlement_chosen
    select first.person_key, first.lot, s.county_code, ${product}, ${place}, first.rank, first.dose_number,
      first.opens_at, first.closes_at
    from supply s cross join lateral (
      select ranked.*, row_number() over () as rank
      from (
        select c.person_key, c.lot, coalesce(c.last_number, 0) + 1 as dose_number, w.opens_at, w.closes_at
        from ${contenders(rules, product, place)} and c.county_code = s.county_code
        order by c.priority_group, c.birth_date, ${product} = any(c.waited_for) desc, c.lot
        limit s.doses
      ) ranked
    ) first
    where s.round_id = ${rules.round.roundId} and s.product = ${product}
  `.execute(tx);
}
