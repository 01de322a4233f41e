/** What a person may be given when a round settles, and what stands in the way of the rest. */
import {
  ageInRound,
  bookingWindowFor,
  permittedProducts,
  reachable,
  type DoseGiven,
} from '../booking/booking-rules';
import type { PlainDate } from '../civil-time/plain-date';
import { isConsentedTo, type ParentalConsent } from '../consent/parental-consent';
import type { Round } from '../round/round';
import type { Candidate, Supply } from './assignment';

/** Everything that a settlement goes by, apart from the people. */
export interface SettlementRules {
  readonly round: Round;
  /** Last session date of each product of which sessions are announced. */
  readonly lastSessionOn: Readonly<Record<string, PlainDate>>;
  readonly supply: readonly Supply[];
}

/** A live registration at settlement, with what decides on its products. No name, no number. */
export interface CandidateFacts {
  /** See `lotOf` in the ledger. */
  readonly lot: string;
  readonly countyCode: string;
  readonly priorityGroup: number;
  readonly birthDate: PlainDate;
  /** The products registered for. */
  readonly products: readonly string[];
  /** Those registered for in the round that this registration was carried over from. */
  readonly waitedFor: readonly string[];
  readonly lastDose: DoseGiven | null;
  readonly mixedIntent: boolean;
  /** Products that a guardian agreed to; null among them: to whichever. */
  readonly consentedTo: readonly (string | null)[];
}

/** Why a product cannot be given to someone in this round, whatever the supply. */
export type Hindrance =
  | 'productNotAfterPreviousDose'
  | 'mixedIntentMissing'
  | 'noWindowForAge'
  | 'consentMissing'
  | 'intervalNotOver';

/** What hinders this person from being given `product`; `null` when nothing does. */
export function hindranceOf(
  rules: SettlementRules,
  person: CandidateFacts,
  product: string,
): Hindrance | null {
  const { round, lastSessionOn } = rules;
  const age = ageInRound(round, person.birthDate);
  const permitted = permittedProducts(round, person.lastDose).find((one) => one.product === product);
  if (!permitted) return 'productNotAfterPreviousDose';
  if (permitted.needsMixedIntent && !person.mixedIntent) return 'mixedIntentMissing';
  if (!bookingWindowFor(round, product, age)) return 'noWindowForAge';
  if (!isConsentedTo(product, age, person.consentedTo.map(consentTo))) return 'consentMissing';
  if (!reachable(permitted.earliestOn, lastSessionOn[product] ?? null)) return 'intervalNotOver';
  return null;
}

/** The candidate as the ranking takes them: with the products that nothing hinders. */
export function candidateFor(rules: SettlementRules, person: CandidateFacts): Candidate {
  return {
    personKey: person.lot,
    countyCode: person.countyCode,
    priorityGroup: person.priorityGroup,
    birthDate: person.birthDate,
    products: person.products.filter((product) => hindranceOf(rules, person, product) === null),
    waitedFor: person.waitedFor,
    lot: person.lot,
  };
}

/** Only what it was given for decides, not when. */
const consentTo = (product: string | null): ParentalConsent => ({ product, consentedOn: '' });
