/** Taiwan mobile numbers as people type them, brought to the one form `09` and eight digits. */

declare const mobileBrand: unique symbol;

/** A mobile number in the form `0912345678`. */
export type Mobile = string & { readonly [mobileBrand]: true };

/** Why something typed is no Taiwan mobile number; it never repeats what was typed. */
export interface MobileRefusal {
  readonly refusal: 'mobileWrong';
}

/** `+886`, `00886` and `886`, with or without the `0` that does not belong after them. */
const countryCode = /^(?:\+|00)?8860?(?=9)/;

/** What people put between groups of digits, the minus sign and the various dashes and dots among them. */
const separators = /[\s\p{Dash_Punctuation}\u2212().·]/gu;

/** Reads a mobile number; full-width digits, separators and the country code in its usual spellings are accepted. */
export function parseMobile(raw: string): { readonly mobile: Mobile } | MobileRefusal {
  const digits = raw.normalize('NFKC').replace(separators, '').replace(countryCode, '0');
  if (!/^09\d{8}$/.test(digits)) return { refusal: 'mobileWrong' };
  return { mobile: digits as Mobile };
}
