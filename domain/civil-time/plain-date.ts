/** Civil dates and hours as people in Taiwan keep them; the island has one time zone and no daylight saving. */

/** A civil date `YYYY-MM-DD` (Asia/Taipei). */
export type PlainDate = string & { readonly __plainDate?: never };

/** A UTC instant, ISO 8601 with `Z`, millisecond precision. */
export type Instant = string & { readonly __instant?: never };

const taipeiOffsetMs = 8 * 3_600_000;
const dayMs = 86_400_000;

/** The civil date in Taipei at `instant`. */
export function taipeiDateOf(instant: Instant): PlainDate {
  return new Date(Date.parse(instant) + taipeiOffsetMs).toISOString().slice(0, 10);
}

/** The instant at which `date` reaches `minutes` past midnight in Taipei. */
export function taipeiInstant(date: PlainDate, minutes: number): Instant {
  return new Date(Date.parse(`${date}T00:00:00.000Z`) - taipeiOffsetMs + minutes * 60_000).toISOString();
}

/** `date` plus `days` (may be negative). */
export function addDays(date: PlainDate, days: number): PlainDate {
  return new Date(Date.parse(`${date}T00:00:00.000Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** `instant` plus `ms`. */
export function addMs(instant: Instant, ms: number): Instant {
  return new Date(Date.parse(instant) + ms).toISOString();
}

/** The later of two instants. */
export function laterOf(a: Instant, b: Instant): Instant {
  return Date.parse(a) >= Date.parse(b) ? a : b;
}

/**
 * Full years of age on `on`. Someone born on 29 February comes of age on 28 February's next day (1 March) in
 * common years, as Taiwan's Civil Code counts (art. 124 with art. 121: the day before the corresponding day ends the year).
 */
export function ageOn(birthDate: PlainDate, on: PlainDate): number {
  const years = Number(on.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return on.slice(5) >= birthDate.slice(5) ? years : years - 1;
}

/** True for a real date of the calendar written `YYYY-MM-DD`. */
export function isPlainDate(text: string): text is PlainDate {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const parsed = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(text);
}
