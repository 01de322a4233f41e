/** Why someone was invited at a settlement or was not: for each product that they registered for, in the round's order. */
import type { PlainDate } from '../civil-time/plain-date';
import { hindranceOf, type CandidateFacts, type Hindrance, type SettlementRules } from './eligibility';
import type { ResultLine } from './evidence';

/** How far a county's doses of a product went. */
export interface CountyCutOff {
  readonly product: string;
  readonly doses: number;
  readonly invited: number;
  /** Group and birth date of the last one invited; null where nobody was. */
  readonly lastGroup: number | null;
  readonly lastBirthDate: PlainDate | null;
}

/** What became of one product. */
export type ProductStanding =
  | { readonly code: 'invited'; readonly product: string; readonly rank: number }
  | { readonly code: Hindrance; readonly product: string }
  /** There were none of it for the county. */
  | { readonly code: 'noDosesInCounty'; readonly product: string }
  /** The doses went to people before: more urgent groups, or older people of the same one. */
  | {
      readonly code: 'supplyEnded';
      readonly product: string;
      readonly invited: number;
      readonly lastGroup: number;
      readonly lastBirthDate: PlainDate;
    }
  /** They ended among people of the same group and birth date: who had waited came first, then the lot decided. */
  | { readonly code: 'lotDecided'; readonly product: string; readonly invited: number };

/** What became of the products of a registration. Of who was invited, only what they were invited to. */
export function standingOf(
  rules: SettlementRules,
  person: CandidateFacts,
  result: ResultLine | null,
  cutOffs: readonly CountyCutOff[],
): readonly ProductStanding[] {
  if (result) return [{ code: 'invited', product: result.product, rank: result.rank }];
  return rules.round.products
    .filter(({ product }) => person.products.includes(product))
    .map(({ product }) => standingIn(rules, person, product, cutOffs));
}

function standingIn(
  rules: SettlementRules,
  person: CandidateFacts,
  product: string,
  cutOffs: readonly CountyCutOff[],
): ProductStanding {
  const hindrance = hindranceOf(rules, person, product);
  if (hindrance) return { code: hindrance, product };
  const cutOff = cutOffs.find((one) => one.product === product);
  if (!cutOff || cutOff.lastGroup === null || cutOff.lastBirthDate === null)
    return { code: 'noDosesInCounty', product };
  const { invited, lastGroup, lastBirthDate } = cutOff;
  if (lastGroup === person.priorityGroup && lastBirthDate === person.birthDate)
    return { code: 'lotDecided', product, invited };
  return { code: 'supplyEnded', product, invited, lastGroup, lastBirthDate };
}
