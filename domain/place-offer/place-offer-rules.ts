/**
 * The waiting list (候補): when a place that was given back is offered to whom, how long an offer stands, and when
 * the place is given back to everybody.
 */
import { addDays, addMs, taipeiDateOf, taipeiInstant, type Instant } from '../civil-time/plain-date';
import { atCivilHour, civilHours } from '../lifecycle/obligations';
import type { Stage } from '../lifecycle/transitions';
import { accepted, refused, type Outcome } from '../refusal/refusals';
import type { Round } from '../round/round';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** How long one has to answer, counted in civil hours only: nobody loses a place while asleep. */
export const answerWithinMs = 2 * hourMs;
/** Where the window is near, half the time that is left, so that somebody else still gets a turn; never less than this. */
export const shortestAnswerMs = 30 * minuteMs;
/** So long before its window begins the place goes back to everybody: whoever accepts has to get there. */
export const travelMs = 2 * hourMs;
/** After so many offers in a row without an answer one leaves the list, so that the others do not wait in vain. */
export const unansweredBeforeLeaving = 2;

export interface OfferTimes {
  /** Now, or the next 09:00. */
  readonly offerAt: Instant;
  readonly expiresAt: Instant;
}

/**
 * When a place whose window begins at `startsAt` can next be offered, and until when that offer would stand; null when
 * too little time is left for anybody to answer and get there.
 */
export function nextOfferTimes(startsAt: Instant, now: Instant): OfferTimes | null {
  const offerAt = atCivilHour(now);
  const heldUntil = addMs(startsAt, -travelMs);
  const left = civilMsBetween(offerAt, heldUntil);
  if (left < shortestAnswerMs) return null;
  const answerMs = Math.min(answerWithinMs, Math.max(shortestAnswerMs, Math.floor(left / 2)));
  return { offerAt, expiresAt: addCivilMs(offerAt, answerMs) };
}

/** Civil milliseconds (09:00–20:00 Taipei) from `from` to `to`; 0 when `to` is not after `from`. */
function civilMsBetween(from: Instant, to: Instant): number {
  let total = 0;
  for (let at = atCivilHour(from); Date.parse(at) < Date.parse(to); at = nextOpening(at)) {
    total += Math.min(Date.parse(closing(at)), Date.parse(to)) - Date.parse(at);
  }
  return total;
}

/** The instant at which `ms` of civil time have passed since `from`, itself in civil hours. */
function addCivilMs(from: Instant, ms: number): Instant {
  let at = atCivilHour(from);
  for (let left = ms; ;) {
    const today = Date.parse(closing(at)) - Date.parse(at);
    if (left <= today) return addMs(at, left);
    left -= today;
    at = nextOpening(at);
  }
}

const closing = (at: Instant): Instant => taipeiInstant(taipeiDateOf(at), civilHours.toMinute);
const nextOpening = (at: Instant): Instant =>
  taipeiInstant(addDays(taipeiDateOf(at), 1), civilHours.fromMinute);

/**
 * May someone at `stage` of `round` ask for freed places at `now`? Only who registered and was not invited, once the
 * round is settled: before that it is not known who needs it, and asking early must be worth nothing.
 */
export function mayJoinWaitingList(
  round: Round,
  stage: Stage | null,
  settled: boolean,
): Outcome<{ readonly joins: true }> {
  if (round.kind !== 'rankThenInvite' || stage === null || stage === 'withdrawn' || stage === 'carriedOver') {
    return refused({ code: 'notRegistered' });
  }
  if (stage === 'attended') return refused({ code: 'alreadyAttended' });
  if (stage !== 'registered' && stage !== 'offered') return refused({ code: 'waitingListNotNeeded' });
  if (!settled) return refused({ code: 'waitingListNotOpenYet', opensAt: round.settlesAt ?? '' });
  return accepted({ joins: true });
}
