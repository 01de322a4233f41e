/** What Yiyue asks of the health insurance registry: does this card belong to this person, and who is that. */
import type { CardStatus } from '../../domain/card-account/card-standing';
import type { HouseholdNumber } from '../../domain/card-account/household';
import type { CardNumber } from '../../domain/person-number/card-number';
import type { PersonNumber, PersonNumberKind } from '../../domain/person-number/person-number';

/** One of the numbers by which the registry knows a person; civil dates, null where the registry does not say. */
export interface RegistryPersonNumber {
  readonly number: PersonNumber;
  readonly kind: PersonNumberKind;
  readonly validFrom: string | null;
  readonly validTo: string | null;
}

/** A dose that was given before, wherever that was. `givenOn` is a civil date. */
export interface RegistryDose {
  readonly product: string;
  readonly givenOn: string;
  readonly doseNumber: number;
}

/** A guardian's consent that the registry was told of; `product` null: to whichever vaccine. */
export interface RegistryConsent {
  readonly product: string | null;
  /** Civil date. */
  readonly consentedOn: string;
}

/** A person as the registry has them. */
export interface RegistryPerson {
  /** The registry's own opaque id (a UUID); it stays when numbers and cards change. */
  readonly registryPersonId: string;
  readonly name: string;
  /** Civil date `YYYY-MM-DD`. */
  readonly birthDate: string;
  readonly sex: 'male' | 'female';
  /** The number now in use comes first. */
  readonly personNumbers: readonly RegistryPersonNumber[];
  readonly cardNumber: CardNumber;
  /** 第01–10類 to which the person belongs, ascending. */
  readonly priorityGroups: readonly number[];
  /** In the order in which they were given. */
  readonly previousDoses: readonly RegistryDose[];
  readonly parentalConsents: readonly RegistryConsent[];
  /**
   * The person's number was once a duplicate (重號), their basic data has been cleared, and the card in use was made
   * since then.
   */
  readonly duplicateCleared: boolean;
}

export interface CardVerification {
  readonly personNumber: PersonNumber;
  readonly cardNumber: CardNumber;
}

/** `noMatch` stands for an unknown number and for a wrong card alike: the registry does not tell which. */
export type CardVerificationOutcome =
  { readonly outcome: 'match'; readonly person: RegistryPerson } | { readonly outcome: 'noMatch' };

/** What an authorised station knows of somebody without a card number. */
export interface PersonLookup {
  readonly personNumber: PersonNumber;
  /** Civil date. */
  readonly birthDate: string;
  /** The station that asks: the registry keeps who looked at whom, and answers authorised ones alone. */
  readonly stationId: string;
}

/** What a person copies from their household register; the registry compares. */
export interface HouseholdVerification {
  /** The registry's own id of the person. */
  readonly registryPersonId: string;
  readonly householdNumber: HouseholdNumber;
  /** In the form of `canonicalAddress`. */
  readonly registeredAddress: string;
}

/**
 * Is somebody whom we have proved parent, or child, of whom they name? A child is named by number and card, as its
 * parent has them at hand; a parent by number and birth date.
 */
export type KinshipVerification = {
  /** The registry's own id of who asks. */
  readonly registryPersonId: string;
  readonly personNumber: PersonNumber;
} & (
  | { readonly kin: 'child'; readonly cardNumber: CardNumber }
  /** `birthDate` is a civil date. */
  | { readonly kin: 'parent'; readonly birthDate: string }
);

/** Who vouched for a person beside the NHI card. */
export const provers = ['carrier', 'certificate'] as const;

/** A person who was proved without their NHI card. */
export interface ProvedPerson {
  readonly personNumber: PersonNumber;
  /** The registry keeps on whose word it gave somebody's record. */
  readonly provedBy: (typeof provers)[number];
}

export interface InsuranceRegistry {
  /**
   * The person of that number, whom a carrier or a certificate has proved. `noMatch` for one who is not insured.
   * Throws `RegistryUnavailable` when no answer could be had.
   */
  findProved(proved: ProvedPerson): Promise<CardVerificationOutcome>;
  /**
   * Finds the person of that number and birth date, for a station that may look people up. `noMatch` stands for an
   * unknown number and for another birth date alike. Throws `RegistryUnavailable` when no answer could be had.
   */
  findPerson(lookup: PersonLookup): Promise<CardVerificationOutcome>;
  /**
   * Confirms that the card in use now belongs to the person of that number, which may be any that they ever had.
   * Throws `RegistryUnavailable` when no answer could be had.
   */
  verifyCard(verification: CardVerification): Promise<CardVerificationOutcome>;
  /**
   * Confirms household number (戶號) and registered address (戶籍地址); it does not tell which of them was wrong, and
   * gives neither out. Throws `RegistryUnavailable` when no answer could be had.
   */
  verifyHousehold(verification: HouseholdVerification): Promise<'match' | 'noMatch'>;
  /**
   * Confirms that the named person is the child, or a parent, of who asks (parents and legal guardians as the household
   * register has them). `noMatch` stands for an unknown number, a wrong card or birth date, and no such kinship alike.
   * Throws `RegistryUnavailable` when no answer could be had.
   */
  verifyKinship(verification: KinshipVerification): Promise<CardVerificationOutcome>;
  /**
   * What the registry has of the card of somebody whom we have proved; undefined when there is nothing. Throws
   * `RegistryUnavailable` when no answer could be had.
   */
  readCard(registryPersonId: string): Promise<CardStatus | undefined>;
}

export type RegistryUnavailableReason = 'unreachable' | 'timedOut' | 'failed' | 'answerNotUnderstood';

/** The registry gave no usable answer; says why in a code and carries nothing that was asked. */
export class RegistryUnavailable extends Error {
  override readonly name = 'RegistryUnavailable';
  constructor(readonly reason: RegistryUnavailableReason) {
    super(`the insurance registry gave no usable answer (${reason})`);
  }
}

const unanswered = (): Promise<never> => Promise.reject(new RegistryUnavailable('unreachable'));

/** Stands where nobody is to be asked: every question goes unanswered. */
export const absentRegistry: InsuranceRegistry = {
  findProved: unanswered,
  findPerson: unanswered,
  verifyCard: unanswered,
  verifyHousehold: unanswered,
  verifyKinship: unanswered,
  readCard: unanswered,
};
