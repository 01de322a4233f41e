/** Attendance (報到接種): the site records that someone came and was given the dose, at any session of the day booked. */
import { sql } from 'kysely';

import { addDays, taipeiDateOf, type PlainDate } from '../domain/civil-time/plain-date';
import { stageAfter, type Stage } from '../domain/lifecycle/transitions';
import { refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import type { AppointmentStatus } from './booking-views';
import { citizenCommand, type CommandContext, type Decision, type LockedPerson } from './citizen-command';
import type { Ledger, LedgerTx } from './database';

/** Who records it; the person is the appointment's own. */
export type StationContext = Omit<CommandContext, 'personKey'>;

export interface Attendance {
  /** The site at which the recording station stands. */
  readonly stationSiteId: string;
  readonly appointmentNumber: string;
  /** What was given, where it was not what was booked. */
  readonly product?: string;
  /** The civil day on which it was given, for a record that comes late; today by default. */
  readonly givenOn?: PlainDate;
}

export interface AttendanceReceipt {
  readonly appointmentNumber: string;
  readonly doseNumber: number;
  readonly product: string;
  readonly givenOn: PlainDate;
}

/** A record may come so many days late: the desk had no connection, or the list was typed in afterwards. */
const lateEntryDays = 14;

/**
 * Records that the appointment was kept and the dose given. Recording it again answers the same and changes nothing.
 * Someone already marked as missed is recorded for that same day while they have not moved on to the next round.
 * The window booked does not matter, the site and the day do: refuses with `appointmentUnknown`,
 * `appointmentNotLive`, `attendanceAtOtherSite`, `attendanceOnOtherDay`, `productNotOffered`.
 */
export async function recordAttendance(
  ledger: Ledger,
  context: StationContext,
  attendance: Attendance,
): Promise<Outcome<AttendanceReceipt>> {
  const owner = await ledger.db
    .selectFrom('appointment')
    .select('person_key')
    .where('appointment_number', '=', attendance.appointmentNumber)
    .executeTakeFirst();
  if (!owner) return refused({ code: 'appointmentUnknown' });
  // No slot is locked: a kept appointment uses up the place that it already holds.
  return citizenCommand<AttendanceReceipt>(
    ledger,
    { ...context, personKey: owner.person_key },
    [],
    (tx, person) => decide(tx, person, attendance),
  );
}

interface AppointmentRow {
  round_id: string;
  status: AppointmentStatus;
  dose_number: number;
  product: string;
  site_id: string;
  session_date: PlainDate;
  stage: Stage;
  product_offered: boolean;
}

async function decide(
  tx: LedgerTx,
  person: LockedPerson,
  attendance: Attendance,
): Promise<Decision<AttendanceReceipt>> {
  const { appointmentNumber } = attendance;
  const { rows } = await sql<AppointmentRow>`
    select a.round_id, a.status, a.dose_number, a.product, s.site_id, s.session_date, p.stage,
      exists (select from round_product o
        where o.round_id = a.round_id and o.product = ${attendance.product ?? null}) as product_offered
    from appointment a join slot s using (slot_id)
    join participation p on p.person_key = a.person_key and p.round_id = a.round_id
    where a.appointment_number = ${appointmentNumber} and a.person_key = ${person.personKey}::uuid
  `.execute(tx);
  const [appointment] = rows;
  if (!appointment) return { refusal: { code: 'appointmentUnknown' } };
  if (appointment.site_id !== attendance.stationSiteId) return { refusal: { code: 'attendanceAtOtherSite' } };
  if (appointment.status === 'attended') {
    return { outcome: await recorded(tx, person.personKey, appointmentNumber) };
  }
  const today = taipeiDateOf(person.now);
  const givenOn = attendance.givenOn ?? today;
  const refusal = notToBeRecorded(appointment, givenOn, today);
  if (refusal) return { refusal };
  const product = attendance.product ?? appointment.product;
  if (attendance.product !== undefined && !appointment.product_offered) {
    return { refusal: { code: 'productNotOffered', product } };
  }
  const doseNumber = await keepDose(tx, person.personKey, appointment.dose_number, {
    appointmentNumber,
    product,
    givenOn,
  });
  await sql`update appointment set status = 'attended', ended_at = ledger_now(), dose_number = ${doseNumber}
    where appointment_number = ${appointmentNumber}`.execute(tx);
  await sql`update participation set stage = 'attended', last_act = 'attend', stage_since = ledger_now(),
      dose_number = ${doseNumber}
    where person_key = ${person.personKey}::uuid and round_id = ${appointment.round_id}`.execute(tx);
  return {
    outcome: { appointmentNumber, doseNumber, product, givenOn },
    act: 'attend',
    detail: { appointmentNumber, doseNumber, product, givenOn, siteId: attendance.stationSiteId },
  };
}

function notToBeRecorded(
  appointment: AppointmentRow,
  givenOn: PlainDate,
  today: PlainDate,
): Refusal | undefined {
  const { status, stage, session_date: bookedOn } = appointment;
  if (status === 'cancelled') return { code: 'appointmentNotLive', status };
  // A missed appointment whose person was carried over to the next round is closed for good.
  if (stageAfter(stage, 'attend') === undefined) return { code: 'appointmentNotLive', status: 'missed' };
  const late = givenOn < today;
  if (givenOn !== bookedOn || givenOn > today || (late && addDays(givenOn, lateEntryDays) < today)) {
    return { code: 'attendanceOnOtherDay' };
  }
  return undefined;
}

/**
 * Keeps the dose under the number that it is. The registry may have reported this very dose before the site did (same
 * day and product); a dose given elsewhere in the meantime makes this one the next.
 */
async function keepDose(
  tx: LedgerTx,
  personKey: string,
  expectedNumber: number,
  given: { readonly appointmentNumber: string; readonly product: string; readonly givenOn: PlainDate },
): Promise<number> {
  const { rows: known } = await sql<{ dose_number: number }>`
    update dose set appointment_number = ${given.appointmentNumber}
    where person_key = ${personKey}::uuid and product = ${given.product} and given_on = ${given.givenOn}::date
      and appointment_number is null
    returning dose_number
  `.execute(tx);
  if (known[0]) return known[0].dose_number;
  const { rows } = await sql<{ dose_number: number }>`
    insert into dose (person_key, dose_number, product, given_on, source, appointment_number)
    select ${personKey}::uuid, greatest(${expectedNumber}::smallint, coalesce(max(dose_number), 0) + 1),
      ${given.product}, ${given.givenOn}::date, 'site', ${given.appointmentNumber}
    from dose where person_key = ${personKey}::uuid
    returning dose_number
  `.execute(tx);
  const [row] = rows;
  if (!row) throw new Error('an insert of one row returns one');
  return row.dose_number;
}

async function recorded(
  tx: LedgerTx,
  personKey: string,
  appointmentNumber: string,
): Promise<AttendanceReceipt> {
  const dose = await tx
    .selectFrom('dose')
    .select(['dose_number', 'product', 'given_on'])
    .where('person_key', '=', personKey)
    .where('appointment_number', '=', appointmentNumber)
    .executeTakeFirstOrThrow();
  return { appointmentNumber, doseNumber: dose.dose_number, product: dose.product, givenOn: dose.given_on };
}
