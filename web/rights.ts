/** What a person may book, of which round, when, as which dose: from their invitations and the open rounds. */
import type { FastifyInstance } from 'fastify';

import {
  ageInRound,
  bookingWindowFor,
  nextDoseNumber,
  permittedProducts,
} from '../domain/booking/booking-rules';
import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import type { ParticipationFacts } from '../domain/lifecycle/snapshot';
import type { Refusal } from '../domain/refusal/refusals';
import { groupInRound, type Round } from '../domain/round/round';
import { readSnapshots } from '../ledger/snapshot';
import type { CitizenPage } from './citizen-page';

/** A product that a person may book within its window. */
export interface BookingRight {
  readonly round: Round;
  readonly product: string;
  readonly doseNumber: number;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  /** First day on which the interval after the previous dose is over; `null` without one. */
  readonly earliestOn: PlainDate | null;
}

/** The rights whose windows have not closed, those open now first; and why there are none. */
export interface BookingRights {
  readonly open: readonly BookingRight[];
  readonly coming: readonly BookingRight[];
  readonly refusal: Refusal;
}

/** Works out the rights of the signed-in person. */
export async function bookingRights(app: FastifyInstance, page: CitizenPage): Promise<BookingRights> {
  const snapshot = (await readSnapshots(app.ledger.db, [page.personKey])).get(page.personKey);
  const parts = new Map(snapshot?.participations.map((part) => [part.roundId, part]) ?? []);
  const rights = page.rounds.flatMap((round) => rightsIn(round, parts.get(round.roundId), page));
  const at = Date.parse(page.now);
  const live = rights.filter(({ closesAt }) => at < Date.parse(closesAt));
  return {
    open: live.filter(({ opensAt }) => Date.parse(opensAt) <= at),
    coming: live.filter(({ opensAt }) => at < Date.parse(opensAt)),
    refusal: whyNone(rights, [...parts.values()]),
  };
}

function rightsIn(
  round: Round,
  part: ParticipationFacts | undefined,
  page: CitizenPage,
): readonly BookingRight[] {
  const { person } = page;
  if (part && part.stage !== 'invited') return [];
  const doseNumber = part?.doseNumber ?? nextDoseNumber(person.lastDose);
  const permitted = permittedProducts(round, person.lastDose);
  if (round.kind === 'rankThenInvite') {
    const invitation = part?.invitation;
    if (!invitation) return [];
    const earliestOn = permitted.find(({ product }) => product === invitation.product)?.earliestOn ?? null;
    const { product, opensAt, closesAt } = invitation;
    return [{ round, product, doseNumber, opensAt, closesAt, earliestOn }];
  }
  if (groupInRound(round, person.priorityGroups) === undefined) return [];
  return permitted.flatMap(({ product, earliestOn }) => {
    const window = bookingWindowFor(round, product, ageInRound(round, person.birthDate));
    if (!window) return [];
    return [{ round, product, doseNumber, opensAt: window.opensAt, closesAt: window.closesAt, earliestOn }];
  });
}

function whyNone(rights: readonly BookingRight[], parts: readonly ParticipationFacts[]): Refusal {
  const closedAt = rights
    .map(({ closesAt }) => closesAt)
    .sort()
    .at(-1);
  if (closedAt !== undefined) return { code: 'bookingClosed', closedAt };
  if (parts.some(({ stage }) => stage === 'attended')) return { code: 'alreadyAttended' };
  return { code: 'notInvited' };
}
