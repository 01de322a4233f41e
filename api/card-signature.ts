/** Ed25519 signatures of card bridges (RFC 8032), over texts of `domain/card-proof`. */
import { createHash, createPublicKey, verify } from 'node:crypto';

/** Length of a raw Ed25519 public key. */
const keyBytes = 32;

/**
 * Points of small order, and their other spellings, without the bit of the sign: under such a key every eighth
 * message or more is "signed" by zeros, so that nobody is proved by it. Source: the list that libsodium refuses.
 */
const weakKeys: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** A raw public key out of base64url; `undefined` when it is none, or a weak one. */
export function publicKeyOf(encoded: string): Buffer | undefined {
  const key = Buffer.from(encoded, 'base64url');
  if (key.length !== keyBytes || key.toString('base64url') !== encoded) return undefined;
  const unsigned = Buffer.from(key);
  unsigned[keyBytes - 1] = (unsigned[keyBytes - 1] ?? 0) & 0x7f;
  return weakKeys.has(unsigned.toString('hex')) ? undefined : key;
}

/** The name of a key: SHA-256 of its bytes, base64url. */
export function keyIdOf(publicKey: Buffer): string {
  return createHash('sha256').update(publicKey).digest('base64url');
}

/** Did the owner of this key sign this text? False for whatever is no key and no signature. */
export function isSignedBy(publicKey: Buffer, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
      format: 'jwk',
    });
    return verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}
