/**
 * Settlement of a round: decided once and for all in one transaction that writes the invitations, then carried out in
 * batches. A rerun after a kill finds the decision made and does what is left of it, so it always ends the same.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';

import { settlementRules } from '../domain/settlement/assignment';
import {
  keysOf,
  takeInBatches,
  type BatchOptions,
  type RoundStepPlan,
  type RoundStepResult,
} from './round-batches';
import type { Ledger, LedgerReader, LedgerTx } from './database';

/**
 * The lot that orders people of the same group and birth date: a hash over the round and the random person key. It
 * favours nobody, differs from round to round, and anyone with the data can work it out again. In SQL the same is
 * `sha256(convert_to(round_id || '/' || person_key, 'UTF8'))`.
 */
export function lotOf(roundId: string, personKey: string): string {
  return createHash('sha256').update(`${roundId}/${personKey}`).digest('hex');
}

/**
 * Settles a round that ranks, once its time has come by the ledger's clock: invites as far as the supply goes, texts
 * each invited person once, and tells the engine of them alone. Throws for a round that does not rank.
 */
export async function settleRound(
  ledger: Ledger,
  roundId: string,
  options: BatchOptions = {},
): Promise<RoundStepResult> {
  const until = await ledger.db.transaction().execute((tx) => decide(tx, roundId));
  if (until !== null) return { answer: 'notDue', until };
  const touched = await takeInBatches(ledger, invite(roundId), options);
  await sql`
    update settlement set completed_at = ledger_now() where round_id = ${roundId} and completed_at is null
  `.execute(ledger.db);
  return { answer: 'done', touched };
}

/** What a settlement came to, and how far it is carried out; `undefined` before it. */
export async function findSettlement(
  db: LedgerReader,
  roundId: string,
): Promise<
  | {
      readonly settledAt: string;
      readonly completedAt: string | null;
      readonly registrations: number;
      readonly invited: number;
      readonly remaining: number;
    }
  | undefined
> {
  const { rows } = await sql<{
    settled_at: Date;
    completed_at: Date | null;
    registrations: number;
    invited: number;
    remaining: number;
  }>`
    select s.*, (select count(*) from participation p join invitation i using (person_key, round_id)
      where p.round_id = s.round_id and p.stage = 'registered') as remaining
    from settlement s where s.round_id = ${roundId}
  `.execute(db);
  const [row] = rows;
  return (
    row && {
      settledAt: row.settled_at.toISOString(),
      completedAt: row.completed_at?.toISOString() ?? null,
      registrations: row.registrations,
      invited: row.invited,
      remaining: row.remaining,
    }
  );
}

/** Makes the decision unless it was made. Answers from when on it may be made, or `null` when it stands. */
async function decide(tx: LedgerTx, roundId: string): Promise<string | null> {
  // Waits for registrations that were accepted before the end and are being written; later ones find it settled.
  const { rows } = await sql<{ settles_at: Date | null }>`
    select settles_at from round where round_id = ${roundId} for update
  `.execute(tx);
  const settlesAt = rows[0]?.settles_at;
  if (!settlesAt) throw new Error(`round ${roundId} is none that settles`);
  const { rows: facts } = await sql<{ early: boolean; settled: boolean }>`
    select ledger_now() < ${settlesAt}::timestamptz as early,
      exists (select from settlement where round_id = ${roundId}) as settled
  `.execute(tx);
  if (facts[0]?.settled) return null;
  if (facts[0]?.early) return settlesAt.toISOString();
  const products = await tx
    .selectFrom('round_product')
    .select('product')
    .where('round_id', '=', roundId)
    .orderBy('place')
    .execute();
  for (const { product } of products) await assignProduct(tx, roundId, product);
  await sql`
    insert into settlement (round_id, rules_version, registrations, invited)
    select ${roundId}, ${settlementRules},
      (select count(*) from participation where round_id = ${roundId} and stage = 'registered'),
      (select count(*) from invitation where round_id = ${roundId})
  `.execute(tx);
  return null;
}

