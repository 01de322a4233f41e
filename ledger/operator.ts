/** Operators (staff of operations) who act with an enrolled key. */
import { createHash, randomBytes } from 'node:crypto';

import { sql } from 'kysely';

import type { LedgerReader } from './database';

export interface Operator {
  readonly operatorId: string;
}

/** What enrolment hands out: the key is shown once and kept only as a hash. */
export interface EnrolledOperator extends Operator {
  readonly key: string;
}

const keyBytes = 32;

/** Enrols an operator, or gives an enrolled one a new key; the old one ends. */
export async function enrolOperator(db: LedgerReader, operatorId: string): Promise<EnrolledOperator> {
  const key = randomBytes(keyBytes).toString('base64url');
  await db
    .insertInto('operator')
    .values({ operator_id: operatorId, key_hash: hashOf(key) })
    .onConflict((conflict) =>
      conflict.column('operator_id').doUpdateSet({
        key_hash: hashOf(key),
        enrolled_at: sql<Date>`clock_timestamp()`,
        revoked_at: null,
      }),
    )
    .execute();
  return { operatorId, key };
}

/** The operator of that key; undefined when no key is such or it was revoked. */
export async function findOperator(db: LedgerReader, key: string): Promise<Operator | undefined> {
  const row = await db
    .selectFrom('operator')
    .select('operator_id')
    .where('key_hash', '=', hashOf(key))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row && { operatorId: row.operator_id };
}

/** Ends an operator's key at once. False when there is none to end. */
export async function revokeOperator(db: LedgerReader, operatorId: string): Promise<boolean> {
  const revoked = await db
    .updateTable('operator')
    .set({ revoked_at: sql<Date>`clock_timestamp()` })
    .where('operator_id', '=', operatorId)
    .where('revoked_at', 'is', null)
    .returning('operator_id')
    .execute();
  return revoked.length === 1;
}

/** Keys have 256 random bits: a plain hash keeps them, and finding one by it tells nothing by its time. */
function hashOf(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}
