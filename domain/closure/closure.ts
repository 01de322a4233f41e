/** A closure: days on which the authority closes sites, a typhoon day above all, and what those who had booked keep. */
import { addMs, laterOf, type Instant, type PlainDate } from '../civil-time/plain-date';

export const closureReasons = [
  /** 颱風停班停課 */
  'typhoon',
  /** 其他天然災害 */
  'disaster',
  /** 施打站無法開設 */
  'siteUnavailable',
] as const;

/** Why windows are closed; people read it in the text and on their page. */
export type ClosureReason = (typeof closureReasons)[number];

/** What is closed: every window on these days at the sites of these areas, and at the sites named. */
export interface ClosureScope {
  readonly countyCodes: readonly string[];
  readonly districtCodes: readonly string[];
  readonly siteIds: readonly string[];
  readonly dates: readonly PlainDate[];
}

const dayMs = 86_400_000;

/** Whoever loses an appointment by a closure has at least so many days to book again. */
export const rebookingDays = 7;

/**
 * Until when those whose appointments are cancelled at `now` may book again: their windows have mostly ended by then,
 * and a right that cannot be used would be none.
 */
export function rebookUntil(now: Instant, lastClosedDayEndsAt: Instant): Instant {
  return addMs(laterOf(now, lastClosedDayEndsAt), rebookingDays * dayMs);
}
