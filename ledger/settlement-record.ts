/** The signed record of a settlement: rules, supply, digests and counts as one text, signed with Ed25519. */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import { settlementRules } from '../domain/settlement/assignment';
import type { SettlementRules } from '../domain/settlement/eligibility';
import { evidenceFormat } from '../domain/settlement/evidence';
import type { LedgerReader } from './database';
import type { EvidenceDigests } from './settlement-evidence';

/** What is signed. The text of it in the ledger rules: it is never written anew from the parsed value. */
export interface SettlementRecord {
  readonly format: string;
  readonly roundId: string;
  readonly settledAt: Instant;
  readonly rulesVersion: string;
  readonly rules: SettlementRules;
  readonly registrations: number;
  readonly invited: number;
  readonly digests: EvidenceDigests;
  /** The key that signed, so that one taken out of service still checks what it signed: SPKI, base64. */
  readonly publicKey: string;
}

export interface SignedRecord {
  /** JSON of a `SettlementRecord`; the signature is over its UTF-8 bytes. */
  readonly record: string;
  /** Ed25519, base64. */
  readonly signature: string;
}

/** What an Ed25519 private key starts with in PKCS #8 (RFC 8410): the 32 bytes of the seed follow. */
const pkcs8Ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Puts the record together and signs it with the key of this seed (32 bytes). */
export function signRecord(
  seed: Buffer,
  outcome: Omit<SettlementRecord, 'format' | 'rulesVersion' | 'roundId' | 'publicKey'>,
): SignedRecord {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Ed25519, seed]), format: 'der', type: 'pkcs8' });
  const full: SettlementRecord = {
    format: evidenceFormat,
    roundId: outcome.rules.round.roundId,
    settledAt: outcome.settledAt,
    rulesVersion: settlementRules,
    rules: outcome.rules,
    registrations: outcome.registrations,
    invited: outcome.invited,
    digests: outcome.digests,
    publicKey: publicKeyText(createPublicKey(key)),
  };
  const record = JSON.stringify(full);
  return { record, signature: sign(null, Buffer.from(record), key).toString('base64') };
}

/** Reads a record whose signature is that of its own public key; `undefined` when it is not. */
export function openRecord({ record, signature }: SignedRecord): SettlementRecord | undefined {
  const parsed = JSON.parse(record) as SettlementRecord;
  const key = createPublicKey({
    key: Buffer.from(parsed.publicKey, 'base64'),
    format: 'der',
    type: 'spki',
  });
  return verify(null, Buffer.from(record), key, Buffer.from(signature, 'base64')) ? parsed : undefined;
}

/** What people compare a public key by: the first 16 hexadecimal digits of its SHA-256. */
export function keyFingerprint(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16);
}

const publicKeyText = (key: KeyObject): string =>
  key.export({ format: 'der', type: 'spki' }).toString('base64');

/** The record of a settlement that was decided; `undefined` before, and for one made before records were signed. */
export async function findSignedRecord(db: LedgerReader, roundId: string): Promise<SignedRecord | undefined> {
  const { rows } = await sql<SignedRecord>`
    select record, signature from settlement where round_id = ${roundId} and record is not null
  `.execute(db);
  return rows[0];
}

/** Ids of the rounds whose settlement is published. */
export async function readSettledRounds(db: LedgerReader): Promise<ReadonlySet<string>> {
  const rows = await db.selectFrom('settlement').select('round_id').where('record', 'is not', null).execute();
  return new Set(rows.map(({ round_id }) => round_id));
}
