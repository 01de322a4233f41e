/** Reads the snapshots that the relay carries to the engine, many people in three statements. */
import { sql } from 'kysely';

import { addDays } from '../domain/civil-time/plain-date';
import { obligationKinds } from '../domain/lifecycle/obligations';
import type { AppointmentFacts, CitizenSnapshot, ParticipationFacts } from '../domain/lifecycle/snapshot';
import type { Stage } from '../domain/lifecycle/transitions';
import { clockOffsetMs } from './clock';
import type { LedgerReader } from './database';

/** Obligations met longer ago than this are not carried: what they belonged to has lapsed. */
const metWithinDays = 120;
/** Rounds that closed longer ago than this no longer concern the engine. */
const roundWithinDays = 60;

interface ParticipationRow {
  person_key: string;
  round_id: string;
  stage: Stage;
  stage_since: Date;
  dose_number: number;
  invited_product: string | null;
  opens_at: Date | null;
  closes_at: Date | null;
  given_at: Date | null;
  appointment_number: string | null;
  status: AppointmentFacts['status'] | null;
  starts_at: Date | null;
  ends_at: Date | null;
  arranged_at: Date | null;
  day_ends_at: Date | null;
}

/** Snapshots by person key; a key that is not in the ledger is absent from the answer. */
export async function readSnapshots(
  db: LedgerReader,
  personKeys: readonly string[],
): Promise<ReadonlyMap<string, CitizenSnapshot>> {
  const keys = [...personKeys];
  const people = await sql<{
    person_key: string;
    version: number;
    met: string[] | null;
    next_dose_number: number | null;
    next_dose_after: string | null;
    interval_days: number | null;
  }>`
    select p.person_key, p.version,
      (select array_agg(t.occasion) from text_message t
        where t.person_key = p.person_key and t.purpose = any(${[...obligationKinds]}::text[])
          and t.created_at > ledger_now() - ${metWithinDays} * interval '1 day') as met,
      last_dose.dose_number + 1 as next_dose_number,
      last_dose.given_on as next_dose_after,
      (select min(i.interval_days) from dose_interval i join round r using (round_id)
        where i.from_product = last_dose.product
          and r.loaded_at = (select max(r2.loaded_at) from round r2 join dose_interval i2 using (round_id)
            where i2.from_product = last_dose.product)) as interval_days
    from person p
    left join lateral (
      select d.dose_number, d.product, d.given_on from dose d
      where d.person_key = p.person_key order by d.dose_number desc limit 1
    ) last_dose on true
    where p.person_key = any(${keys}::uuid[])
  `.execute(db);
  const participations = await sql<ParticipationRow>`
    select p.person_key, p.round_id, p.stage, p.stage_since, p.dose_number,
      i.product as invited_product, i.opens_at, i.closes_at, coalesce(i.reopened_at, i.invited_at) as given_at,
      a.appointment_number, a.status, a.arranged_at, s.starts_at, s.ends_at,
      (select max(d.ends_at) from slot d
        where d.site_id = s.site_id and d.session_date = s.session_date and d.round_id = s.round_id
          and d.product = s.product) as day_ends_at
    from participation p
    join round r using (round_id)
    left join invitation i using (person_key, round_id)
    left join lateral (
      select * from appointment a where a.person_key = p.person_key and a.round_id = p.round_id
      order by (a.status = 'booked') desc, a.booked_at desc limit 1
    ) a on true
    left join slot s on s.slot_id = a.slot_id
    where p.person_key = any(${keys}::uuid[])
      and (r.closed_at is null or r.closed_at > ledger_now() - ${roundWithinDays} * interval '1 day')
    order by p.round_id
  `.execute(db);
  const offset = await clockOffsetMs(db);
  const byPerson = groupByPerson(participations.rows);
  return new Map(
    people.rows.map((row) => [
      row.person_key,
      {
        version: row.version,
        clockOffsetMs: offset,
        participations: (byPerson.get(row.person_key) ?? []).map(participationFacts),
        nextDose:
          row.next_dose_number !== null && row.next_dose_after !== null && row.interval_days !== null
            ? { doseNumber: row.next_dose_number, dueOn: addDays(row.next_dose_after, row.interval_days) }
            : null,
        met: row.met ?? [],
      },
    ]),
  );
}

function groupByPerson(rows: readonly ParticipationRow[]): Map<string, ParticipationRow[]> {
  const groups = new Map<string, ParticipationRow[]>();
  for (const row of rows) {
    const group = groups.get(row.person_key);
    if (group) group.push(row);
    else groups.set(row.person_key, [row]);
  }
  return groups;
}

function participationFacts(row: ParticipationRow): ParticipationFacts {
  return {
    roundId: row.round_id,
    stage: row.stage,
    stageSince: row.stage_since.toISOString(),
    doseNumber: row.dose_number,
    invitation:
      row.invited_product !== null && row.opens_at && row.closes_at && row.given_at
        ? {
            product: row.invited_product,
            opensAt: row.opens_at.toISOString(),
            closesAt: row.closes_at.toISOString(),
            givenAt: row.given_at.toISOString(),
          }
        : null,
    appointment:
      row.appointment_number !== null && row.status && row.starts_at && row.ends_at && row.arranged_at
        ? {
            appointmentNumber: row.appointment_number,
            status: row.status,
            startsAt: row.starts_at.toISOString(),
            endsAt: row.ends_at.toISOString(),
            arrangedAt: row.arranged_at.toISOString(),
            dayEndsAt: (row.day_ends_at ?? row.ends_at).toISOString(),
          }
        : null,
  };
}
