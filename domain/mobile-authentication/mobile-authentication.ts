/** Mobile quick authentication (手機快速認證): how long a carrier's word holds, and what is asked after it. */

/** Long enough to find the card and think of a password; the carrier saw the phone at its beginning. */
export const confirmationLifeMinutes = 15;

/** Four digits are ten thousand guesses, and the phone is already known: a slip or two, no search. */
export const cardTries = 3;

/** The last four digits of a card number as typed, full-width ones and spaces taken; `undefined` when they are none. */
export function parseCardLastFour(typed: string): string | undefined {
  const digits = typed.normalize('NFKC').replace(/\s/g, '');
  return /^\d{4}$/.test(digits) ? digits : undefined;
}
