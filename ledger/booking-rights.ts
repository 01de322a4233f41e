/** The right to book in a round: what the person holds, what it lets them take, and its return by a cancellation. */
import { sql } from 'kysely';

import { mayBook, type InvitationGiven } from '../domain/booking/booking-rules';
import type { Instant } from '../domain/civil-time/plain-date';
import { stageAfter, type Act, type Stage } from '../domain/lifecycle/transitions';
import type { Refusal } from '../domain/refusal/refusals';
import type { LockedSlot } from './booking-places';
import { changeStage, type LockedPerson } from './citizen-command';
import type { LedgerTx } from './database';
import { readDoses } from './person';
import { getRound } from './round';

/** A right that was found good for the slot asked for. */
export interface Right {
  readonly doseNumber: number;
  readonly window: InvitationGiven;
  /** The stage at which the person stands in the round; null without a part in it yet. */
  readonly stage: Stage | null;
}

interface Held {
  stage: Stage | null;
  invitation: InvitationGiven | null;
  appointmentNumber: string | null;
}

/**
 * Does the person's right let them book, or move to, this slot? Nothing is taken before the window opens, by whatever
 * route, and the stage must allow the act.
 */
export async function mayTake(
  tx: LedgerTx,
  person: LockedPerson,
  slot: LockedSlot,
  act: 'book' | 'move',
): Promise<Right | { readonly refusal: Refusal }> {
  const held = await heldBy(tx, person.personKey, slot.round_id);
  const round = await getRound(tx, slot.round_id);
  const standing = act === 'book' ? refusalByStage(held) : undefined;
  if (standing) return { refusal: standing };
  const answer = mayBook({
    round,
    invitation: held.invitation,
    person,
    doses: await readDoses(tx, person.personKey),
    slot: {
      roundId: slot.round_id,
      product: slot.product,
      sessionDate: slot.session_date,
      startsAt: slot.starts_at.toISOString(),
    },
    now: person.now,
  });
  if (!answer.ok) return { refusal: answer.refusal };
  return { doseNumber: answer.value.doseNumber, window: answer.value.window, stage: held.stage };
}

/** Why someone at that stage of the round cannot book; undefined where the rules of the window decide. */
function refusalByStage({ stage, invitation, appointmentNumber }: Held): Refusal | undefined {
  switch (stage) {
    case null:
    case 'invited':
      return undefined;
    case 'booked':
      return { code: 'alreadyBooked', appointmentNumber: appointmentNumber ?? '' };
    case 'attended':
      return { code: 'alreadyAttended' };
    case 'lapsed':
      return invitation ? { code: 'bookingClosed', closedAt: invitation.closesAt } : { code: 'notInvited' };
    case 'registered':
    case 'withdrawn':
    case 'missed':
    case 'carriedOver':
      return { code: 'notInvited' };
  }
}

async function heldBy(tx: LedgerTx, personKey: string, roundId: string): Promise<Held> {
  const { rows } = await sql<{
    stage: Stage;
    product: string | null;
    opens_at: Date | null;
    closes_at: Date | null;
    appointment_number: string | null;
  }>`
    select p.stage, i.product, i.opens_at, i.closes_at,
      (select a.appointment_number from appointment a
        where a.person_key = p.person_key and a.round_id = p.round_id and a.status = 'booked') as appointment_number
    from participation p left join invitation i using (person_key, round_id)
    where p.person_key = ${personKey}::uuid and p.round_id = ${roundId}
  `.execute(tx);
  const [row] = rows;
  if (!row) return { stage: null, invitation: null, appointmentNumber: null };
  const { stage, product, opens_at, closes_at, appointment_number: appointmentNumber } = row;
  const invitation =
    product !== null && opens_at && closes_at
      ? { product, opensAt: opens_at.toISOString(), closesAt: closes_at.toISOString() }
      : null;
  return { stage, invitation, appointmentNumber };
}

/** The person's live appointment for that dose, in whatever round: one dose is not promised twice. */
export async function appointmentFor(
  tx: LedgerTx,
  personKey: string,
  doseNumber: number,
): Promise<string | undefined> {
  const row = await tx
    .selectFrom('appointment')
    .select('appointment_number')
    .where('person_key', '=', personKey)
    .where('dose_number', '=', doseNumber)
    .where('status', '=', 'booked')
    .executeTakeFirst();
  return row?.appointment_number;
}

/** Brings the participation to `booked`; where eligibility alone invites, makes it and the right to book first. */
export async function giveRight(
  tx: LedgerTx,
  personKey: string,
  slot: LockedSlot,
  { doseNumber, window, stage }: Right,
): Promise<void> {
  if (stage === null) {
    await tx
      .insertInto('participation')
      .values({
        person_key: personKey,
        round_id: slot.round_id,
        dose_number: doseNumber,
        stage: afterwards(null, 'invite'),
        last_act: 'invite',
      })
      .execute();
  }
  // Someone who cancelled may take another product of a round that does not rank; a ranked one never differs here.
  await sql`
    insert into invitation (person_key, round_id, product, dose_number, opens_at, closes_at)
    values (${personKey}::uuid, ${slot.round_id}, ${slot.product}, ${doseNumber},
      ${window.opensAt}::timestamptz, ${window.closesAt}::timestamptz)
    on conflict (person_key, round_id) do update set product = excluded.product, dose_number = excluded.dose_number,
      opens_at = excluded.opens_at, closes_at = excluded.closes_at
  `.execute(tx);
  await sql`
    update participation set stage = ${afterwards('invited', 'book')}, last_act = 'book', stage_since = ledger_now(),
      dose_number = ${doseNumber}
    where person_key = ${personKey}::uuid and round_id = ${slot.round_id}
  `.execute(tx);
}

/**
 * Gives the right to book back after a cancellation and answers until when it holds. Null when the window has closed:
 * the participation then lapses at once, for the round's own closing step has already passed.
 */
export async function returnRight(
  tx: LedgerTx,
  person: LockedPerson,
  roundId: string,
): Promise<Instant | null> {
  await changeStage(tx, person.personKey, roundId, 'cancel', afterwards('booked', 'cancel'));
  const { rows } = await sql<{ closes_at: Date }>`
    update invitation set reopened_at = ledger_now()
    where person_key = ${person.personKey}::uuid and round_id = ${roundId}
    returning closes_at
  `.execute(tx);
  const closesAt = rows[0]?.closes_at.toISOString();
  if (closesAt !== undefined && Date.parse(person.now) < Date.parse(closesAt)) return closesAt;
  await changeStage(tx, person.personKey, roundId, 'lapse', afterwards('invited', 'lapse'));
  return null;
}

function afterwards(from: Stage | null, act: Act): Stage {
  const stage = stageAfter(from, act);
  if (!stage) throw new Error(`the lifecycle has no ${act} from ${from ?? 'nothing'}`);
  return stage;
}
