/**
 * The lines in which a settlement's candidates and results are kept and handed out: the text over which the digests of
 * the signed record go, so the slightest change here is a new version of the record.
 */
import type { DoseGiven } from '../booking/booking-rules';
import type { CandidateFacts } from './eligibility';

/** Version of the lines and of the record around them. */
export const evidenceFormat = 'yiyue-settlement/1';

/** What someone was invited to, by the lot. */
export interface ResultLine {
  readonly lot: string;
  readonly product: string;
  readonly rank: number;
}

/**
 * `lot,county,group,birthDate,products,waitedFor,lastDose,mixedIntent,consents`: products joined by `+`, the last dose
 * as `number:product:date`, `m` for a mixed intent, consents as products or `*` for all. Nothing needs quoting.
 */
export function candidateLine(person: CandidateFacts): string {
  const { lastDose } = person;
  return [
    person.lot,
    person.countyCode,
    String(person.priorityGroup),
    person.birthDate,
    person.products.join('+'),
    person.waitedFor.join('+'),
    lastDose ? `${String(lastDose.doseNumber)}:${lastDose.product}:${lastDose.givenOn}` : '',
    person.mixedIntent ? 'm' : '',
    person.consentedTo.map((product) => product ?? '*').join('+'),
  ].join(',');
}

/** Reads such a line. Throws when it is none. */
export function parseCandidateLine(line: string): CandidateFacts {
  const [lot, countyCode, group, birthDate, products, waitedFor, lastDose, mixed, consents, ...more] =
    line.split(',');
  if (!lot || !countyCode || !birthDate || consents === undefined || more.length > 0)
    throw new Error('a line of candidates has nine fields');
  return {
    lot,
    countyCode,
    priorityGroup: Number(group),
    birthDate,
    products: parts(products),
    waitedFor: parts(waitedFor),
    lastDose: lastDose ? parseDose(lastDose) : null,
    mixedIntent: mixed === 'm',
    consentedTo: parts(consents).map((product) => (product === '*' ? null : product)),
  };
}

/** `lot,product,rank`. */
export function resultLine(result: ResultLine): string {
  return [result.lot, result.product, String(result.rank)].join(',');
}

/** Reads such a line. Throws when it is none. */
export function parseResultLine(line: string): ResultLine {
  const [lot, product, rank, ...more] = line.split(',');
  if (!lot || !product || !rank || more.length > 0) throw new Error('a line of results has three fields');
  return { lot, product, rank: Number(rank) };
}

const parts = (joined: string | undefined): string[] => (joined ? joined.split('+') : []);

function parseDose(text: string): DoseGiven {
  const [doseNumber, product, givenOn] = text.split(':');
  if (!doseNumber || !product || !givenOn) throw new Error('a dose is written number:product:date');
  return { doseNumber: Number(doseNumber), product, givenOn };
}
