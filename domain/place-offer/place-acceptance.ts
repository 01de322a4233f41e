/** Whether a place outside the ranking's invitations (freed, or left over at closing) may be given to a person. */
import {
  ageInRound,
  bookingWindowFor,
  mayBook,
  type InvitationGiven,
  type SlotWished,
} from '../booking/booking-rules';
import type { Instant } from '../civil-time/plain-date';
import { refused, type Outcome } from '../refusal/refusals';
import { groupInRound } from '../round/round';

type BookingFacts = Parameters<typeof mayBook>[0];

/** What is known of the person and the round. */
export type PlaceFacts = Pick<
  BookingFacts,
  'round' | 'person' | 'doses' | 'consents' | 'mixedIntent' | 'now'
>;

/** What is granted: the dose that it will be, and the booking window of the person's age. */
export interface PlaceGranted {
  readonly doseNumber: number;
  readonly window: InvitationGiven;
}

/**
 * May this place be given to the person until `until`? The offer stands for the invitation; every other rule of
 * booking (groups, ages, interval, consent, mixed intent, nothing before the opening for that age) holds as it stands
 * in `mayBook`. The end of the booking window does not count: most places are given back after it.
 */
export function mayBeGivenPlace(facts: PlaceFacts, slot: SlotWished, until: Instant): Outcome<PlaceGranted> {
  const { round, person } = facts;
  if (groupInRound(round, person.priorityGroups) === undefined) return refused({ code: 'notInOpenGroup' });
  const band = bookingWindowFor(round, slot.product, ageInRound(round, person.birthDate));
  if (!band) return refused({ code: 'notInvited' });
  const window = { product: slot.product, opensAt: band.opensAt, closesAt: band.closesAt };
  const answer = mayBook({
    ...facts,
    // The place itself invites; whether the round ranks or not makes no difference here.
    round: { ...round, kind: 'rankThenInvite' },
    invitation: { ...window, closesAt: until },
    slot,
  });
  return answer.ok ? { ok: true, value: { doseNumber: answer.value.doseNumber, window } } : answer;
}
