/** What must hold after every fault (I1–I5 of the fault catalogue): one checker a row, each answering what is broken. */
import { sql } from 'kysely';

import type { AcknowledgedWrite } from '../demo/way';
import type { InboxMessage } from '../../gateways/sms/simulator';
import type { LedgerDb, LedgerReader } from '../../ledger/database';

/** What the outside saw: writes that clients were told were done, and texts that phones received. */
export interface SeenOutside {
  readonly acknowledged: readonly AcknowledgedWrite[];
  readonly inbox: readonly InboxMessage[];
}

type Checker = (db: LedgerDb, seen: SeenOutside) => Promise<readonly string[]>;

/** Checkers by the invariant's name. */
export const invariants: Readonly<Record<string, Checker>> = {
  'no slot over its capacity': overCapacity,
  'one live appointment per person, round and dose, one live registration per person and round': doubled,
  'what was acknowledged is there': lostAcknowledgements,
  'booked is the number of appointments that use the slot and of freed places that are held': wrongCounts,
  'every text reached its phone exactly once': textsNotOnce,
};

/** All that is broken; empty when all is well. Holds once the instance has come to rest. */
export async function brokenInvariants(db: LedgerDb, seen: SeenOutside): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [name, check] of Object.entries(invariants)) {
    for (const breach of await check(db, seen)) found.push(`${name}: ${breach}`);
  }
  return found;
}

export async function overCapacity(db: LedgerReader): Promise<readonly string[]> {
  const { rows } = await sql<{ slot_id: number; used: number; capacity: number }>`
    select s.slot_id, s.capacity, greatest(s.booked, count(a.*)) as used
    from slot s left join appointment a on a.slot_id = s.slot_id and a.status <> 'cancelled'
    group by s.slot_id having greatest(s.booked, count(a.*)) > s.capacity
  `.execute(db);
  return rows.map(
    (row) => `slot ${String(row.slot_id)} gives ${String(row.used)} of ${String(row.capacity)}`,
  );
}

export async function doubled(db: LedgerReader): Promise<readonly string[]> {
  const { rows } = await sql<{ what: string; times: number }>`
    select 'appointment' as what, count(*) as times from appointment where status in ('booked', 'attended')
      group by person_key, round_id, dose_number having count(*) > 1
    union all
    select 'registration', count(*) from registration where withdrawn_at is null
      group by person_key, round_id having count(*) > 1
  `.execute(db);
  return rows.map(({ what, times }) => `${String(times)} live ${what}s of one person`);
}

async function lostAcknowledgements(db: LedgerDb, { acknowledged }: SeenOutside): Promise<readonly string[]> {
  const { rows } = await sql<{ lost: AcknowledgedWrite }>`
    select told.ack as lost from jsonb_array_elements(${JSON.stringify(acknowledged)}::jsonb) as told (ack)
    where not exists (
      select from audit_entry e where e.act = told.ack ->> 'act' and e.detail @> told.ack - 'act'
    )
  `.execute(db);
  const gone = rows.map(({ lost }) => `${lost.act} ${JSON.stringify(lost)}`);
  return [...gone, ...(await appointmentsNotAsAcknowledged(db, acknowledged))];
}

/** The last thing that a client was told of an appointment is what the ledger says of it. */
async function appointmentsNotAsAcknowledged(
  db: LedgerDb,
  acknowledged: readonly AcknowledgedWrite[],
): Promise<readonly string[]> {
  const last = new Map<string, AcknowledgedWrite>();
  for (const ack of acknowledged) {
    if (ack.appointmentNumber !== undefined) last.set(ack.appointmentNumber, ack);
  }
  const numbers = [...last.keys()];
  const rows = await db
    .selectFrom('appointment')
    .select(['appointment_number', 'status', 'slot_id'])
    .where('appointment_number', 'in', ['', ...numbers])
    .execute();
  const there = new Map(rows.map((row) => [row.appointment_number, row]));
  return [...last].flatMap(([number, { act, slotId }]) => {
    const row = there.get(number);
    if (!row) return [`appointment ${number} is not there`];
    const statuses =
      act === 'cancel' ? ['cancelled'] : act === 'attend' ? ['attended'] : ['booked', 'missed'];
    const moved = act !== 'cancel' && slotId !== undefined && row.slot_id !== slotId;
    return statuses.includes(row.status) && !moved ? [] : [`appointment ${number} is not as after ${act}`];
  });
}

export async function wrongCounts(db: LedgerReader): Promise<readonly string[]> {
  const { rows } = await sql<{ slot_id: number; booked: number; used: number }>`
    select * from (
      select s.slot_id, s.booked,
        (select count(*) from appointment a where a.slot_id = s.slot_id and a.status <> 'cancelled')
          + (select count(*) from freed_place f where f.slot_id = s.slot_id and f.ended_at is null) as used
      from slot s) counted
    where booked <> used
  `.execute(db);
  return rows.map(
    (row) => `slot ${String(row.slot_id)} says ${String(row.booked)} and has ${String(row.used)}`,
  );
}

async function textsNotOnce(db: LedgerDb, { inbox }: SeenOutside): Promise<readonly string[]> {
  const times = new Map<string, number>();
  for (const { textMessageId } of inbox) {
    const id = textMessageId ?? 'without a reference';
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  const texts = await db
    .selectFrom('text_message')
    .select(['text_message_id', 'purpose', 'status', 'repeats'])
    .execute();
  const known = new Set(texts.map(({ text_message_id }) => text_message_id));
  const invited = await sql<{ n: number }>`
    select count(*) as n from invitation i join participation p using (person_key, round_id)
    join round r using (round_id)
    where r.kind = 'rankThenInvite' and not exists (select from text_message t
      where t.person_key = i.person_key and t.purpose = 'invitation' and t.parameters ->> 'roundId' = i.round_id)
  `.execute(db);
  return [
    ...texts
      // What no wave has released yet has come to nobody.
      .filter((text) => (times.get(text.text_message_id) ?? 0) !== (text.status === 'held' ? 0 : 1))
      .map(
        (text) =>
          `${text.purpose} (${text.status}) came ${String(times.get(text.text_message_id) ?? 0)} times`,
      ),
    ...[...times.keys()]
      .filter((id) => !known.has(id))
      .map(() => 'a text came that the ledger does not know'),
    ...((invited.rows[0]?.n ?? 0) > 0 ? [`${String(invited.rows[0]?.n)} invited people have no text`] : []),
  ];
}
