/**
 * Binding a device (行動裝置認證): what the code for the phone and the code from the phone look like, how long they are
 * good, and what a device may be called. Source: seeds 000 (questions 3 and 18), 003 and 004.
 */

/** How a bound device proves itself: by its own unlock, or by a key that its browser keeps and never hands out. */
export const deviceKinds = ['passkey', 'key'] as const;
export type DeviceKind = (typeof deviceKinds)[number];

/** How the person was proved when the device was bound (裝置碼認證、行動電話認證、臨櫃). */
export const bindingWays = ['deviceCode', 'mobileQuick', 'counter'] as const;
export type BindingWay = (typeof bindingWays)[number];

/** Ways of signing in by a card of one's own in a reader: the NHI card with its password, or the certificate. */
const waysByCard: ReadonlySet<string> = new Set(['card-password', 'certificate']);

/** May who came in this way make a device code? Whoever only knows numbers may not bind a phone by them. */
export function mayMakeDeviceCode(method: string): boolean {
  return waysByCard.has(method);
}

/** May who came in this way, on a device that is not bound, read their card's number? Numbers alone must not yield more. */
export function mayReadCardNumber(method: string): boolean {
  return waysByCard.has(method);
}

/** 認證碼有效時間為 15 分鐘，逾期請重新產生. */
export const deviceCodeLifeMinutes = 15;
/** The app's code: three minutes, one use. */
export const appOtpLifeSeconds = 180;

/** Without those that are taken for one another: 0 O o, 1 I i l. */
const deviceCodeLetters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789';
export const deviceCodeLength = 8;
export const appOtpLength = 6;

/** The device code that these random bytes (16 at least) stand for. */
export function deviceCodeOf(random: Uint8Array): string {
  return digitsOf(random, BigInt(deviceCodeLetters.length), deviceCodeLength)
    .map((digit) => deviceCodeLetters.charAt(digit))
    .join('');
}

/** The app's code that these random bytes (16 at least) stand for. */
export function appOtpOf(random: Uint8Array): string {
  return digitsOf(random, 10n, appOtpLength).join('');
}

/** So many bytes are far more than the digits need: none comes more often than another by anything one could measure. */
function digitsOf(random: Uint8Array, base: bigint, count: number): number[] {
  if (random.length < 16) throw new Error('too few random bytes for a code');
  let rest = random.reduce((number, byte) => number * 256n + BigInt(byte), 0n);
  return Array.from({ length: count }, () => {
    const digit = Number(rest % base);
    rest /= base;
    return digit;
  });
}

/** A device code as typed, upper and lower case kept; spaces and hyphens between are left out. */
export function parseDeviceCode(typed: string): string | undefined {
  const code = typed.normalize('NFKC').replace(/[\s-]/g, '');
  return /^[A-Za-z0-9]{8}$/.test(code) ? code : undefined;
}

/** The app's code as typed: six digits, spaces left out. */
export function parseAppOtp(typed: string): string | undefined {
  const code = typed.normalize('NFKC').replace(/[\s-]/g, '');
  return /^\d{6}$/.test(code) ? code : undefined;
}

export const deviceNameLength = 40;

/** What a person calls a device, in one line; undefined when nothing is left or it is too long. */
export function parseDeviceName(typed: string): string | undefined {
  const name = typed
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\s]+/gu, ' ')
    .trim();
  return name === '' || Array.from(name).length > deviceNameLength ? undefined : name;
}
