/**
 * What follows a confirmed closure, in batches that may be killed and begun again anywhere: freed places of its
 * windows are no longer offered, and appointments in them are cancelled, each person told once and free to book again.
 */
import { sql } from 'kysely';

import { retryingDeadlocks } from './citizen-command';
import type { Ledger, LedgerDb, LedgerTx } from './database';
import { operatorChannel } from './operator-audit';
import { recordedInBulk } from './round-batches';

export interface ClosureStepOptions {
  /** Appointments in one transaction. */
  readonly batch?: number;
  /** Called after each batch with how many are done: for heartbeats. May throw to stop. */
  readonly onProgress?: (cancelled: number) => void;
}

/** Some hundred milliseconds: no citizen waits long behind it. */
const defaultBatch = 500;

/** Does all that is left of a confirmed closure. Answers how many appointments it cancelled in all. */
export async function carryOutClosure(
  ledger: Ledger,
  closureId: string,
  { batch = defaultBatch, onProgress }: ClosureStepOptions = {},
): Promise<{ readonly cancelled: number }> {
  const closure = await ledger.db
    .selectFrom('closure')
    .select('confirmed_by')
    .where('closure_id', '=', closureId)
    .executeTakeFirst();
  if (!closure?.confirmed_by) throw new Error(`closure ${closureId} is not confirmed`);
  const channel = operatorChannel(closure.confirmed_by);
  let done = 0;
  const all = async (take: (tx: LedgerTx) => Promise<number | null>): Promise<void> => {
    for (;;) {
      const taken = await retryingDeadlocks(() => ledger.db.transaction().execute(take));
      if (taken === null) return;
      onProgress?.((done += taken));
    }
  };
  // In this order: an offer that is accepted meanwhile makes an appointment, and that is then cancelled.
  await all((tx) => endHeldPlaces(tx, closureId, channel, batch));
  await all((tx) => cancelAppointments(tx, closureId, channel, batch));
  await sql`
    update closure set carried_out_at = ledger_now() where closure_id = ${closureId} and carried_out_at is null
  `.execute(ledger.db);
  const { cancelled } = await ledger.db
    .selectFrom('appointment')
    .select(({ fn }) => fn.countAll<number>().as('cancelled'))
    .where('closure_id', '=', closureId)
    .executeTakeFirstOrThrow();
  return { cancelled };
}

/** Slots by id, then people by key, as everybody locks; only a second statement sees what was committed meanwhile. */
async function lock(tx: LedgerTx, slotIds: readonly number[], personKeys: readonly string[]): Promise<void> {
  await sql`select count(*) from (select from slot where slot_id = any(${[...slotIds]}::bigint[])
    order by slot_id for no key update) locked`.execute(tx);
  await sql`select count(*) from (select from person where person_key = any(${[...personKeys]}::uuid[])
    order by person_key for no key update) locked`.execute(tx);
}

