/** The two demonstration rounds: one to register for now, one to book in now. */
import {
  addDays,
  addMs,
  taipeiDateOf,
  taipeiInstant,
  type Instant,
  type PlainDate,
} from '../../domain/civil-time/plain-date';
import type { RoundFile } from '../import/round-file';

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;

/** Whoever tries it out has at least this long to register; the settlement follows soon enough to be waited for. */
const registrationMs = 60 * minuteMs;
const untilSettlementMs = 10 * minuteMs;
const untilBookingMs = 20 * minuteMs;
/** Between the openings for one age band and the next. */
const betweenBandsMs = 30 * minuteMs;

/** Days on which doses are given: the two weeks after tomorrow. */
export const sessionDays = 14;

/** Groups that register and are ranked; the others that are open at all book straight away. */
export const rankedGroups = [5, 6, 8, 9, 10] as const;
export const bookingGroups = [1, 2, 3, 7] as const;

const vaccines: RoundFile['vaccines'] = [
  { product: 'AZ', nameZh: 'AstraZeneca（AZ）疫苗', nameEn: 'AstraZeneca (AZ)' },
  { product: 'Moderna', nameZh: '莫德納（Moderna）疫苗', nameEn: 'Moderna' },
  { product: 'BNT', nameZh: 'BioNTech（BNT）疫苗', nameEn: 'BioNTech (BNT)' },
];

/** Second doses of the same product, and boosters of either mRNA product. */
const doseIntervals: RoundFile['doseIntervals'] = [
  { from: 'AZ', to: 'AZ', doseNumber: 2, days: 56 },
  { from: 'Moderna', to: 'Moderna', doseNumber: 2, days: 28 },
  { from: 'BNT', to: 'BNT', doseNumber: 2, days: 28 },
  ...['AZ', 'Moderna', 'BNT'].flatMap((from) =>
    ['Moderna', 'BNT'].map((to) => ({ from, to, doseNumber: 3, days: 84 })),
  ),
];

/** AZ, then mRNA: for those who register that they want it. */
const mixedIntervals: RoundFile['doseIntervals'] = ['Moderna', 'BNT'].map((to) => ({
  ...{ from: 'AZ', to, doseNumber: 2, days: 70 },
  needsMixedIntent: true,
}));

const lastAge = 150;

/** Instants and dates of both rounds, reckoned from the moment at which someone begins to try them out. */
export function demonstrationRounds(now: Instant): {
  readonly ranked: RoundFile;
  readonly eligible: RoundFile;
} {
  const today = taipeiDateOf(now);
  const sessionDates = { first: addDays(today, 2), last: addDays(today, 1 + sessionDays) };
  const shared = {
    ageReckonedOn: today,
    sessionDates,
    vaccines,
    doseIntervals,
    allProductsPreselected: true,
  };
  const suffix = today.replaceAll('-', '');
  return {
    ranked: {
      ...shared,
      ...rankedRound(now, today),
      doseIntervals: [...doseIntervals, ...mixedIntervals],
      roundId: `ranked-${suffix}`,
    },
    eligible: { ...shared, ...eligibleRound(today), roundId: `eligible-${suffix}` },
  };
}

type OwnPart = Pick<
  RoundFile,
  'kind' | 'nameZh' | 'nameEn' | 'openGroups' | 'registration' | 'products' | 'bookingWindows'
>;

function rankedRound(now: Instant, today: PlainDate): OwnPart {
  const endsAt = nextQuarter(addMs(now, registrationMs));
  const settlesAt = addMs(endsAt, untilSettlementMs);
  const firstOpensAt = addMs(settlesAt, untilBookingMs);
  const closesAt = taipeiInstant(addDays(today, 4), 12 * 60);
  const window = (product: string, ageFrom: number, ageTo: number, band: number) => ({
    ...{ product, ageFrom, ageTo },
    ...{ opensAt: addMs(firstOpensAt, band * betweenBandsMs), closesAt },
  });
  return {
    kind: 'rankThenInvite',
    nameZh: '示範第一期',
    nameEn: 'Demonstration: registration of intent',
    openGroups: [...rankedGroups],
    registration: { opensAt: taipeiInstant(addDays(today, -1), 10 * 60), endsAt, settlesAt },
    products: ['Moderna', 'BNT', 'AZ'],
    bookingWindows: [
      window('AZ', 18, lastAge, 0),
      ...['Moderna', 'BNT'].flatMap((product) => [
        window(product, 65, lastAge, 0),
        window(product, 50, 64, 1),
        window(product, 18, 49, 2),
      ]),
      window('BNT', 12, 17, 2),
    ],
  };
}

function eligibleRound(today: PlainDate): OwnPart {
  const opensAt = taipeiInstant(addDays(today, -1), 10 * 60);
  const closesAt = taipeiInstant(addDays(today, sessionDays), 12 * 60);
  return {
    kind: 'bookIfEligible',
    nameZh: '示範第二期',
    nameEn: 'Demonstration: book if eligible',
    openGroups: [...bookingGroups],
    products: ['Moderna', 'BNT'],
    bookingWindows: ['Moderna', 'BNT'].map((product) => ({
      product,
      ageFrom: 18,
      ageTo: lastAge,
      opensAt,
      closesAt,
    })),
  };
}

function nextQuarter(instant: Instant): Instant {
  return new Date(Math.ceil(Date.parse(instant) / quarterMs) * quarterMs).toISOString();
}
