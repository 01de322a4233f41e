/** `round.json`: what kind of round it is, for whom, with what, and when one registers and books. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Type, type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { isPlainDate } from '../../domain/civil-time/plain-date';
import type { ProblemList } from './problem';

export const roundFileName = 'round.json';

/** Reckoned as one in practice; nobody alive is older. */
const oldestAge = 150;

const closed = <T extends Record<string, TSchema>>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const product = Type.String({ pattern: '^[A-Za-z0-9-]{1,20}$' });
const date = Type.String({ format: 'date' });
/** With its offset: `2026-11-21T10:00:00+08:00`. */
const instant = Type.String({ format: 'date-time' });
const age = Type.Integer({ minimum: 0, maximum: oldestAge });

const roundSchema = closed({
  roundId: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' }),
  kind: Type.Enum(['rankThenInvite', 'bookIfEligible']),
  nameZh: text(100),
  nameEn: text(200),
  openGroups: Type.Array(Type.Integer({ minimum: 1, maximum: 10 }), { minItems: 1 }),
  allProductsPreselected: Type.Boolean(),
  /** Only where people are ranked. */
  registration: Type.Optional(closed({ opensAt: instant, endsAt: instant, settlesAt: instant })),
  ageReckonedOn: date,
  /** First and last day on which doses are given; sessions outside it are mistakes. */
  sessionDates: closed({ first: date, last: date }),
  /** Every vaccine that the files name, those of earlier doses included. */
  vaccines: Type.Array(closed({ product, nameZh: text(50), nameEn: text(100) }), { minItems: 1 }),
  /** What the round offers, in the order in which it is given to people who take several. */
  products: Type.Array(product, { minItems: 1 }),
  /** Between which doses how long must pass; where a dose number has no interval, the series ends before it. */
  doseIntervals: Type.Array(
    closed({
      from: product,
      to: product,
      /** The dose that is given after the interval. */
      doseNumber: Type.Integer({ minimum: 2, maximum: 9 }),
      days: Type.Integer({ minimum: 0, maximum: 1000 }),
      /** Only for those who registered a mixed intent; false when left out. */
      needsMixedIntent: Type.Optional(Type.Boolean()),
    }),
  ),
  bookingWindows: Type.Array(
    closed({ product, ageFrom: age, ageTo: age, opensAt: instant, closesAt: instant }),
    { minItems: 1 },
  ),
});

/** The content of a `round.json` that was found right. Instants carry an offset, dates are civil. */
export type RoundFile = Static<typeof roundSchema>;

const roundCheck = Compile(roundSchema);

/** The round, or undefined when `problems` was told why not. A missing file throws the system's error. */
export async function readRoundFile(folder: string, problems: ProblemList): Promise<RoundFile | undefined> {
  const content = parsed(await readFile(path.join(folder, roundFileName), 'utf8'), problems);
  if (content === undefined) return undefined;
  const before = problems.count;
  if (roundCheck.Check(content))
    for (const [at, reason] of contradictionsIn(content)) tell(problems, at, reason);
  else for (const [at, reason] of shapeErrors(content)) tell(problems, at, reason);
  return problems.count === before && roundCheck.Check(content) ? content : undefined;
}

/** Tells something about `round.json`; `pointer` is a JSON pointer (RFC 6901). */
export function tell(problems: ProblemList, pointer: string, reason: string): void {
  problems.add({ file: roundFileName, line: null, column: pointer, reason });
}

function parsed(source: string, problems: ProblemList): unknown {
  try {
    return JSON.parse(source.replace(/^\uFEFF/, ''));
  } catch (error) {
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const line = position === undefined ? null : source.slice(0, Number(position)).split('\n').length;
    problems.add({ file: roundFileName, line, column: '', reason: 'is no proper JSON from here on' });
    return undefined;
  }
}

type Finding = readonly [pointer: string, reason: string];

function shapeErrors(content: unknown): Finding[] {
  return roundCheck.Errors(content).flatMap(({ keyword, instancePath, message, params }): Finding[] => {
    const details: Readonly<Record<string, unknown>> = { ...params };
    switch (keyword) {
      case 'additionalProperties':
        return []; // The library names each such property once more, by itself.
      case 'boolean':
        return [[instancePath, 'is not known here; is it misspelt?']];
      case 'required':
        return listed(details['requiredProperties']).map((name) => [`${instancePath}/${name}`, 'is missing']);
      case 'enum':
        return [[instancePath, `must be one of ${listed(details['allowedValues']).join(', ')}`]];
      case 'format':
        return [[instancePath, formatReasons[String(details['format'])] ?? message]];
      default:
        return [[instancePath, message]];
    }
  });
}

