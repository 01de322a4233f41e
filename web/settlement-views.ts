/** A settlement as pages tell it: the picture by county and group, and why one's own turn has or has not come. */
import type { FastifyInstance } from 'fastify';

import type { PlainDate } from '../domain/civil-time/plain-date';
import {
  smallestTold,
  type SettlementPicture,
  type ToldNumber,
  type ToldPair,
} from '../domain/settlement/picture';
import type { ProductStanding } from '../domain/settlement/standing';
import { getRound } from '../ledger/round';
import type { OwnStanding } from '../ledger/settlement-standing';
import type { Words } from './words';

/** A bar: its length is the share of those registered whose turn has come, in percent. */
export interface Bar {
  readonly name: string;
  readonly percent: number;
  readonly share: string;
  readonly detail: string;
}

/** Counties with the largest share first, groups in their order, and all of it as a table. */
export function pictureView(picture: SettlementPicture, words: Words) {
  const { t } = words;
  const county = (code: string) => words.county(code);
  const cell = (pair: ToldPair) =>
    pair.registered === 0 ? '–' : `${cellText(pair.invited)}／${cellText(pair.registered)}`;
  return {
    total: picture.total,
    registered: peopleText(picture.total.registered, words),
    invited: peopleText(picture.total.invited, words),
    counties: picture.counties
      .map((one) => barOf(county(one.countyCode), one, words))
      .toSorted((a, b) => b.percent - a.percent),
    groups: picture.groups.map((one) => barOf(t.front.group(one.priorityGroup), one, words)),
    table: {
      groups: picture.groups.map(({ priorityGroup }) => t.front.group(priorityGroup)),
      rows: [
        ...picture.counties.map((one) => ({
          name: county(one.countyCode),
          cells: one.groups.map(cell),
          total: cell(one),
        })),
        { name: t.settlement.whole, cells: picture.groups.map(cell), total: cell(picture.total) },
      ],
    },
  };
}

function barOf(name: string, pair: ToldPair, words: Words): Bar {
  const { t } = words;
  const percent =
    pair.registered && pair.invited !== null
      ? Math.min(100, Math.round((100 * pair.invited) / pair.registered))
      : 0;
  return {
    name,
    percent,
    share:
      pair.registered === null || pair.invited === null ? t.settlement.few : t.settlement.percent(percent),
    detail: t.settlement.share(peopleText(pair.invited, words), peopleText(pair.registered, words)),
  };
}

const grouped = (count: number): string => count.toLocaleString('en');

/** Short, for the cells of a table; the hint above it says what it means. */
const cellText = (count: ToldNumber): string =>
  count === null ? `<${String(smallestTold)}` : grouped(count);

function peopleText(count: ToldNumber, words: Words): string {
  return count === null ? words.t.settlement.few : words.t.settlement.people(grouped(count));
}

/** Why one's turn has or has not come: a sentence for each vaccine registered for. */
export interface WhyView {
  readonly roundId: string;
  readonly title: string;
  readonly sentences: readonly string[];
  readonly lot: string;
  readonly address: string;
}

/** Where a person stood in a settlement, in sentences. */
export async function whyView(app: FastifyInstance, standing: OwnStanding, words: Words): Promise<WhyView> {
  const { roundId, countyCode, products, lot } = standing;
  const round = await getRound(app.ledger.db, roundId);
  const county = words.county(countyCode);
  return {
    roundId,
    title: words.t.settlement.whyTitle(words.roundName(round)),
    sentences: products.map((one) => sentence(one, words.product(round, one.product), county, words)),
    lot,
    address: `/rounds/${roundId}/settlement`,
  };
}

function sentence(standing: ProductStanding, product: string, county: string, words: Words): string {
  const { why } = words.t.settlement;
  switch (standing.code) {
    case 'invited':
      return why.invited(product, county, grouped(standing.rank));
    case 'supplyEnded': {
      const group = words.t.front.group(standing.lastGroup);
      return why.supplyEnded(
        product,
        county,
        grouped(standing.invited),
        group,
        born(standing.lastBirthDate, words),
      );
    }
    case 'lotDecided':
      return why.lotDecided(product, county, grouped(standing.invited));
    case 'noDosesInCounty':
      return why.noDosesInCounty(product, county);
    case 'noWindowForAge':
    case 'intervalNotOver':
    case 'productNotAfterPreviousDose':
    case 'mixedIntentMissing':
    case 'consentMissing':
      return why[standing.code](product);
  }
}

/** A birth date without its day of the week: `1951年1月1日`, `1 Jan 1951`. */
function born(date: PlainDate, { language }: Words): string {
  return new Intl.DateTimeFormat(language === 'zh' ? 'zh-TW' : 'en-GB', {
    timeZone: 'UTC',
    ...{ year: 'numeric', month: language === 'zh' ? 'long' : 'short', day: 'numeric' },
  }).format(new Date(`${date}T00:00:00.000Z`));
}
