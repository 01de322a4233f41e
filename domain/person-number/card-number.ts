/** The twelve digits on the front of an NHI card (健保卡卡號); they change at reissue, so they are never a key. */

declare const cardNumberBrand: unique symbol;

/** A card number that was normalised and has twelve digits. */
export type CardNumber = string & { readonly [cardNumberBrand]: true };

/** Why something typed is no card number; it never repeats what was typed. */
export interface CardNumberRefusal {
  readonly refusal: 'cardNumberWrong';
}

/** Reads a card number; full-width digits, and the spaces or dashes people put between groups, are accepted. */
export function parseCardNumber(raw: string): { readonly cardNumber: CardNumber } | CardNumberRefusal {
  const digits = raw.normalize('NFKC').replace(/[\s\p{Dash_Punctuation}]/gu, '');
  if (!/^\d{12}$/.test(digits)) return { refusal: 'cardNumberWrong' };
  return { cardNumber: digits as CardNumber };
}
