/** The right to book in a round: what the person holds, what it lets them take, and its return by a cancellation. */
import { sql } from 'kysely';

import {
  lastDoseOf,
  mayBook,
  permittedProducts,
  type DoseGiven,
  type InvitationGiven,
  type PersonFacts,
} from '../domain/booking/booking-rules';
import { taipeiInstant, type Instant } from '../domain/civil-time/plain-date';
import type { ParentalConsent } from '../domain/consent/parental-consent';
import { stageAfter, type Act, type Stage } from '../domain/lifecycle/transitions';
import type { Refusal } from '../domain/refusal/refusals';
import type { Round } from '../domain/round/round';
import type { LockedSlot } from './booking-places';
import { changeStage, type LockedPerson } from './citizen-command';
import type { LedgerReader, LedgerTx } from './database';
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
export interface Standing {
  readonly stage: Stage | null;
  readonly invitation: InvitationGiven | null;
  readonly doses: readonly DoseGiven[];
  readonly consents: readonly ParentalConsent[];
  readonly mixedIntent: boolean;
  /** Live appointments in whatever round. */
  readonly live: readonly {
    readonly appointmentNumber: string;
    readonly roundId: string;
    readonly doseNumber: number;
  }[];
}

/** The window asked for, as far as the right to it goes by it. */
export type SlotAsked = Pick<LockedSlot, 'round_id' | 'product' | 'session_date' | 'starts_at'> &
  Partial<Pick<LockedSlot, 'closed_at'>>;

/**
 * Does the person's right let them book, or move to, this slot at `now`? Nothing is taken before the window opens, by
 * whatever route; the stage must allow the act; and one dose is not promised twice, not in two rounds either.
 */
export function rightTo(
  act: 'book' | 'move',
  slot: SlotAsked,
  facts: {
    readonly standing: Standing;
    readonly round: Round;
    readonly person: PersonFacts;
    readonly now: Instant;
  },
): Right | { readonly refusal: Refusal } {
  const { standing, round, person, now } = facts;
  const byStage = act === 'book' ? refusalByStage(standing, slot.round_id) : undefined;
  if (byStage) return { refusal: byStage };
  const answer = mayBook({
    round,
    invitation: standing.invitation,
    person,
    doses: standing.doses,
    consents: standing.consents,
    mixedIntent: standing.mixedIntent,
    slot: {
      roundId: slot.round_id,
      product: slot.product,
      sessionDate: slot.session_date,
      startsAt: slot.starts_at.toISOString(),
      closed: slot.closed_at instanceof Date,
    },
    now,
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

/** The same for the locked person of a transaction, whose facts are read here. */
export async function mayTake(
  tx: LedgerTx,
  person: LockedPerson,
  slot: LockedSlot,
  act: 'book' | 'move',
): Promise<Right | { readonly refusal: Refusal }> {
  const standing = await standingOf(tx, person.personKey, slot.round_id);
  const round = await getRound(tx, slot.round_id);
  return rightTo(act, slot, { standing, round, person, now: person.now });
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
    case 'offered':
    case 'withdrawn':
    case 'missed':
    case 'carriedOver':
      return { code: 'notInvited' };
  }
}

/** What the person has and holds in a round; what is decided on it is read with the person locked. */
export async function standingOf(tx: LedgerReader, personKey: string, roundId: string): Promise<Standing> {
  const { rows } = await sql<{
    stage: Stage | null;
    product: string | null;
    opens_at: Date | null;
    closes_at: Date | null;
    doses: Standing['doses'] | null;
    consents: Standing['consents'] | null;
    mixed_intent: boolean;
    live: Standing['live'] | null;
  }>`
    select p.stage, i.product, i.opens_at, i.closes_at,
      (select json_agg(json_build_object('doseNumber', d.dose_number, 'product', d.product, 'givenOn', d.given_on))
        from dose d where d.person_key = who.person_key) as doses,
      (select json_agg(json_build_object('product', c.product, 'consentedOn', c.consented_on))
        from parental_consent c where c.person_key = who.person_key and c.revoked_at is null) as consents,
      exists (select from registration r where r.person_key = who.person_key and r.round_id = ${roundId}
        and r.withdrawn_at is null and r.mixed_intent) as mixed_intent,
      (select json_agg(json_build_object('appointmentNumber', a.appointment_number, 'roundId', a.round_id,
          'doseNumber', a.dose_number))
        from appointment a where a.person_key = who.person_key and a.status = 'booked') as live
    from (select ${personKey}::uuid as person_key) who
    left join participation p on p.person_key = who.person_key and p.round_id = ${roundId}
    left join invitation i on i.person_key = p.person_key and i.round_id = p.round_id
  `.execute(tx);
  const [row] = rows;
  if (!row) throw new Error('a query without a condition on its first row has one');
  const { stage, product, opens_at, closes_at, doses, consents, mixed_intent: mixedIntent, live } = row;
  const invitation =
    product !== null && opens_at && closes_at
      ? { product, opensAt: opens_at.toISOString(), closesAt: closes_at.toISOString() }
      : null;
  return { stage, invitation, doses: doses ?? [], consents: consents ?? [], mixedIntent, live: live ?? [] };
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

/** Where the act leads; throws where the lifecycle does not name it. */
export function afterwards(from: Stage | null, act: Act): Stage {
  const stage = stageAfter(from, act);
  if (!stage) throw new Error(`the lifecycle has no ${act} from ${from ?? 'nothing'}`);
  return stage;
}
