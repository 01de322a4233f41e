/** A round (期): what is offered to whom, when one registers and when one books. */
import type { Instant, PlainDate } from '../civil-time/plain-date';

/** `rankThenInvite`: register, be ranked at settlement, be invited. `bookIfEligible`: whoever is in the groups books. */
export type RoundKind = 'rankThenInvite' | 'bookIfEligible';

export interface BookingWindow {
  readonly product: string;
  /** Full years on the round's `ageReckonedOn`, both ends included. */
  readonly ageFrom: number;
  readonly ageTo: number;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
}

/** How many days after a dose of one product one of another may be given, as the dose of that number. */
export interface DoseInterval {
  readonly fromProduct: string;
  readonly toProduct: string;
  /** The dose that is given after the interval: a second dose and a booster of the same pair wait differently. */
  readonly doseNumber: number;
  readonly intervalDays: number;
  /** Only for those who, registering, said that they want the other product after theirs (混打意願), e.g. AZ, then mRNA. */
  readonly needsMixedIntent: boolean;
}

export interface VaccineProduct {
  readonly product: string;
  readonly nameZh: string;
  readonly nameEn: string;
}

export interface Round {
  readonly roundId: string;
  readonly kind: RoundKind;
  readonly nameZh: string;
  readonly nameEn: string;
  /** 第01–10類, the groups that may take part. */
  readonly openGroups: readonly number[];
  readonly allProductsPreselected: boolean;
  readonly registrationOpensAt: Instant | null;
  readonly registrationEndsAt: Instant | null;
  readonly settlesAt: Instant | null;
  readonly ageReckonedOn: PlainDate;
  /** In the round's order: someone who takes several is given the first that is left. */
  readonly products: readonly VaccineProduct[];
  readonly doseIntervals: readonly DoseInterval[];
  readonly bookingWindows: readonly BookingWindow[];
}

/** The group under which a person takes part: the most urgent of theirs that is open, or `undefined`. */
export function groupInRound(round: Round, priorityGroups: readonly number[]): number | undefined {
  const open = priorityGroups.filter((group) => round.openGroups.includes(group));
  return open.length > 0 ? Math.min(...open) : undefined;
}
