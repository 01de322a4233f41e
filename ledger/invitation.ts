/** What a person may book: from their invitations, and from the open rounds that invite by eligibility alone. */
import {
  ageInRound,
  bookingWindowFor,
  lastDoseOf,
  nextDoseNumber,
  permittedProducts,
} from '../domain/booking/booking-rules';
import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import type { ParticipationFacts } from '../domain/lifecycle/snapshot';
import type { RefusalCode } from '../domain/refusal/refusals';
import { groupInRound, type Round } from '../domain/round/round';
import type { Ledger } from './database';
import { readDoses } from './person';
import { readSnapshots } from './snapshot';

/** A product that a person may book within its window. */
export interface BookingRight {
  readonly roundId: string;
  readonly product: string;
  readonly doseNumber: number;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  /** First day on which the interval after the previous dose is over; `null` without one. */
  readonly earliestOn: PlainDate | null;
}

export interface BookingRights {
  /** Rights whose window has not closed, those that open first in front. */
  readonly rights: readonly BookingRight[];
  /** Why nothing can be booked at this instant; `null` when something can. */
  readonly reason: RefusalCode | null;
}

/** The person's rights to book in `rounds` at `now`. */
export async function readBookingRights(
  ledger: Ledger,
  personKey: string,
  rounds: readonly Round[],
  now: Instant,
): Promise<BookingRights> {
  const { birth_date: birthDate, priority_groups: priorityGroups } = await ledger.db
    .selectFrom('person')
    .select(['birth_date', 'priority_groups'])
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();
  const person = { birthDate, priorityGroups, doses: await readDoses(ledger.db, personKey) };
  const snapshot = (await readSnapshots(ledger.db, [personKey])).get(personKey);
  const parts = new Map(snapshot?.participations.map((part) => [part.roundId, part]) ?? []);
  const all = rounds.flatMap((round) => rightsIn(round, parts.get(round.roundId), person));
  const rights = all
    .filter(({ closesAt }) => Date.parse(now) < Date.parse(closesAt))
    .sort((a, b) => Date.parse(a.opensAt) - Date.parse(b.opensAt));
  return { rights, reason: reasonFor(rights, all.length > 0, [...parts.values()], now) };
}

function rightsIn(
  round: Round,
  part: ParticipationFacts | undefined,
  person: {
    readonly birthDate: PlainDate;
    readonly priorityGroups: readonly number[];
    readonly doses: Awaited<ReturnType<typeof readDoses>>;
  },
): readonly BookingRight[] {
  if (part && part.stage !== 'invited') return [];
  const lastDose = lastDoseOf(person.doses);
  const doseNumber = part?.doseNumber ?? nextDoseNumber(lastDose);
  const permitted = permittedProducts(round, lastDose);
  const right = (product: string, window: { opensAt: Instant; closesAt: Instant }): BookingRight => ({
    roundId: round.roundId,
    product,
    doseNumber,
    opensAt: window.opensAt,
    closesAt: window.closesAt,
    earliestOn: permitted.find((candidate) => candidate.product === product)?.earliestOn ?? null,
  });
  if (round.kind === 'rankThenInvite') {
    return part?.invitation ? [right(part.invitation.product, part.invitation)] : [];
  }
  if (groupInRound(round, person.priorityGroups) === undefined) return [];
  return permitted.flatMap(({ product }) => {
    const window = bookingWindowFor(round, product, ageInRound(round, person.birthDate));
    return window ? [right(product, window)] : [];
  });
}

function reasonFor(
  rights: readonly BookingRight[],
  hadRights: boolean,
  parts: readonly ParticipationFacts[],
  now: Instant,
): RefusalCode | null {
  if (rights.some(({ opensAt }) => Date.parse(opensAt) <= Date.parse(now))) return null;
  if (rights.length > 0) return 'bookingNotOpenYet';
  if (parts.some(({ stage }) => stage === 'booked')) return 'alreadyBooked';
  if (parts.some(({ stage }) => stage === 'attended')) return 'alreadyAttended';
  return hadRights ? 'bookingClosed' : 'notInvited';
}
