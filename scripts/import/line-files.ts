/** The CSV files of a health authority: their columns and what a line of each must say. */
import { taipeiInstant } from '../../domain/civil-time/plain-date';
import { findCounty, findDistrict } from '../../domain/area/area';
import { leadingZeroHint, type LineFields } from './line-fields';
import type { RoundFile } from './round-file';
import type { LineFile } from './staging';

/** Known when lines are read; the round is missing when its own file is wrong. */
export interface LineContext {
  readonly round: RoundFile | undefined;
  /** Civil date of the import, by the ledger's clock. */
  readonly today: string;
}

const siteIdForm = /^[A-Za-z0-9-]{1,20}$/;
const siteIdSaid = 'at most 20 letters, digits and hyphens';

/** `sites.csv`: where doses are given. */
export const siteFile: LineFile<LineContext> = {
  file: 'sites.csv',
  required: ['site_id', 'name_zh', 'name_en', 'district_code', 'address_zh', 'address_en'],
  optional: ['phone', 'note_zh', 'note_en'],
  manyLines: ['note_zh', 'note_en'],
  table: 'staged_site',
  tableColumns: [
    ...['site_id text', 'name_zh text', 'name_en text', 'county_code text', 'district_code text'],
    ...['address_zh text', 'address_en text', 'phone text', 'note_zh text', 'note_en text'],
  ],
  read: (fields) => {
    const districtCode = districtOf(fields);
    return [
      fields.code('site_id', siteIdForm, siteIdSaid),
      fields.text('name_zh', 100),
      fields.text('name_en', 200),
      districtCode?.slice(0, 5) ?? null,
      districtCode,
      fields.text('address_zh', 200),
      fields.text('address_en', 300),
      fields.optionalText('phone', 40),
      fields.optionalText('note_zh', 500),
      fields.optionalText('note_en', 1000),
    ];
  },
};

function districtOf(fields: LineFields): string | null {
  const code = fields.code('district_code', /^\d+$/, 'the eight digits of a district');
  if (code === null || findDistrict(code)) return code;
  return fields.wrong('district_code', `no district has the code ${code} (eight digits; ${leadingZeroHint})`);
}

/** `sessions.csv`: how many places a site has on a day in a window for a product. */
export const sessionFile: LineFile<LineContext> = {
  file: 'sessions.csv',
  required: ['site_id', 'date', 'window', 'product', 'capacity'],
  table: 'staged_session',
  tableColumns: [
    ...['site_id text', 'session_date date', 'starts_at timestamptz', 'ends_at timestamptz'],
    ...['product text', 'capacity integer'],
  ],
  read: (fields, { round }) => {
    const siteId = fields.code('site_id', siteIdForm, siteIdSaid);
    const date = sessionDate(fields, round);
    const window = windowOf(fields);
    return [
      siteId,
      date,
      date === null || window === null ? null : taipeiInstant(date, window.from),
      date === null || window === null ? null : taipeiInstant(date, window.to),
      offeredProduct(fields, round),
      fields.count('capacity', 100_000),
    ];
  },
};

function sessionDate(fields: LineFields, round: RoundFile | undefined): string | null {
  const date = fields.date('date');
  if (date === null || !round) return date;
  const { first, last } = round.sessionDates;
  if (date >= first && date <= last) return date;
  return fields.wrong('date', `lies outside the round, whose sessions are from ${first} to ${last}`);
}

/** Minutes past midnight of both ends. */
function windowOf(fields: LineFields): { from: number; to: number } | null {
  const [, ...parts] = /^(\d\d):(\d\d)\s*[-–~]\s*(\d\d):(\d\d)$/.exec(fields.raw('window')) ?? [];
  const [fromHour = 99, fromMinute = 99, toHour = 99, toMinute = 99] = parts.map(Number);
  if (fromHour > 23 || toHour > 23 || fromMinute > 59 || toMinute > 59) {
    return fields.wrong('window', 'must be written like 09:00-12:00');
  }
  const window = { from: fromHour * 60 + fromMinute, to: toHour * 60 + toMinute };
  return window.from < window.to ? window : fields.wrong('window', 'ends before it begins');
}

function offeredProduct(fields: LineFields, round: RoundFile | undefined): string | null {
  const product = fields.text('product', 20);
  if (product === null || !round || round.products.includes(product)) return product;
  return fields.wrong(
    'product',
    `${product} is not among the products of the round (${round.products.join(', ')})`,
  );
}

/** `supply.csv`: how many people of a county can be invited for a product. */
export const supplyFile: LineFile<LineContext> = {
  file: 'supply.csv',
  required: ['product', 'county_code', 'doses'],
  table: 'staged_supply',
  tableColumns: ['product text', 'county_code text', 'doses integer'],
  read: (fields, { round }) => [
    offeredProduct(fields, round),
    countyOf(fields),
    fields.count('doses', 100_000_000),
  ],
};

function countyOf(fields: LineFields): string | null {
  const code = fields.code('county_code', /^\d+$/, 'the five digits of a county');
  if (code === null || findCounty(code)) return code;
  return fields.wrong('county_code', `no county has the code ${code} (five digits; ${leadingZeroHint})`);
}
