/**
 * A card with a certificate (自然人憑證 IC 卡) as the bridge needs it: which certificate is in, and a signature after the
 * PIN. Behind it stands the card vendor's PKCS#11 module, and a card of software in tests.
 */

/** Why a certificate card did not sign; each is a sentence with a way on at the page. */
export const tokenProblems = [
  /** The part that loads the vendor's module is not installed. */
  'noTokenBinding',
  /** The vendor's module (HiCOS) is not on this computer, or is none. */
  'noModule',
  'noToken',
  /** Not a certificate card, or one without a certificate for signing. */
  'otherToken',
  'tokenPulled',
  /** No card has such a PIN: it was not asked, and no try is lost. */
  'pinMalformed',
  'pinWrong',
  /** Wrong before; the next wrong one locks the card. */
  'pinLastTry',
  /** Three wrong PINs: unlocked at a household office or on the authority's site (解鎖碼). */
  'pinLocked',
  'tokenStuck',
  'tokenFailed',
] as const;
export type TokenProblem = (typeof tokenProblems)[number];

export type TokenAnswer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: TokenProblem };

/** What is known of the card that is in before anybody types a PIN. */
export interface TokenFacts {
  /** Name of its reader. */
  readonly reader: string;
  /** The certificate for signing in DER; anybody may read it. */
  readonly certificate: Buffer;
  /** The last PIN but one was wrong, as the card counts: the next wrong one locks it. */
  readonly lastTry: boolean;
}

export interface CertificateToken {
  /** The first card that has a certificate for signing. */
  look(): Promise<TokenAnswer<TokenFacts>>;
  /**
   * RSASSA-PKCS1-v1_5 or ECDSA (r‖s) with SHA-256, by the key of the certificate that `look` found. The PIN goes to
   * the card and nowhere else.
   */
  sign(pin: string, text: Buffer): Promise<TokenAnswer<Buffer>>;
}

/** PINs of these cards have six to eight digits; what has not is never shown to a card, which would count it. */
export function isPin(typed: string): boolean {
  return /^\d{6,8}$/.test(typed);
}
