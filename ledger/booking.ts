/** Booking (預約): take a place in a window, move to another, give it back. Each is one transaction, acknowledged by text. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import { parseMobile } from '../domain/person-number/mobile';
import { accepted, refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import type { TextLanguage, TextParameters } from '../domain/text-message/templates';
import { bookTogether, type BookedAppointment } from './booking-batch';
import { takePlace, withPlaceIn, type LockedSlot } from './booking-places';
import { mayTake, returnRight } from './booking-rights';
import type { AppointmentStatus } from './booking-views';
import { changeStage, citizenCommand, isWithoutBond, type CommandContext } from './citizen-command';
import type { Ledger, LedgerTx } from './database';
import { freePlace } from './freed-place';
import { queueText } from './text-message';

export {
  readAppointment,
  readAppointments,
  readLiveAppointment,
  type AppointmentView,
} from './booking-views';

export interface BookingWish {
  readonly slotId: number;
  /** The appointment's own mobile, as typed; the quick lookup goes by it. */
  readonly mobile: string;
  readonly language: TextLanguage;
}

/** What an acceptance answers; the appointment itself is read with `readAppointment`. */
export interface AppointmentReceipt {
  readonly appointmentNumber: string;
}

/**
 * Books a place, together with whoever else asks this process at the same moment, each answered by itself. Strict
 * under any concurrency: the slot is locked before the person, and only then are places counted.
 * In a round without ranking the participation and the right to book are made in the same transaction.
 * Refuses with `mobileInvalid`, `slotUnknown`, `alreadyBooked`, `alreadyAttended`, the reasons of `mayBook`, and
 * `slotFull` with the next free windows.
 */
export async function book(
  ledger: Ledger,
  context: CommandContext,
  wish: BookingWish,
): Promise<Outcome<AppointmentReceipt>> {
  const outcome = await bookAndShow(ledger, context, wish);
  return outcome.ok ? accepted({ appointmentNumber: outcome.value.appointmentNumber }) : outcome;
}

/** The same, answered with the appointment as it now stands. */
export async function bookAndShow(
  ledger: Ledger,
  context: CommandContext,
  wish: BookingWish,
): Promise<Outcome<BookedAppointment>> {
  const parsed = parseMobile(wish.mobile);
  if (!('mobile' in parsed)) return refused({ code: 'mobileInvalid' });
  const { slotId, language } = wish;
  try {
    return await bookTogether(ledger, { context, slotId, mobile: parsed.mobile, language });
  } catch (error) {
    if (isWithoutBond(error)) return refused({ code: 'familyBondEnded' });
    throw error;
  }
}

/**
 * Moves an appointment: the new place is taken and the old one given back in one transaction, the number stays, and
 * if anything refuses the old place stands. Same round and product only, while the booking window is open and the old
 * window has not begun. Refuses like `book`, and with `slotUnchanged`, `appointmentUnknown`, `appointmentNotLive`.
 */
export async function move(
  ledger: Ledger,
  context: CommandContext,
  wish: { readonly appointmentNumber: string; readonly slotId: number },
): Promise<Outcome<AppointmentReceipt>> {
  const { appointmentNumber } = wish;
  return holdingItsSlot(ledger, context.personKey, appointmentNumber, (oldSlotId) =>
    withPlaceIn<AppointmentReceipt>(
      ledger,
      context,
      wish.slotId,
      [oldSlotId],
      async (tx, person, slot, full) => {
        const appointment = await ownAppointment(tx, person.personKey, appointmentNumber, oldSlotId);
        if ('refusal' in appointment) return appointment;
        const gone = noLongerOpen(appointment, person.now);
        if (gone) return { refusal: gone };
        if (slot.slot_id === oldSlotId) return { refusal: { code: 'slotUnchanged' } };
        if (slot.round_id !== appointment.round_id) return { refusal: { code: 'slotUnknown' } };
        if (slot.product !== appointment.product) {
          return { refusal: { code: 'slotOfOtherProduct', product: appointment.product } };
        }
        const right = await mayTake(tx, person, slot, 'move');
        if ('refusal' in right) return right;
        if (!(await takePlace(tx, slot))) return full(right.earliestAt);
        await freePlace(tx, oldSlotId, person.now);
        await sql`update appointment set slot_id = ${slot.slot_id}, arranged_at = ledger_now()
        where appointment_number = ${appointmentNumber}`.execute(tx);
        await changeStage(tx, person.personKey, slot.round_id, 'move', 'booked');
        await queueText(tx, {
          personKey: person.personKey,
          purpose: 'appointmentMoved',
          occasion: `${appointmentNumber}/${String(person.version + 1)}`,
          contactId: appointment.contact_id,
          parameters: told(appointmentNumber, appointment.dose_number, slot),
        });
        return {
          outcome: { appointmentNumber },
          act: 'move',
          detail: { appointmentNumber, fromSlotId: oldSlotId, slotId: slot.slot_id },
        };
      },
    ),
  );
}