/** Cancels some of the closure's appointments; null when none is left. */
async function cancelAppointments(
  tx: LedgerTx,
  closureId: string,
  channel: string,
  batch: number,
): Promise<number | null> {
  const { rows: some } = await sql<{ appointment_number: string; person_key: string; slot_id: number }>`
    select a.appointment_number, a.person_key, a.slot_id
    from slot s join appointment a on a.slot_id = s.slot_id and a.status = 'booked'
    where s.closure_id = ${closureId} and s.booked > 0 order by s.slot_id limit ${batch}
  `.execute(tx);
  if (some.length === 0) return null;
  await lock(
    tx,
    some.map((row) => row.slot_id),
    some.map((row) => row.person_key),
  );
  const time = (column: string) => sql`
    to_char(${sql.raw(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  const { rows } = await sql<{ cancelled: number }>`
    with moment as materialized (
      select ledger_now() as now, x.rebook_until, x.reason from closure x where x.closure_id = ${closureId}
    ), gone as materialized (
      update appointment a set status = 'cancelled', ended_at = t.now, closure_id = ${closureId}
      from slot s, moment t
      where a.appointment_number = any(${some.map((row) => row.appointment_number)}::text[]) and a.status = 'booked'
        and s.slot_id = a.slot_id and s.closure_id = ${closureId}
      returning a.appointment_number, a.person_key, a.round_id, a.dose_number, a.product, a.contact_id, a.slot_id,
        s.site_id, s.starts_at, s.ends_at, t.now, t.reason, t.rebook_until
    ), freed as (
      update slot s set booked = s.booked - n.places
      from (select slot_id, count(*)::integer as places from gone group by slot_id) n where s.slot_id = n.slot_id
    ), staged as (
      update participation p set stage = 'invited', last_act = 'cancelByAuthority', stage_since = g.now
      from gone g where p.person_key = g.person_key and p.round_id = g.round_id
    ), kept as materialized (
      update invitation i set reopened_at = g.now, closes_at = greatest(i.closes_at, g.rebook_until)
      from gone g where i.person_key = g.person_key and i.round_id = g.round_id
      returning i.person_key, i.round_id, i.closes_at
    ), told as (
      insert into text_message (person_key, purpose, occasion, contact_id, parameters)
      select g.person_key, 'appointmentClosed', g.appointment_number, g.contact_id,
        jsonb_build_object('appointmentNumber', g.appointment_number, 'siteId', g.site_id, 'product', g.product,
          'doseNumber', g.dose_number, 'startsAt', ${time('g.starts_at')}, 'endsAt', ${time('g.ends_at')},
          'reason', g.reason, 'rebookUntil', ${time('k.closes_at')})
      from gone g join kept k on k.person_key = g.person_key and k.round_id = g.round_id
      on conflict on constraint text_message_once_per_occasion do nothing
    ), ${recordedInBulk({
      changed: sql`select person_key, now as owed_from, jsonb_build_object('closureId', ${closureId}::text,
        'appointmentNumber', appointment_number, 'slotId', slot_id) as detail from gone`,
      act: 'cancelByAuthority',
      by: { actor: 'staff', channel },
    })}
    select count(*)::integer as cancelled from gone
  `.execute(tx);
  return rows[0]?.cancelled ?? 0;
}

/** Ends some of the freed places that are held in the closure's windows; null when none is left. */
async function endHeldPlaces(
  tx: LedgerTx,
  closureId: string,
  channel: string,
  batch: number,
): Promise<number | null> {
  const { rows: some } = await sql<{ freed_place_id: string; slot_id: number; person_key: string | null }>`
    select f.freed_place_id, f.slot_id, o.person_key
    from slot s join freed_place f on f.slot_id = s.slot_id and f.ended_at is null
    left join place_offer o on o.freed_place_id = f.freed_place_id and o.status = 'open'
    where s.closure_id = ${closureId} and s.booked > 0 order by s.slot_id limit ${batch}
  `.execute(tx);
  if (some.length === 0) return null;
  const places = some.map((row) => row.freed_place_id);
  const people = some.flatMap((row) => row.person_key ?? []);
  await lock(
    tx,
    some.map((row) => row.slot_id),
    people,
  );
  await sql`select count(*) from (select from freed_place where freed_place_id = any(${places}::uuid[])
    order by freed_place_id for update) locked`.execute(tx);
  await sql`
    with moment as materialized (select ledger_now() as now), ended as materialized (
      update freed_place f set ended_at = t.now, ended_as = 'givenBack', version = f.version + 1
      from moment t
      where f.freed_place_id = any(${places}::uuid[]) and f.ended_at is null
        -- One that was offered to somebody else since is left for the next batch, which locks that person first.
        and not exists (select from place_offer o where o.freed_place_id = f.freed_place_id and o.status = 'open'
          and o.person_key <> all(${people}::uuid[]))
      returning f.freed_place_id, f.slot_id, t.now
    ), freed as (
      update slot s set booked = s.booked - n.places
      from (select slot_id, count(*)::integer as places from ended group by slot_id) n where s.slot_id = n.slot_id
    ), withdrawn as materialized (
      update place_offer o set status = 'withdrawn', ended_at = e.now
      from ended e where o.freed_place_id = e.freed_place_id and o.status = 'open'
      returning o.person_key, o.round_id, o.place_offer_id, e.now
    ), staged as (
      update participation p set stage = 'registered', last_act = 'withdrawOffer', stage_since = w.now
      from withdrawn w where p.person_key = w.person_key and p.round_id = w.round_id
    ), ${recordedInBulk({
      changed: sql`select person_key, now as owed_from, jsonb_build_object('closureId', ${closureId}::text,
        'placeOfferId', place_offer_id) as detail from withdrawn`,
      act: 'withdrawOffer',
      by: { actor: 'staff', channel },
    })}
    select count(*) from ended
  `.execute(tx);
  return 0;
}

/** How long the engine has to carry a closure out before it is told of it once more. */
const tellAgainSeconds = 60;

/** Confirmed closures that are not carried out and of which the engine was not told lately. */
export async function untoldClosures(db: LedgerDb): Promise<readonly string[]> {
  const { rows } = await sql<{ closure_id: string }>`
    select closure_id from closure
    where confirmed_at is not null and carried_out_at is null
      and (told_at is null or told_at < clock_timestamp() - ${tellAgainSeconds} * interval '1 second')
    order by confirmed_at
  `.execute(db);
  return rows.map((row) => row.closure_id);
}

/** Notes that the engine was told. */
export async function markClosureTold(db: LedgerDb, closureId: string): Promise<void> {
  await sql`update closure set told_at = clock_timestamp() where closure_id = ${closureId}`.execute(db);
}

/** Closures under way, and how long the oldest has been, in seconds. */
export async function closuresUnderWay(
  db: LedgerDb,
): Promise<{ readonly count: number; readonly oldestSeconds: number }> {
  const { rows } = await sql<{ count: number; oldest: number | null }>`
    select count(*) as count, extract(epoch from ledger_now() - min(confirmed_at))::float8 as oldest
    from closure where confirmed_at is not null and carried_out_at is null
  `.execute(db);
  return { count: rows[0]?.count ?? 0, oldestSeconds: Math.max(0, rows[0]?.oldest ?? 0) };
}
