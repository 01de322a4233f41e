/**
 * A card with a certificate (自然人憑證 IC 卡) as the bridge needs it: read the certificate, sign after the PIN. Behind it
 * stands the vendor's PKCS#11 module on a real computer, and a virtual card in tests; what is still missing for a
 * real one is listed in docs/citizen-certificate.md.
 */

/** What may be wrong with a card that is to sign. */
export type TokenProblem =
  | { readonly problem: 'noToken' }
  /** Not a certificate card, or one without a certificate for signing. */
  | { readonly problem: 'otherCard' }
  | { readonly problem: 'tokenPulled' }
  | { readonly problem: 'pinWrong'; readonly triesLeft: number }
  /** Three wrong PINs: unlocked at a household office or on the authority's site (解鎖碼). */
  | { readonly problem: 'pinLocked' };

export type TokenAnswer<T> =
  { readonly ok: true; readonly value: T } | ({ readonly ok: false } & TokenProblem);

export interface CertificateToken {
  /** The certificate for signing in DER; anybody may read it. */
  certificate(): Promise<TokenAnswer<Buffer>>;
  /** RSASSA-PKCS1-v1_5 or ECDSA (r‖s) with SHA-256 by the card's own key. The PIN goes to the card and nowhere else. */
  sign(pin: string, text: Buffer): Promise<TokenAnswer<Buffer>>;
}
