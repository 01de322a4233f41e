/** Reads the snapshots that the relay carries to the engine, many people in two statements. */
import { sql } from 'kysely';

import { addDays, type Instant } from '../domain/civil-time/plain-date';
import { obligationKinds } from '../domain/lifecycle/obligations';
import type { AppointmentFacts, CitizenSnapshot, ParticipationFacts } from '../domain/lifecycle/snapshot';
import type { Stage } from '../domain/lifecycle/transitions';
import type { LedgerReader } from './database';

/** Obligations met longer ago than this are not carried: what they belonged to has lapsed. */
const metWithinDays = 120;
/** Rounds that closed longer ago than this no longer concern the engine. */
const roundWithinDays = 60;

interface PersonRow {
  person_key: string;
  version: number;
  now: Date;
  offset_ms: number;
  met: string[] | null;
  next_dose_number: number | null;
  next_dose_after: string | null;
  interval_days: number | null;
}

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
  return (await readSnapshotsAt(db, personKeys)).snapshots;
}

/** The same with the ledger's time at which they were taken; `undefined` when none of the keys is in the ledger. */
export async function readSnapshotsAt(
  db: LedgerReader,
  personKeys: readonly string[],
): Promise<{ readonly now: Instant | undefined; readonly snapshots: ReadonlyMap<string, CitizenSnapshot> }> {
  const keys = [...personKeys];
  // What follows a dose is the rule of the round loaded last that has one for that product and dose number: a series
  // that no round continues is complete, and nothing is foreseen.
  const people = await sql<PersonRow>`
    with interval_in_force as materialized (
      -- Another product after a mixed intent is a choice; the reminder goes by the series that all may follow.
      select from_product, dose_number,
        coalesce(min(interval_days) filter (where not needs_mixed_intent), min(interval_days)) as interval_days
      from (select i.from_product, i.dose_number, i.interval_days, i.needs_mixed_intent,
              rank() over (partition by i.from_product, i.dose_number order by r.loaded_at desc) as age
            from dose_interval i join round r using (round_id)) ranked
      where age = 1 group by from_product, dose_number
    )
    select p.person_key, p.version, ledger_now() as now, (select offset_ms from ledger_clock) as offset_ms,
      (select array_agg(t.occasion) from text_message t
        where t.person_key = p.person_key and t.purpose = any(${[...obligationKinds]}::text[])
          and t.created_at > ledger_now() - ${metWithinDays} * interval '1 day') as met,
      last_dose.dose_number + 1 as next_dose_number, last_dose.given_on as next_dose_after, i.interval_days
    from person p
    left join lateral (
      select d.dose_number, d.product, d.given_on from dose d
      where d.person_key = p.person_key
        -- Whoever never gave a mobile cannot be reminded: to foresee it would only wake the engine in vain.
        and exists (select from contact c where c.person_key = p.person_key)
      order by d.dose_number desc limit 1
    ) last_dose on true
    left join interval_in_force i
      on i.from_product = last_dose.product and i.dose_number = last_dose.dose_number + 1
    where p.person_key = any(${keys}::uuid[])
  `.execute(db);
  const participations = await sql<ParticipationRow>`
    select p.person_key, p.round_id, p.stage, p.stage_since, p.dose_number,
      i.product as invited_product, i.opens_at, i.closes_at, coalesce(i.reopened_at, i.invited_at) as given_at,
      a.appointment_number, a.status, a.arranged_at, s.starts_at, s.ends_at,
      (select max(d.ends_at) from slot d
        where d.site_id = s.site_id and d.session_date = s.session_date and d.round_id = s.round_id
          and d.product = s.product
          -- Doses left over are given to others by then.
          and not d.leftover) as day_ends_at
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
  const byPerson = groupByPerson(participations.rows);
  const now = people.rows[0]?.now.toISOString();
  const snapshots = people.rows.map((row): [string, CitizenSnapshot] => [
    row.person_key,
    snapshotOf(row, now ?? row.now.toISOString(), byPerson.get(row.person_key) ?? []),
  ]);
  return { now, snapshots: new Map(snapshots) };
}

function snapshotOf(
  row: PersonRow,
  takenAt: Instant,
  participations: readonly ParticipationRow[],
): CitizenSnapshot {
  return {
    version: row.version,
    clockOffsetMs: row.offset_ms,
    takenAt,
    participations: participations.map(participationFacts),
    nextDose:
      row.next_dose_number !== null && row.next_dose_after !== null && row.interval_days !== null
        ? { doseNumber: row.next_dose_number, dueOn: addDays(row.next_dose_after, row.interval_days) }
        : null,
    met: row.met ?? [],
  };
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
