/** Carry-over: those who got nothing in a round come into the next one by themselves, without registering again. */
import { sql, type RawBuilder } from 'kysely';

import type { Ledger } from './database';
import {
  recordedInBulk,
  takeInRanges,
  type BatchOptions,
  type KeyRange,
  type RoundStepResult,
} from './round-batches';

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
 * after the new one's. Who waits for freed places is carried over once the new round's registration has ended; who is
 * offered one at that moment keeps the offer beside it. No text: those who missed or lapsed are told by their own
 * workflows, who was not invited is told nothing.
 */
export async function carryOver(
  ledger: Ledger,
  fromRoundId: string,
  toRoundId: string,
  options: BatchOptions = {},
): Promise<{ readonly answer: 'done'; readonly touched: number }> {
  const detail = { roundId: toRoundId, fromRoundId };
  const touched = await takeInRanges(
    ledger,
    {
      // Against the new round's settlement, as a registration holds it.
      hold: sql`select from round where round_id = ${toRoundId} for key share`,
      concerned: (range) => sql`
        select p.person_key from participation p
        where p.round_id = ${fromRoundId} and ${waiting} and ${range.holds(sql.ref('p.person_key'))}
          and exists (${openForCarryOver(fromRoundId, toRoundId)})
      `,
      apply: (range) => sql<{ touched: number }>`
        with open as materialized (${openForCarryOver(fromRoundId, toRoundId)}),
        moment as materialized (select ledger_now() as now),
        left_over as materialized (${leftOver(fromRoundId, toRoundId, range)}),
        joined as (
          insert into participation (person_key, round_id, dose_number, stage, last_act, stage_since)
          select l.person_key, ${toRoundId}, l.dose_number, 'registered', 'carryOver', t.now
          from left_over l, moment t where not l.takes_part
          returning person_key
        ), registered as (
          insert into registration
            (person_key, round_id, contact_id, county_code, district_code, products, mixed_intent, priority_group,
              registered_at, carried_from)
          select l.person_key, ${toRoundId}, l.contact_id, l.county_code, l.district_code, l.products, l.mixed_intent,
            l.priority_group, t.now, ${fromRoundId}
          from left_over l join joined using (person_key), moment t
        ), linked as (
          -- Who registered there themselves has waited as long as who was brought there.
          update registration n set carried_from = ${fromRoundId} from left_over l
          where l.takes_part and n.person_key = l.person_key and n.round_id = ${toRoundId}
            and n.withdrawn_at is null and n.carried_from is null
        ), moved as (
          update participation p set stage = 'carriedOver', last_act = 'carryOver', stage_since = t.now
          from left_over l, moment t
          where p.person_key = l.person_key and p.round_id = ${fromRoundId} and l.stage <> 'offered'
          returning p.person_key, l.stage as was
        ), noted as (
          -- Into the history, but not to the engine: to who was not invited nothing is owed, before or after.
          insert into audit_entry (person_key, version, act, actor, channel, detail, ledger_time)
          select l.person_key, person.version, 'carryOver', 'system', 'round-workflow', ${JSON.stringify(detail)}::jsonb, t.now
          from left_over l join person using (person_key), moment t where l.stage in ('registered', 'offered')
        ), ${recordedInBulk({
          changed: sql`select m.person_key, t.now as owed_from from moved m, moment t where m.was <> 'registered'`,
          act: 'carryOver',
          detail,
        })}
        select count(*)::integer as touched from moved
      `,
    },
    options,
  );
  return { answer: 'done', touched };
}

const waiting = sql`p.stage in ('registered', 'offered', 'lapsed', 'missed')`;

/** A row while people may be carried over, and none from the moment on in which the new round begins to be settled. */
function openForCarryOver(fromRoundId: string, toRoundId: string): RawBuilder<unknown> {
  return sql`
    select t.round_id from round t
    where t.round_id = ${toRoundId} and t.kind = 'rankThenInvite' and t.closed_at is null
      and exists (select from settlement where round_id = ${fromRoundId} and completed_at is not null)
      and not exists (select from settlement where round_id = ${toRoundId})
  `;
}

/** Who of the range is left over in `from` and may come into `to`. */
function leftOver(fromRoundId: string, toRoundId: string, range: KeyRange): RawBuilder<unknown> {
  return sql`
    select p.person_key, p.stage, r.contact_id, r.county_code, r.district_code, r.mixed_intent,
      coalesce(last_dose.dose_number, 0) + 1 as dose_number, offered.products, grp.priority_group,
      exists (select from participation n where n.person_key = p.person_key and n.round_id = ${toRoundId}) as takes_part
    from open
    join participation p on p.round_id = ${fromRoundId}
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
            and i.to_product = o.product and i.dose_number = last_dose.dose_number + 1
            and (r.mixed_intent or not i.needs_mixed_intent)))
    ) offered
    where ${waiting} and ${range.holds(sql.ref('p.person_key'))}
      -- Who waits for freed places goes on waiting until the new round is about to be settled.
      and not exists (select from waiting_list_entry w, round t
        where w.person_key = p.person_key and w.round_id = p.round_id and w.left_at is null and p.stage in ('registered', 'offered')
          and t.round_id = ${toRoundId} and ledger_now() < t.registration_ends_at)
      -- An offer that stands is not taken away: its person comes into the new round beside it.
      and (p.stage <> 'offered' or not exists (select from participation n
        where n.person_key = p.person_key and n.round_id = ${toRoundId}))
      and coalesce(last_dose.dose_number, 0) < p.dose_number
      and grp.priority_group is not null and offered.products is not null
  `;
}
