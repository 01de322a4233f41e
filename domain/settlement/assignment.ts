/**
 * Who is invited to which product when a round settles: ranked by priority group, then age, within the supply of each
 * county. The time of registration counts for nothing.
 */
import type { PlainDate } from '../civil-time/plain-date';

/** Version of this rule, kept with each settlement made by it. 2: mixed intents and parental consent count. */
export const settlementRules = '2';

/** A live registration at settlement. */
export interface Candidate {
  readonly personKey: string;
  /** Supply is counted by the registered county. */
  readonly countyCode: string;
  readonly priorityGroup: number;
  readonly birthDate: PlainDate;
  /**
   * The products that the person takes and may be given: see `hindranceOf`.
   */
  readonly products: readonly string[];
  /** Of these, the ones that they waited for in vain at an earlier settlement. */
  readonly waitedFor: readonly string[];
  /** The lot: orders people of the same group, birth date and wait. See `lotOf` in the ledger: neutral, reproducible. */
  readonly lot: string;
}

/** How many doses of a product are there for the people registered in a county. */
export interface Supply {
  readonly product: string;
  readonly countyCode: string;
  readonly doses: number;
}

/** An invitation: the product, and the place in the county's ranking for it, from 1. */
export interface Assigned {
  readonly personKey: string;
  readonly product: string;
  readonly rank: number;
}

/**
 * Assigns one product at most to each candidate. `products` are in the round's order. Product by product, those who
 * take it and have none yet are ranked, and as many are invited as there are doses in the county. Since the order of
 * products is the same for all, each person is given the first of theirs that is left when their turn comes.
 */
export function assign(
  products: readonly string[],
  candidates: readonly Candidate[],
  supply: readonly Supply[],
): readonly Assigned[] {
  const assigned: Assigned[] = [];
  const served = new Set<string>();
  for (const product of products) {
    const takers = candidates.filter(
      (person) => person.products.includes(product) && !served.has(person.personKey),
    );
    for (const [countyCode, contenders] of byCounty(takers)) {
      const doses =
        supply.find((entry) => entry.product === product && entry.countyCode === countyCode)?.doses ?? 0;
      for (const [place, { personKey }] of ranked(product, contenders).slice(0, doses).entries()) {
        served.add(personKey);
        assigned.push({ personKey, product, rank: place + 1 });
      }
    }
  }
  return assigned;
}

function byCounty(candidates: readonly Candidate[]): Map<string, Candidate[]> {
  const counties = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const county = counties.get(candidate.countyCode);
    if (county) county.push(candidate);
    else counties.set(candidate.countyCode, [candidate]);
  }
  return counties;
}

/**
 * The order in which a product is given: priority group, then age (the earlier birth date first), then those who
 * waited for it at an earlier settlement before those who added it since, then the lot.
 */
export function ranked(product: string, candidates: readonly Candidate[]): readonly Candidate[] {
  return [...candidates].sort(
    (a, b) =>
      a.priorityGroup - b.priorityGroup ||
      compare(a.birthDate, b.birthDate) ||
      Number(b.waitedFor.includes(product)) - Number(a.waitedFor.includes(product)) ||
      compare(a.lot, b.lot),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
