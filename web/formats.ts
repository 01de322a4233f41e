/** Dates, hours, areas and products as citizens read them: Taipei time, in the language of the page. */
import { findCounty, findDistrict } from '../domain/area/area';
import { taipeiDateOf, type Instant, type PlainDate } from '../domain/civil-time/plain-date';
import type { Language } from './language';

const zone = 'Asia/Taipei';
/** A dash between word joiners: no line ends within `09:00–10:00`. */
const to = '\u2060–\u2060';

const chineseDay = new Intl.DateTimeFormat('zh-TW', {
  timeZone: zone,
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  weekday: 'short',
});
const englishDay = new Intl.DateTimeFormat('en-GB', {
  timeZone: zone,
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});
const civilHour = new Intl.DateTimeFormat('en-GB', {
  timeZone: zone,
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

const civilClock = new Intl.DateTimeFormat('en-GB', {
  timeZone: zone,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** `2026年11月21日（週六）`; in English the month is a word, since 1/2 means two days: `Sat 21 Nov 2026`. */
export function day(date: PlainDate | Instant, language: Language): string {
  const instant = new Date(date.length === 10 ? `${date}T04:00:00.000Z` : date);
  if (language === 'zh') {
    const parts = Object.fromEntries(
      chineseDay.formatToParts(instant).map(({ type, value }) => [type, value]),
    );
    return `${parts['year']}年${parts['month']}月${parts['day']}日（${parts['weekday']}）`;
  }
  return englishDay.format(instant).replace(',', '');
}

/** `14:05`. */
export function hour(instant: Instant): string {
  return civilHour.format(new Date(instant));
}

/** `14:05:09`, for what is over within minutes. */
export function clock(instant: Instant): string {
  return civilClock.format(new Date(instant));
}

/** Day and hour of an instant. */
export function moment(instant: Instant, language: Language): string {
  return language === 'zh'
    ? `${day(instant, language)}${hour(instant)}`
    : `${day(instant, language)}, ${hour(instant)}`;
}

/** Day and hour without the year where it is this year's: for what lies near and stands in narrow places. */
export function nearMoment(instant: Instant, now: Instant, language: Language): string {
  const whole = moment(instant, language);
  const year = taipeiDateOf(instant).slice(0, 4);
  if (year !== taipeiDateOf(now).slice(0, 4)) return whole;
  return language === 'zh' ? whole.replace(`${year}年`, '') : whole.replace(` ${year}`, '');
}

/** `2026年11月21日（週六）09:00–10:00`. */
export function window(startsAt: Instant, endsAt: Instant, language: Language): string {
  return `${moment(startsAt, language)}${to}${hour(endsAt)}`;
}

/** The hours of a window on one day: `09:00–10:00`. */
export function hours(startsAt: Instant, endsAt: Instant): string {
  return `${hour(startsAt)}${to}${hour(endsAt)}`;
}

/** `臺北市大安區`, `Da'an District, Taipei City`; the code itself when no district has it. */
export function area(districtCode: string, language: Language): string {
  const district = findDistrict(districtCode);
  const county = district && findCounty(district.countyCode);
  if (!district || !county) return districtCode;
  return language === 'zh' ? `${county.zh}${district.zh}` : `${district.en}, ${county.en}`;
}

/** The county's name; the code itself when no county has it. */
export function countyName(countyCode: string, language: Language): string {
  return findCounty(countyCode)?.[language] ?? countyCode;
}

/** A number of ten digits in the groups people read aloud: `0912 345 678`. */
export function spokenNumber(mobile: string): string {
  return mobile.replace(/^(\d{4})(\d{3})(\d{3})$/, '$1 $2 $3');
}

/** Words of a list: `AZ、莫德納` or `AZ, Moderna`. */
export function list(words: readonly string[], language: Language): string {
  return words.join(language === 'zh' ? '、' : ', ');
}
