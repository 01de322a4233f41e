/** A small round that begins now, with people of one's own: for journeys that need a timeline to themselves. */
import {
  addDays,
  addMs,
  taipeiDateOf,
  taipeiInstant,
  type Instant,
} from '../../domain/civil-time/plain-date';
import { importFolder } from '../../scripts/import/import-folder';
import {
  syntheticCardNumber,
  syntheticMobile,
  syntheticNationalId,
} from '../../scripts/demo-data/synthetic-numbers';
import type { Walker } from '../../scripts/demo/way';
import { inFolder, type AuthorityFiles } from '../builders/authority-files';

export interface JourneyPerson extends Walker {
  readonly name: string;
}

/** An invented person; the same serial is the same person. */
export function journeyPerson(serial: number, name = '甄健康'): JourneyPerson {
  return {
    name,
    personNumber: syntheticNationalId('Q', 'female', serial),
    cardNumber: syntheticCardNumber(70_000 + serial),
    mobile: syntheticMobile(70_000 + serial),
  };
}

export interface JourneyRound {
  readonly roundId: string;
  readonly kind?: 'rankThenInvite' | 'bookIfEligible';
  readonly people: readonly JourneyPerson[];
  /** Days after today on which the site gives doses. */
  readonly sessionDays?: readonly number[];
  readonly windows?: readonly string[];
  readonly capacity?: number;
}

const minuteMs = 60_000;
/** The site stands in the district in which the walkers look first. */
const site =
  'J1,旅程診所,Journey Clinic,63000020,臺北市信義區旅程路1號,"1 Journey Rd., Taipei",02-0000-0001,,';

/** Loads the round as it is for people who come now: registration is open for half an hour, or booking is open. */
export async function loadJourneyRound(
  databaseUrl: string,
  now: Instant,
  round: JourneyRound,
): Promise<void> {
  await inFolder(filesOf(now, round), (folder) => importFolder(databaseUrl, folder));
}

function filesOf(now: Instant, round: JourneyRound): AuthorityFiles {
  const { roundId, kind = 'rankThenInvite', people, capacity = 3 } = round;
  const { sessionDays = [2, 3], windows = ['09:00-12:00', '14:00-17:00', '18:00-20:00'] } = round;
  const today = taipeiDateOf(now);
  const dates = sessionDays.map((day) => addDays(today, day));
  const ranked = kind === 'rankThenInvite';
  const opensAt = addMs(now, ranked ? 60 * minuteMs : -minuteMs);
  const content = {
    ...{ roundId, kind, nameZh: '旅程期', nameEn: 'Journey round', openGroups: [9] },
    ...{ allProductsPreselected: true, ageReckonedOn: today, products: ['Moderna'] },
    ...(ranked
      ? {
          registration: {
            opensAt: addMs(now, -minuteMs),
            endsAt: addMs(now, 30 * minuteMs),
            settlesAt: addMs(now, 40 * minuteMs),
          },
        }
      : {}),
    sessionDates: { first: dates[0], last: dates.at(-1) },
    vaccines: [{ product: 'Moderna', nameZh: '莫德納疫苗', nameEn: 'Moderna' }],
    doseIntervals: [{ from: 'Moderna', to: 'Moderna', doseNumber: 2, days: 28 }],
    bookingWindows: [
      {
        ...{ product: 'Moderna', ageFrom: 18, ageTo: 150, opensAt },
        closesAt: taipeiInstant(dates.at(-1) ?? today, 8 * 60),
      },
    ],
  };
  return {
    round: JSON.stringify(content),
    sites: ['site_id,name_zh,name_en,district_code,address_zh,address_en,phone,note_zh,note_en', site],
    sessions: [
      'site_id,date,window,product,capacity',
      ...dates.flatMap((date) => windows.map((window) => `J1,${date},${window},Moderna,${String(capacity)}`)),
    ],
    supply: ['product,county_code,doses', 'Moderna,63000,1000'],
    people: [
      'numbers,name,birth_date,card_number,priority_groups,previous_doses,mobile_contract',
      ...people.map(
        ({ personNumber, name, cardNumber, mobile }) =>
          `${personNumber},"${name}",1980-05-17,${cardNumber},9,,${mobile}`,
      ),
    ],
  };
}
