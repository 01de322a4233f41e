/** A day as people in Taiwan type it: year, month and day, the year of the Republic (民國) or of the common era. */
import { isPlainDate, type PlainDate } from './plain-date';

const republicBegins = 1911;
/** Above any year of the Republic that somebody now living was born in, below any year of the common era. */
const lastYearOfRepublic = 200;

export interface TypedDate {
  readonly year: string;
  readonly month: string;
  readonly day: string;
}

/**
 * The day that is meant; `undefined` when there is none. `60`, `060` and `1971` are the same year: no two ways of
 * counting share a number that anybody could mean. Full-width digits are digits.
 */
export function dateAsTyped(typed: TypedDate): PlainDate | undefined {
  const [year, month, day] = [typed.year, typed.month, typed.day].map(digitsOf);
  if (!year || !month || !day) return undefined;
  const counted = Number(year);
  const common = counted < lastYearOfRepublic ? counted + republicBegins : counted;
  const date = `${String(common).padStart(4, '0')}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isPlainDate(date) ? date : undefined;
}

function digitsOf(typed: string): string | undefined {
  const digits = typed.normalize('NFKC').trim();
  return /^\d{1,4}$/.test(digits) ? digits : undefined;
}
