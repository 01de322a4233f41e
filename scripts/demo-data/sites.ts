/** Invented places that give doses in all counties, with their sessions and each county's supply. */
import { counties, districtsOf, type County, type District } from '../../domain/area/area';
import { addDays, type PlainDate } from '../../domain/civil-time/plain-date';
import type { RoundFile } from '../import/round-file';
import { sessionDays } from './rounds';
import { seededChoice, type SeededChoice } from './seeded-choice';

export const siteColumns = [
  ...(['site_id', 'name_zh', 'name_en', 'district_code', 'address_zh', 'address_en'] as const),
  ...(['phone', 'note_zh', 'note_en'] as const),
] as const;
export type SiteRecord = Readonly<Record<(typeof siteColumns)[number], string>>;

export const sessionColumns = ['site_id', 'date', 'window', 'product', 'capacity'] as const;
export type SessionRecord = Readonly<Record<(typeof sessionColumns)[number], string | number>>;

export const supplyColumns = ['product', 'county_code', 'doses'] as const;
export type SupplyRecord = Readonly<Record<(typeof supplyColumns)[number], string | number>>;

/** Beside one in every county, this many more sites are spread over the districts. */
const spreadSites = 178;

const kindsOfSite = [
  {
    zh: '示範診所',
    en: 'Demonstration Clinic',
    noteZh: '請提早十分鐘報到。',
    noteEn: 'Please come ten minutes early.',
  },
  { zh: '示範衛生所', en: 'Demonstration Public Health Centre', noteZh: '', noteEn: '' },
  {
    zh: '示範醫院',
    en: 'Demonstration Hospital',
    noteZh: '門診大樓一樓。',
    noteEn: 'Ground floor of the outpatient building.',
  },
  {
    zh: '示範活動中心',
    en: 'Demonstration Community Centre',
    noteZh: '備有輪椅坡道。',
    noteEn: 'Wheelchair ramp available.',
  },
] as const;

/** Some 200 sites, the same at every time. */
export function demonstrationSites(): SiteRecord[] {
  const choice = seededChoice(19_950_301);
  const first = counties.map((county) => choice.oneOf(districtsOf(county.code)));
  const others = choice.several(
    counties.flatMap(({ code }) => districtsOf(code)).filter((district) => !first.includes(district)),
    spreadSites,
  );
  return [...first, ...others]
    .sort((a, b) => a.code.localeCompare(b.code))
    .map((district, index) => siteIn(countyOf(district), district, index + 1, choice));
}

function countyOf(district: District): County {
  const county = counties.find(({ code }) => code === district.countyCode);
  if (!county) throw new Error(`district ${district.code} has no county`);
  return county;
}

function siteIn(county: County, district: District, serial: number, choice: SeededChoice): SiteRecord {
  const kind = choice.oneOf(kindsOfSite);
  const houseNumber = choice.integer(1, 300);
  // 東區 keeps its last character: 東示範診所 would not read as a name.
  const shortZh = district.zh.length > 2 ? district.zh.slice(0, -1) : district.zh;
  return {
    site_id: `D${String(serial).padStart(4, '0')}`,
    name_zh: `${shortZh}${kind.zh}`,
    name_en: `${district.en.replace(/ (District|Township|City)$/, '')} ${kind.en}`,
    district_code: district.code,
    address_zh: `${county.zh}${district.zh}示範路${houseNumber}號`,
    address_en: `No. ${houseNumber}, Demonstration Rd., ${district.en}, ${county.en}`,
    // No Taiwan subscriber number begins with 0, so nobody is called by mistake.
    phone: `02-0000-${String(serial).padStart(4, '0')}`,
    note_zh: kind.noteZh,
    note_en: kind.noteEn,
  };
}

const windows = ['09:00-12:00', '14:00-17:00', '18:00-20:30'] as const;
const mostSites = 0.6;

/** Sessions of a round: every site on some days, with places for few, so that windows fill up when it is tried out. */
export function demonstrationSessions(
  sites: readonly SiteRecord[],
  round: RoundFile,
  seed: number,
): SessionRecord[] {
  const choice = seededChoice(seed);
  const days = Array.from({ length: sessionDays }, (_, index): PlainDate =>
    addDays(round.sessionDates.first, index),
  );
  const everySite = round.kind === 'rankThenInvite';
  return sites
    .filter((site) => everySite || firstOfCounty(sites, site) || choice.integer(1, 100) <= mostSites * 100)
    .flatMap((site) =>
      choice.several(days, choice.integer(3, 6)).flatMap((date) =>
        choice.several(windows, choice.integer(1, 3)).flatMap((window) =>
          choice.several(round.products, choice.integer(1, 2)).map((product) => ({
            site_id: site.site_id,
            date,
            window,
            product,
            // One window in twelve is full from the start, so that 額滿 can be seen.
            capacity: choice.onceIn(12) ? 0 : choice.integer(2, 40),
          })),
        ),
      ),
    );
}

function firstOfCounty(sites: readonly SiteRecord[], site: SiteRecord): boolean {
  return sites.find(({ district_code: code }) => code.startsWith(site.district_code.slice(0, 5))) === site;
}

/** Doses of each product in each county. */
export function demonstrationSupply(round: RoundFile, seed: number): SupplyRecord[] {
  const choice = seededChoice(seed);
  return counties.flatMap(({ code }) =>
    round.products.map((product) => ({ product, county_code: code, doses: choice.integer(20, 200) })),
  );
}
