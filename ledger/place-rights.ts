/** What a person may be given beyond the ranking's invitations, and the appointment made of it. */
import type { Instant } from '../domain/civil-time/plain-date';
import { mayBeGivenPlace, type PlaceGranted } from '../domain/place-offer/place-acceptance';
import type { Stage } from '../domain/lifecycle/transitions';
import { refused, type Outcome } from '../domain/refusal/refusals';
import { standingOf, type SlotAsked } from './booking-rights';
import type { LockedPerson } from './citizen-command';
import type { LedgerReader, LedgerTx } from './database';
import { getRound } from './round';
import { queueText } from './text-message';

export type PersonAsked = Pick<LockedPerson, 'personKey' | 'birthDate' | 'priorityGroups' | 'now'>;

/** The slot of a place that is given. */
export interface SlotGiven extends SlotAsked {
  readonly slot_id: number;
  readonly site_id: string;
  readonly ends_at: Date;
}

/**
 * May a place of this slot be given to the person until `until`, by the rules and by what they hold? `stage` is where
 * they stand in the slot's round. One dose is not promised twice, not in two rounds either.
 */
export async function rightToPlace(
  db: LedgerReader,
  person: PersonAsked,
  slot: SlotAsked,
  until: Instant,
): Promise<Outcome<PlaceGranted & { readonly stage: Stage | null }>> {
  const standing = await standingOf(db, person.personKey, slot.round_id);
  const answer = mayBeGivenPlace(
    {
      round: await getRound(db, slot.round_id),
      person,
      doses: standing.doses,
      consents: standing.consents,
      mixedIntent: standing.mixedIntent,
      now: person.now,
    },
    {
      roundId: slot.round_id,
      product: slot.product,
      sessionDate: slot.session_date,
      startsAt: slot.starts_at.toISOString(),
      closed: slot.closed_at instanceof Date,
    },
    until,
  );
  if (!answer.ok) return answer;
  const other = standing.live.find(({ doseNumber }) => doseNumber === answer.value.doseNumber);
  if (other) return refused({ code: 'alreadyBooked', appointmentNumber: other.appointmentNumber });
  return { ok: true, value: { ...answer.value, stage: standing.stage } };
}

/** Makes the appointment and tells of it. Call with the place counted in `slot.booked` and the stage set to `booked`. */
export async function makeAppointment(
  tx: LedgerTx,
  person: PersonAsked,
  slot: SlotGiven,
  { doseNumber, contactId }: { readonly doseNumber: number; readonly contactId: string },
): Promise<string> {
  const { appointment_number: appointmentNumber } = await tx
    .insertInto('appointment')
    .values({
      person_key: person.personKey,
      round_id: slot.round_id,
      dose_number: doseNumber,
      product: slot.product,
      slot_id: slot.slot_id,
      contact_id: contactId,
      status: 'booked',
      booked_at: person.now,
      arranged_at: person.now,
    })
    .returning('appointment_number')
    .executeTakeFirstOrThrow();
  await queueText(tx, {
    personKey: person.personKey,
    purpose: 'appointmentBooked',
    occasion: appointmentNumber,
    contactId,
    parameters: {
      appointmentNumber,
      siteId: slot.site_id,
      product: slot.product,
      doseNumber,
      startsAt: slot.starts_at.toISOString(),
      endsAt: slot.ends_at.toISOString(),
    },
  });
  return appointmentNumber;
}
