/** Answers kept for repeated requests: swept once nobody repeats them. Written by the citizen command itself. */
import { hash } from 'node:crypto';
import { sql } from 'kysely';

import type { Ledger } from './database';

/** How long the same key brings the same answer. */
export const answersKeptHours = 24;

/** Hash of what was asked, so that a key used for another request shows: method, path and body as parsed. */
export function requestHash(method: string, path: string, body: unknown): Buffer {
  return hash('sha256', JSON.stringify([method, path, sortedKeys(body)]), 'buffer');
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
