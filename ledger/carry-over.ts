/** Carry-over: those who got nothing in a round come into the next one by themselves, without registering again. */
import { sql } from 'kysely';

import type { Ledger, LedgerTx } from './database';
import { keysOf, takeInBatches, type BatchOptions, type RoundStepResult } from './round-batches';

/** Carries over from every settled round that registered before this one, the newest first. */
export async function carryOverInto(
  ledger: Ledger,
  toRoundId: string,
  options: BatchOptions = {},
): Promise<RoundStepResult> {
  const { rows } = await sql<{ round_id: string }>`
    select f.round_id from round f join settlement s using (round_id), round t
    where t.round_id = ${toRoundId} and f.registration_opens_at < t.registration_opens_at
      and s.completed_at is not null
    order by f.registration_opens_at desc, f.round_id
  `.execute(ledger.db);
  let touched = 0;
  for (const { round_id } of rows) touched += (await carryOver(ledger, round_id, toRoundId, options)).touched;
  return { answer: 'done', touched };
}

/**
 * Copies the live registrations of those not invited, lapsed or missed into `toRoundId`, as far as they are in its
 * open groups, take one of its products that may follow their last dose, and were not given the dose meanwhile. Who
 * has a part there already keeps that one, even withdrawn. Not before the old round's settlement is carried out, nor
 * after the new one's. No text: those who missed or lapsed are told by their own workflows, who was not invited is
 * told nothing.
 */
export async function carryOver(
  ledger: Ledger,
  fromRoundId: string,
  toRoundId: string,
  options: BatchOptions = {},
): Promise<{ readonly answer: 'done'; readonly touched: number }> {
  const touched = await takeInBatches(
    ledger,
    {
      act: 'carryOver',
      roundId: toRoundId,
      async candidates(tx, limit, after) {
        if (!(await isOpenForCarryOver(tx, fromRoundId, toRoundId))) return [];
        const { rows } = await sql<{ person_key: string }>`
          select person_key from (${leftOver(fromRoundId, toRoundId, { after, limit })}) left_over
        `.execute(tx);
        return keysOf(rows);
      },
      async apply(tx, keys) {
        const { rows } = await sql<{ person_key: string; version: number; was: string }>`
          with left_over as materialized (${leftOver(fromRoundId, toRoundId, { keys })}),
          joined as (
            insert into participation (person_key, round_id, dose_number, stage, last_act)
            select person_key, ${toRoundId}, dose_number, 'registered', 'carryOver' from left_over
            where not takes_part
            returning person_key
          ), registered as (
            insert into registration
              (person_key, round_id, contact_id, county_code, district_code, products, priority_group, carried_from)
            select person_key, ${toRoundId}, contact_id, county_code, district_code, products, priority_group, ${fromRoundId}
            from left_over join joined using (person_key)
          )
          update participation p set stage = 'carriedOver', last_act = 'carryOver', stage_since = ledger_now()
          from left_over l join person using (person_key)
          where p.person_key = l.person_key and p.round_id = ${fromRoundId}
          returning p.person_key, person.version, l.stage as was
        `.execute(tx);
        const uninvited = rows.filter(({ was }) => was === 'registered');
        await recordSilently(tx, uninvited, fromRoundId, toRoundId);
        return keysOf(rows.filter(({ was }) => was !== 'registered'));
      },
    },
    options,
  );
  return { answer: 'done', touched };
}

/** Who is left over in `from` and may come into `to`: of these keys, or the next so many after one. */
function leftOver(
  fromRoundId: string,
  toRoundId: string,
  which: { readonly keys: readonly string[] } | { readonly after: string; readonly limit: number },
) {
  const these =
    'keys' in which
      ? sql`p.person_key = any(${[...which.keys]}::uuid[])`
      : sql`p.person_key > ${which.after}::uuid`;
  const next = 'keys' in which ? sql`` : sql`order by p.person_key limit ${which.limit}`;
  return sql<{ person_key: string }>`
    select p.person_key, p.stage, r.contact_id, r.county_code, r.district_code,
      coalesce(last_dose.dose_number, 0) + 1 as dose_number, offered.products, grp.priority_group,
      exists (select from participation n where n.person_key = p.person_key and n.round_id = ${toRoundId}) as takes_part
    from participation p
    join registration r on r.person_key = p.person_key and r.round_id = p.round_id and r.withdrawn_at is null
    join person on person.person_key = p.person_key
    left join lateral (
      select d.dose_number, d.product from dose d
      where d.person_key = p.person_key order by d.dose_number desc limit 1
    ) last_dose on true
    cross join lateral (
      select min(g) as priority_group from unnest(person.priority_groups) g, round t
      where t.round_id = ${toRoundId} and g = any(t.open_groups)
    ) grp
    cross join lateral (
      select array_agg(o.product order by o.place) as products from round_product o
      where o.round_id = ${toRoundId} and o.product = any(r.products)
        and (last_dose.product is null or exists (
          select from dose_interval i where i.round_id = o.round_id and i.from_product = last_dose.product
            and i.to_product = o.product and i.dose_number = last_dose.dose_number + 1))
    ) offered
    where p.round_id = ${fromRoundId} and p.stage in ('registered', 'lapsed', 'missed')
      and ${these}
      and coalesce(last_dose.dose_number, 0) < p.dose_number
      and grp.priority_group is not null and offered.products is not null
    ${next}
  `;
}

async function isOpenForCarryOver(tx: LedgerTx, fromRoundId: string, toRoundId: string): Promise<boolean> {
  // Held against the new round's settlement, as a registration is.
  await sql`select from round where round_id = ${toRoundId} for key share`.execute(tx);
  const { rows } = await sql<{ open: boolean }>`
    select t.kind = 'rankThenInvite' and t.closed_at is null
      and exists (select from settlement where round_id = ${fromRoundId} and completed_at is not null)
      and not exists (select from settlement where round_id = ${toRoundId}) as open
    from round t where t.round_id = ${toRoundId}
  `.execute(tx);
  return rows[0]?.open ?? false;
}

/** Into the history, but not to the engine: for who was not invited nothing is owed, before or after. */
async function recordSilently(
  tx: LedgerTx,
  people: readonly { person_key: string; version: number }[],
  fromRoundId: string,
  toRoundId: string,
): Promise<void> {
  if (people.length === 0) return;
  await sql`
    insert into audit_entry (person_key, version, act, actor, channel, detail)
    select c.person_key, c.version, 'carryOver', 'system', 'round-workflow',
      jsonb_build_object('roundId', ${toRoundId}::text, 'fromRoundId', ${fromRoundId}::text)
    from unnest(${people.map((p) => p.person_key)}::uuid[], ${people.map((p) => p.version)}::bigint[]) as c (person_key, version)
  `.execute(tx);
}
