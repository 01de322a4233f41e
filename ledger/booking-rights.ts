/** The right to book in a round: what the person holds, what it lets them take, and its return by a cancellation. */
import { sql } from 'kysely';

import {
  lastDoseOf,
  mayBook,
  permittedProducts,
  type DoseGiven,
  type InvitationGiven,
} from '../domain/booking/booking-rules';
import { taipeiInstant, type Instant } from '../domain/civil-time/plain-date';
import { stageAfter, type Act, type Stage } from '../domain/lifecycle/transitions';
import type { Refusal } from '../domain/refusal/refusals';
import type { LockedSlot } from './booking-places';
import { changeStage, type LockedPerson } from './citizen-command';
import type { LedgerTx } from './database';
import { getRound } from './round';

/** A right that was found good for the slot asked for. */
export interface Right {
  readonly doseNumber: number;
  readonly window: InvitationGiven;
  /** From when on the product may be given to the person; null without a dose before it. */
  readonly earliestAt: Instant | null;
  /** What has to be made before the participation can be `booked`; a settlement has made both already. */
  readonly toMake: 'participationAndInvitation' | 'invitation' | 'nothing';
}

/** What the person has and holds before the act. */
interface Standing {
  readonly stage: Stage | null;
  readonly invitation: InvitationGiven | null;
  readonly doses: readonly DoseGiven[];
  /** Live appointments in whatever round. */
  readonly live: readonly {
    readonly appointmentNumber: string;
    readonly roundId: string;
    readonly doseNumber: number;
  }[];
}

/**
 * Does the person's right let them book, or move to, this slot? Nothing is taken before the window opens, by whatever
 * route; the stage must allow the act; and one dose is not promised twice, not in two rounds either.
 */
export async function mayTake(
  tx: LedgerTx,
  person: LockedPerson,
  slot: LockedSlot,
  act: 'book' | 'move',
): Promise<Right | { readonly refusal: Refusal }> {
  const standing = await standingOf(tx, person.personKey, slot.round_id);
  const byStage = act === 'book' ? refusalByStage(standing, slot.round_id) : undefined;
  if (byStage) return { refusal: byStage };
  const round = await getRound(tx, slot.round_id);
  const answer = mayBook({
    round,
    invitation: standing.invitation,
    person,
    doses: standing.doses,
    slot: {
      roundId: slot.round_id,
      product: slot.product,
      sessionDate: slot.session_date,
      startsAt: slot.starts_at.toISOString(),
    },
    now: person.now,
  });
  if (!answer.ok) return { refusal: answer.refusal };
  const { doseNumber, window } = answer.value;
  const other = standing.live.find((appointment) => appointment.doseNumber === doseNumber);
  if (act === 'book' && other) {
    return { refusal: { code: 'alreadyBooked', appointmentNumber: other.appointmentNumber } };
  }
  const earliestOn = permittedProducts(round, lastDoseOf(standing.doses)).find(
    ({ product }) => product === slot.product,
  )?.earliestOn;
  const missing = standing.stage === null ? 'participationAndInvitation' : 'invitation';
  return {
    doseNumber,
    window,
    earliestAt: earliestOn ? taipeiInstant(earliestOn, 0) : null,
    toMake: round.kind === 'bookIfEligible' ? missing : 'nothing',
  };
}

/** Why someone at that stage of the round cannot book; undefined where the rules of the window decide. */
function refusalByStage({ stage, invitation, live }: Standing, roundId: string): Refusal | undefined {
  switch (stage) {
    case null:
    case 'invited':
      return undefined;
    case 'booked':
      return {
        code: 'alreadyBooked',
        appointmentNumber:
          live.find((appointment) => appointment.roundId === roundId)?.appointmentNumber ?? '',
      };
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

async function standingOf(tx: LedgerTx, personKey: string, roundId: string): Promise<Standing> {
  const { rows } = await sql<{
    stage: Stage | null;
    product: string | null;
    opens_at: Date | null;
    closes_at: Date | null;
    doses: Standing['doses'] | null;
    live: Standing['live'] | null;
  }>`
    select p.stage, i.product, i.opens_at, i.closes_at,
      (select json_agg(json_build_object('doseNumber', d.dose_number, 'product', d.product, 'givenOn', d.given_on))
        from dose d where d.person_key = who.person_key) as doses,
      (select json_agg(json_build_object('appointmentNumber', a.appointment_number, 'roundId', a.round_id,
          'doseNumber', a.dose_number))
        from appointment a where a.person_key = who.person_key and a.status = 'booked') as live
    from (select ${personKey}::uuid as person_key) who
    left join participation p on p.person_key = who.person_key and p.round_id = ${roundId}
    left join invitation i on i.person_key = p.person_key and i.round_id = p.round_id
  `.execute(tx);
  const [row] = rows;
  if (!row) throw new Error('a query without a condition on its first row has one');
  const { stage, product, opens_at, closes_at, doses, live } = row;
  const invitation =
    product !== null && opens_at && closes_at
      ? { product, opensAt: opens_at.toISOString(), closesAt: closes_at.toISOString() }
      : null;
  return { stage, invitation, doses: doses ?? [], live: live ?? [] };
}

/** Brings the participation to `booked`; where eligibility alone invites, makes it and the right to book first. */
export async function giveRight(
  tx: LedgerTx,
  personKey: string,
  slot: LockedSlot,
  { doseNumber, window, toMake }: Right,
): Promise<void> {
  if (toMake === 'participationAndInvitation') {
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
  if (toMake !== 'nothing') {
    // Someone who cancelled may come back for another product of the round.
    await sql`
      insert into invitation (person_key, round_id, product, dose_number, opens_at, closes_at)
      values (${personKey}::uuid, ${slot.round_id}, ${slot.product}, ${doseNumber},
        ${window.opensAt}::timestamptz, ${window.closesAt}::timestamptz)
      on conflict (person_key, round_id) do update set product = excluded.product,
        dose_number = excluded.dose_number, opens_at = excluded.opens_at, closes_at = excluded.closes_at
    `.execute(tx);
  }
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
