/** Doses left over at closing time (剩餘疫苗): for which days one may ask, and from when on a site may phone. */
import {
  addDays,
  addMs,
  taipeiDateOf,
  taipeiInstant,
  type Instant,
  type PlainDate,
} from '../civil-time/plain-date';

const minuteMs = 60_000;

/** So long before the end of the day's last window a site knows what will be left over. */
export const callBeforeEndMs = 30 * minuteMs;
/** How long who says that they come has to get there. */
export const comeWithinMs = 120 * minuteMs;

/** The days for which one may ask: today and tomorrow. */
export function leftoverDays(now: Instant): readonly PlainDate[] {
  const today = taipeiDateOf(now);
  return [today, addDays(today, 1)];
}

/** From when on the site may phone, given the end of its last window of the day. */
export function leftoverCallFrom(lastEndsAt: Instant): Instant {
  return addMs(lastEndsAt, -callBeforeEndMs);
}

/** Until when a dose left over on `day` may be given. */
export function leftoverUntil(day: PlainDate): Instant {
  return taipeiInstant(addDays(day, 1), 0);
}

/** What came of a person's turn on the phone. `passedOver`: the dose may not be given to them that day. */
export const leftoverResults = ['coming', 'declined', 'noAnswer', 'passedOver'] as const;
export type LeftoverResult = (typeof leftoverResults)[number];
