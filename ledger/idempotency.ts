/** Answers kept for repeated requests: swept once nobody repeats them. Written by the citizen command itself. */
import { createHmac } from 'node:crypto';
import { sql } from 'kysely';

import { refused, type Outcome } from '../domain/refusal/refusals';
import type { CommandContext } from './citizen-command';
import type { Ledger } from './database';
import type { LedgerKeys } from './encryption';

/** How long the same key brings the same answer. */
export const answersKeptHours = 24;

/**
 * Hash of what was asked, so that a key used for another request shows: method, path and body as parsed. Keyed by what
 * is not in the database: bodies hold passwords and telephone numbers, which a plain hash would let anybody guess.
 */
export function requestHash(
  { indexKey }: Pick<LedgerKeys, 'indexKey'>,
  method: string,
  path: string,
  body: unknown,
): Buffer {
  const asked = JSON.stringify([method, path, sortedKeys(body)]);
  return createHmac('sha256', indexKey).update(`request:${asked}`).digest();
}

/**
 * The answer that this request was given before, for acts that ask for something which the act itself changes: asked
 * again after a lost answer they would refuse what they did. Refuses with `idempotencyKeyReused`.
 */
export async function findAnswer<T>(
  { db }: Ledger,
  { personKey, idempotency }: Pick<CommandContext, 'personKey' | 'idempotency'>,
): Promise<Outcome<T> | undefined> {
  if (!idempotency) return undefined;
  const row = await db
    .selectFrom('idempotent_answer')
    .select(['request_hash', 'outcome'])
    .where('person_key', '=', personKey)
    .where('idempotency_key', '=', idempotency.key)
    .executeTakeFirst();
  if (!row) return undefined;
  if (!row.request_hash.equals(idempotency.requestHash)) return refused({ code: 'idempotencyKeyReused' });
  return { ok: true, value: row.outcome as T };
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (value === null || typeof value !== 'object') return value ?? null;
  // Named as an object, so that no list of pairs looks the same.
  return {
    fields: Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sortedKeys(entry)]),
  };
}

/** Removes answers older than a day, some at a time so that no long lock is held. Answers how many. */
export async function sweepAnswers(ledger: Ledger, { batch = 5_000 } = {}): Promise<number> {
  let swept = 0;
  for (;;) {
    const { numAffectedRows } = await sql`
      delete from idempotent_answer where ctid = any(array(
        select ctid from idempotent_answer
        where answered_at < clock_timestamp() - ${answersKeptHours} * interval '1 hour' limit ${batch}))
    `.execute(ledger.db);
    const removed = Number(numAffectedRows ?? 0n);
    swept += removed;
    if (removed < batch) return swept;
  }
}
