/** Encryption of personal columns: AES-256-GCM with the row's id as associated data, and a keyed blind index. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/** Data keys by id, newest last (it encrypts; the others still decrypt), and the key of the blind index. */
export interface LedgerKeys {
  /** Key id (one byte, 0–255) to 32 bytes. */
  readonly dataKeys: ReadonlyMap<number, Buffer>;
  /** Id of the key that encrypts. */
  readonly currentDataKey: number;
  /** 32 bytes, never stored in the database. */
  readonly indexKey: Buffer;
  /** 32 bytes from which the Ed25519 key is made that signs settlements; only who settles needs it. */
  readonly settlementSeed?: Buffer;
}

const ivBytes = 12;
const tagBytes = 16;

/** Encrypts `plain` for the row `rowId`: key id (1 byte), IV (12), ciphertext, tag (16). */
export function seal(keys: LedgerKeys, rowId: string, plain: string): Buffer {
  const key = keys.dataKeys.get(keys.currentDataKey);
  if (!key) throw new Error(`data key ${keys.currentDataKey} is not among the settings`);
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(rowId));
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([keys.currentDataKey]), iv, body, cipher.getAuthTag()]);
}

/** Decrypts what `seal` made for the same row. Throws when the key is unknown or the bytes were tampered with or moved. */
export function unseal(keys: LedgerKeys, rowId: string, sealed: Buffer): string {
  const keyId = sealed[0] ?? -1;
  const key = keys.dataKeys.get(keyId);
  if (!key) throw new Error(`data key ${keyId} is not among the settings`);
  const iv = sealed.subarray(1, 1 + ivBytes);
  const body = sealed.subarray(1 + ivBytes, sealed.length - tagBytes);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(rowId));
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch {
    throw new Error('a sealed column does not open: it was tampered with, cut short or moved');
  }
}

/** The blind index of a normalised person number: equal numbers meet, nothing can be read back without the key. */
export function blindIndex(keys: LedgerKeys, normalisedNumber: string): Buffer {
  return createHmac('sha256', keys.indexKey).update(`personNumber:${normalisedNumber}`).digest();
}

/**
 * Keys from the settings. `dataKeys` is `id:base64[,id:base64…]`, the last one encrypts; `indexKey` and `settlementKey`
 * are base64, the latter empty where nothing is settled. Every key has 32 bytes.
 */
export function parseLedgerKeys(dataKeys: string, indexKey: string, settlementKey = ''): LedgerKeys {
  const parsed = new Map<number, Buffer>();
  let currentDataKey = -1;
  for (const entry of dataKeys.split(',')) {
    const [id, encoded] = entry.trim().split(':');
    currentDataKey = Number(id || NaN);
    if (!Number.isInteger(currentDataKey) || currentDataKey < 0 || currentDataKey > 255) {
      throw new Error('a data key is written id:base64 with an id from 0 to 255');
    }
    // Rows sealed by the first of the two could never be opened again.
    if (parsed.has(currentDataKey)) throw new Error(`data key ${currentDataKey} is named twice`);
    parsed.set(currentDataKey, keyOf(encoded ?? '', 'data key'));
  }
  return {
    ...{ dataKeys: parsed, currentDataKey, indexKey: keyOf(indexKey, 'index key') },
    ...(settlementKey !== '' && { settlementSeed: keyOf(settlementKey, 'settlement key') }),
  };
}

function keyOf(encoded: string, name: string): Buffer {
  const key = Buffer.from(encoded, 'base64');
  if (key.length !== 32) throw new Error(`the ${name} has to have 32 bytes in base64`);
  return key;
}
