/** Parental consent (監護人同意): at these ages a dose is given only where a guardian's consent is on record. */
import type { PlainDate } from '../civil-time/plain-date';

/** A guardian's consent that holds: to one product, or, with `null`, to whichever is offered. */
export interface ParentalConsent {
  readonly product: string | null;
  readonly consentedOn: PlainDate;
}

/**
 * Full years as the round reckons them, both ends included. From 12 to 17 the law wants the consent; 18 and 19 come
 * alone, without a guardian who could give it on the spot, so it has to be on record too.
 */
export const consentAges = { from: 12, to: 19 } as const;

/** Is a guardian's consent asked for at this age? */
export function needsParentalConsent(age: number): boolean {
  return consentAges.from <= age && age <= consentAges.to;
}

/** May this product be given at this age, as far as consent goes? */
export function isConsentedTo(product: string, age: number, consents: readonly ParentalConsent[]): boolean {
  if (!needsParentalConsent(age)) return true;
  return consents.some((consent) => consent.product === null || consent.product === product);
}
