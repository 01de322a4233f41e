/** Captcha challenges that were spent: each is good for one use, on whichever process it is spent. */
import { sql } from 'kysely';

import type { Ledger, LedgerDb } from './database';
import { gathered } from './gathering';

interface Spending {
  readonly challenge: string;
  readonly expiresAt: Date;
}

/** Few enough for one statement to be quick. */
const mostAtOnce = 500;
const spendings = new WeakMap<LedgerDb, (spending: Spending) => Promise<boolean>>();

/**
 * Spends a challenge. True for the first who does, false ever after. It is kept until it would have expired by itself.
 * When everybody comes at once, one statement spends for many.
 */
export function spendChallenge(db: LedgerDb, challenge: string, expiresAt: Date): Promise<boolean> {
  let spend = spendings.get(db);
  if (!spend) {
    spend = gathered((spent) => spendAll(db, spent), mostAtOnce);
    spendings.set(db, spend);
  }
  return spend({ challenge, expiresAt });
}

async function spendAll(db: LedgerDb, spent: readonly Spending[]): Promise<readonly boolean[]> {
  const { rows } = await sql<{ challenge: string }>`
    insert into spent_challenge (challenge, expires_at)
    select * from unnest(${spent.map(({ challenge }) => challenge)}::text[],
      ${spent.map(({ expiresAt }) => expiresAt)}::timestamptz[])
    on conflict do nothing returning challenge
  `.execute(db);
  const first = new Set(rows.map(({ challenge }) => challenge));
  // The same challenge twice at once: the first of them spent it.
  return spent.map(({ challenge }) => first.delete(challenge));
}

/** Removes spent challenges that have expired. Answers how many. */
export async function sweepChallenges(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from spent_challenge where expires_at < clock_timestamp()
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