/**
 * Cancels an appointment and frees its place exactly once. Possible until its window begins, so that a place that
 * will not be used reaches somebody else; booking again is possible while the booking window is open (see
 * docs/decisions). Refuses with `appointmentUnknown`, `appointmentNotLive`, `bookingClosed` (the window has begun).
 */
export async function cancel(
  ledger: Ledger,
  context: CommandContext,
  { appointmentNumber }: { readonly appointmentNumber: string },
): Promise<Outcome<AppointmentReceipt>> {
  return holdingItsSlot(ledger, context.personKey, appointmentNumber, (slotId) =>
    citizenCommand<AppointmentReceipt>(ledger, context, [slotId], async (tx, person) => {
      const appointment = await ownAppointment(tx, person.personKey, appointmentNumber, slotId);
      if ('refusal' in appointment) return appointment;
      const gone = noLongerOpen(appointment, person.now);
      if (gone) return { refusal: gone };
      await sql`update appointment set status = 'cancelled', ended_at = ledger_now()
        where appointment_number = ${appointmentNumber}`.execute(tx);
      await freePlace(tx, slotId, person.now);
      const rebookUntil = await returnRight(tx, person, appointment.round_id);
      await queueText(tx, {
        personKey: person.personKey,
        purpose: 'appointmentCancelled',
        occasion: appointmentNumber,
        contactId: appointment.contact_id,
        parameters: { ...told(appointmentNumber, appointment.dose_number, appointment), rebookUntil },
      });
      return { outcome: { appointmentNumber }, act: 'cancel', detail: { appointmentNumber, slotId } };
    }),
  );
}

interface OwnAppointment {
  round_id: string;
  dose_number: number;
  product: string;
  status: AppointmentStatus;
  contact_id: string;
  site_id: string;
  starts_at: Date;
  ends_at: Date;
}

/** The slot is another one than when it was locked: the appointment was moved meanwhile. */
class MovedMeanwhile extends Error {}

const followMoves = 5;

/** Runs `act` with the slot that the person's appointment holds, and again with the new one if it was moved meanwhile. */
async function holdingItsSlot<T>(
  ledger: Ledger,
  personKey: string,
  appointmentNumber: string,
  act: (slotId: number) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const row = await ledger.db
      .selectFrom('appointment')
      .select('slot_id')
      .where('appointment_number', '=', appointmentNumber)
      .where('person_key', '=', personKey)
      .executeTakeFirst();
    if (!row) return refused({ code: 'appointmentUnknown' });
    try {
      return await act(row.slot_id);
    } catch (error) {
      if (!(error instanceof MovedMeanwhile) || attempt === followMoves) throw error;
    }
  }
}

async function ownAppointment(
  tx: LedgerTx,
  personKey: string,
  appointmentNumber: string,
  lockedSlotId: number,
): Promise<OwnAppointment | { readonly refusal: Refusal }> {
  const { rows } = await sql<OwnAppointment & { slot_id: number }>`
    select a.slot_id, a.round_id, a.dose_number, a.product, a.status, a.contact_id, s.site_id, s.starts_at, s.ends_at
    from appointment a join slot s using (slot_id)
    where a.appointment_number = ${appointmentNumber} and a.person_key = ${personKey}::uuid
  `.execute(tx);
  const [row] = rows;
  if (!row) return { refusal: { code: 'appointmentUnknown' } };
  if (row.slot_id !== lockedSlotId) throw new MovedMeanwhile();
  if (row.status !== 'booked') return { refusal: { code: 'appointmentNotLive', status: row.status } };
  return row;
}

/** An appointment whose window has begun can be neither moved nor cancelled: its place serves nobody else any more. */
function noLongerOpen(appointment: OwnAppointment, now: Instant): Refusal | undefined {
  const startsAt = appointment.starts_at.toISOString();
  return Date.parse(now) < Date.parse(startsAt) ? undefined : { code: 'bookingClosed', closedAt: startsAt };
}

function told(
  appointmentNumber: string,
  doseNumber: number,
  slot: Pick<LockedSlot, 'site_id' | 'product' | 'starts_at' | 'ends_at'>,
): TextParameters['appointmentBooked'] {
  return {
    appointmentNumber,
    siteId: slot.site_id,
    product: slot.product,
    doseNumber,
    startsAt: slot.starts_at.toISOString(),
    endsAt: slot.ends_at.toISOString(),
  };
}
