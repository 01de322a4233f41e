/** What a bound key signs; the same lines are written by `web/browser/device.js`. */

/**
 * The text, in UTF-8, under an ECDSA signature (P-256, SHA-256, 64 bytes). `subject`: of a key that is being bound its
 * public key in base64url, of one that signs in the id of the bound device.
 */
export function keyStatement(
  purpose: 'bind' | 'sign-in',
  origin: string,
  challenge: string,
  subject: string,
): string {
  return ['yiyue-device-key/1', purpose, origin, challenge, subject].join('\n');
}