const formatReasons: Readonly<Record<string, string>> = {
  date: 'must be a date written YYYY-MM-DD',
  'date-time': 'must be a time with its offset, written like 2021-07-06T10:00:00+08:00',
};

function listed(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** What the schema cannot say: things that must be unique, in order, or named elsewhere in the file. */
function* contradictionsIn(round: RoundFile): Generator<Finding> {
  yield* repeatsIn('/openGroups', round.openGroups);
  yield* repeatsIn('/products', round.products);
  yield* repeatsIn(
    '/vaccines',
    round.vaccines.map((vaccine) => vaccine.product),
    '/product',
  );
  yield* repeatsIn(
    '/doseIntervals',
    round.doseIntervals.map(({ from, to, doseNumber }) => `dose ${doseNumber} of ${to} after ${from}`),
  );
  yield* datesIn(round);
  yield* registrationIn(round);
  const vaccines = new Set(round.vaccines.map((vaccine) => vaccine.product));
  const unknown = (name: string) => `${name} is not among the vaccines of this file`;
  for (const [index, name] of round.products.entries()) {
    if (!vaccines.has(name)) yield [`/products/${index}`, unknown(name)];
  }
  for (const [index, { from, to, needsMixedIntent }] of round.doseIntervals.entries()) {
    if (!vaccines.has(from)) yield [`/doseIntervals/${index}/from`, unknown(from)];
    if (!vaccines.has(to)) yield [`/doseIntervals/${index}/to`, unknown(to)];
    if (needsMixedIntent && round.kind === 'bookIfEligible') {
      yield [
        `/doseIntervals/${index}/needsMixedIntent`,
        'nobody registers for this round, so nobody could state it',
      ];
    }
  }
  yield* bookingWindowsIn(round);
}

function* repeatsIn(pointer: string, values: readonly (string | number)[], below = ''): Generator<Finding> {
  for (const [index, value] of values.entries()) {
    if (values.indexOf(value) !== index) yield [`${pointer}/${index}${below}`, `${value} stands there twice`];
  }
}

function* datesIn({ ageReckonedOn, sessionDates }: RoundFile): Generator<Finding> {
  const dates = {
    '/ageReckonedOn': ageReckonedOn,
    '/sessionDates/first': sessionDates.first,
    '/sessionDates/last': sessionDates.last,
  };
  for (const [pointer, value] of Object.entries(dates)) {
    if (!isPlainDate(value)) yield [pointer, formatReasons['date'] ?? ''];
  }
  if (sessionDates.first > sessionDates.last) yield ['/sessionDates/last', 'lies before the first date'];
}

function* registrationIn({ kind, registration }: RoundFile): Generator<Finding> {
  if (kind === 'bookIfEligible') {
    if (registration) yield ['/registration', 'a round of the kind bookIfEligible has no registration'];
    return;
  }
  if (!registration) {
    yield ['/registration', 'is missing: people register for a round of the kind rankThenInvite'];
    return;
  }
  const [opens, ends, settles] = [registration.opensAt, registration.endsAt, registration.settlesAt].map(
    (at) => Date.parse(at),
  );
  if (!(opens !== undefined && ends !== undefined && opens < ends))
    yield ['/registration/endsAt', 'must be after opensAt'];
  if (!(settles !== undefined && ends !== undefined && ends <= settles)) {
    yield ['/registration/settlesAt', 'must not be before endsAt'];
  }
}

function* bookingWindowsIn({ bookingWindows, products, registration }: RoundFile): Generator<Finding> {
  for (const [index, window] of bookingWindows.entries()) {
    const at = `/bookingWindows/${index}`;
    if (!products.includes(window.product))
      yield [`${at}/product`, `${window.product} is not among the products of the round`];
    if (window.ageFrom > window.ageTo) yield [`${at}/ageTo`, 'is below ageFrom'];
    if (Date.parse(window.opensAt) >= Date.parse(window.closesAt))
      yield [`${at}/closesAt`, 'must be after opensAt'];
    if (registration && Date.parse(window.opensAt) < Date.parse(registration.settlesAt)) {
      yield [`${at}/opensAt`, 'lies before the round is settled: nobody is invited yet'];
    }
    const other = bookingWindows
      .slice(0, index)
      .findIndex(
        ({ product: name, ageFrom, ageTo }) =>
          name === window.product && Math.max(ageFrom, window.ageFrom) <= Math.min(ageTo, window.ageTo),
      );
    if (other >= 0)
      yield [`${at}/ageFrom`, `the ages of this window and of /bookingWindows/${other} overlap`];
  }
  for (const [index, name] of products.entries()) {
    if (!bookingWindows.some((window) => window.product === name)) {
      yield [`/products/${index}`, `${name} has no booking window, so nobody could ever book it`];
    }
  }
}
