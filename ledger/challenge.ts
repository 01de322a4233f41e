/** Captcha challenges that were spent: each is good for one use, on whichever process it is spent. */
import { sql } from 'kysely';

import type { Ledger, LedgerReader } from './database';

/** Spends a challenge. True for the first who does, false ever after. It is kept until it would have expired by itself. */
export async function spendChallenge(db: LedgerReader, challenge: string, expiresAt: Date): Promise<boolean> {
  const inserted = await db
    .insertInto('spent_challenge')
    .values({ challenge, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** Removes spent challenges that have expired. Answers how many. */
export async function sweepChallenges(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from spent_challenge where expires_at < clock_timestamp()
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
