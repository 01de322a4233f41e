/** Dates and hours as text messages write them: Taipei civil time, `2021/07/16 08:00~09:00`. */
import { taipeiDateOf, type Instant, type PlainDate } from '../civil-time/plain-date';

interface Words {
  readonly zh: string;
  readonly en: string;
}

const monthsEn = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const taipeiOffsetMs = 8 * 3_600_000;

/** `2021/07/16`, `16 Jul 2021`. */
export function civilDate(date: PlainDate): Words {
  const [year = '', month = '', day = ''] = date.split('-');
  return {
    zh: `${year}/${month}/${day}`,
    en: `${Number(day)} ${monthsEn[Number(month) - 1] ?? month} ${year}`,
  };
}

/** The clock in Taipei: `08:00`. */
export function clockTime(instant: Instant): string {
  return new Date(Date.parse(instant) + taipeiOffsetMs).toISOString().slice(11, 16);
}

/** `2021/07/16 08:00`, `16 Jul 2021 08:00`. */
export function civilTime(instant: Instant): Words {
  const date = civilDate(taipeiDateOf(instant));
  return { zh: `${date.zh} ${clockTime(instant)}`, en: `${date.en} ${clockTime(instant)}` };
}

/** `2021/07/16 08:00~09:00`, `16 Jul 2021 08:00-09:00`. */
export function civilWindow(window: { readonly startsAt: Instant; readonly endsAt: Instant }): Words {
  const from = civilTime(window.startsAt);
  return { zh: `${from.zh}~${clockTime(window.endsAt)}`, en: `${from.en}-${clockTime(window.endsAt)}` };
}