/**
 * One pass of the rule in `domain/settlement/assignment.ts`: those who take the product, may be given it and have no
 * other yet, ranked by county, as many as there are doses.
 */
async function assignProduct(tx: LedgerTx, roundId: string, product: string): Promise<void> {
  await sql`
    with contender as (
      select r.person_key, r.county_code, w.opens_at, w.closes_at,
        coalesce(last_dose.dose_number, 0) + 1 as dose_number,
        row_number() over (
          partition by r.county_code
          order by r.priority_group, person.birth_date,
            coalesce(earlier.products @> array[${product}]::text[], false) desc,
            sha256(convert_to(r.round_id || '/' || r.person_key, 'UTF8'))
        ) as rank
      from registration r
      join participation p on p.person_key = r.person_key and p.round_id = r.round_id and p.stage = 'registered'
      join person on person.person_key = r.person_key
      join round on round.round_id = r.round_id
      join lateral (
        select b.opens_at, b.closes_at from booking_window b
        where b.round_id = r.round_id and b.product = ${product}
          and extract(year from age(round.age_reckoned_on, person.birth_date)) between b.age_from and b.age_to
        order by b.age_from desc limit 1
      ) w on true
      left join lateral (
        select d.dose_number, d.product, d.given_on from dose d
        where d.person_key = r.person_key order by d.dose_number desc limit 1
      ) last_dose on true
      left join dose_interval i on i.round_id = r.round_id and i.from_product = last_dose.product
        and i.to_product = ${product} and i.dose_number = last_dose.dose_number + 1
      left join registration earlier on earlier.round_id = r.carried_from and earlier.person_key = r.person_key
        and earlier.withdrawn_at is null
      where r.round_id = ${roundId} and r.withdrawn_at is null and ${product} = any(r.products)
        and (last_dose.product is null or i.interval_days is not null)
        and coalesce(last_dose.given_on + i.interval_days <= (
          select max(s.session_date) from slot s where s.round_id = ${roundId} and s.product = ${product}), true)
        and not exists (select from invitation v where v.person_key = r.person_key and v.round_id = r.round_id)
    )
    insert into invitation (person_key, round_id, product, dose_number, rank, opens_at, closes_at)
    select c.person_key, ${roundId}, ${product}, c.dose_number, c.rank, c.opens_at, c.closes_at
    from contender c join supply s on s.round_id = ${roundId} and s.product = ${product} and s.county_code = c.county_code
    where c.rank <= s.doses
  `.execute(tx);
}

/** Carries the decision out: the stage, and the text that says so. */
function invite(roundId: string): RoundStepPlan {
  return {
    act: 'invite',
    roundId,
    async candidates(tx, limit, after) {
      const { rows } = await sql<{ person_key: string }>`
        select p.person_key from participation p join invitation i using (person_key, round_id)
        where p.round_id = ${roundId} and p.stage = 'registered' and p.person_key > ${after}::uuid
        order by p.person_key limit ${limit}
      `.execute(tx);
      return keysOf(rows);
    },
    async apply(tx, keys) {
      const { rows } = await sql<{ person_key: string }>`
        with invited as (
          update participation p
          set stage = 'invited', last_act = 'invite', stage_since = ledger_now(), dose_number = i.dose_number
          from invitation i
          where i.person_key = p.person_key and i.round_id = p.round_id and p.stage = 'registered'
            and p.round_id = ${roundId} and p.person_key = any(${[...keys]}::uuid[])
          returning p.person_key, i.product, i.opens_at, i.closes_at
        ), told as (
          insert into text_message (person_key, purpose, occasion, contact_id, parameters, lane)
          select v.person_key, 'invitation', ${roundId}, r.contact_id,
            jsonb_build_object('roundId', r.round_id, 'product', v.product,
              'opensAt', to_char(v.opens_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
              'closesAt', to_char(v.closes_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
            'mass'
          from invited v join registration r
            on r.person_key = v.person_key and r.round_id = ${roundId} and r.withdrawn_at is null
          on conflict on constraint text_message_once_per_occasion do nothing
        )
        select person_key from invited
      `.execute(tx);
      return keysOf(rows);
    },
  };
}
