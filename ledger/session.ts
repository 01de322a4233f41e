/** Sessions that were ended before their time: signed out, or revoked. Sessions themselves live in sealed cookies. */
import { sql } from 'kysely';

import type { Ledger, LedgerReader } from './database';

/** Ends a session for good; ending it again changes nothing. Commands under it are refused from now on. */
export async function endSession(ledger: Ledger, sessionId: string): Promise<void> {
  await ledger.db
    .insertInto('ended_session')
    .values({ session_id: sessionId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Was this session ended? Reads may ask a cache that is a second old; commands ask inside their own transaction. */
export async function isSessionEnded(db: LedgerReader, sessionId: string): Promise<boolean> {
  const row = await db
    .selectFrom('ended_session')
    .select('session_id')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row !== undefined;
}

/** Removes what no cookie can bear any more. `absoluteLifeMs` is the longest life of a session. Answers how many. */
export async function sweepEndedSessions(ledger: Ledger, absoluteLifeMs: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from ended_session where ended_at < clock_timestamp() - ${absoluteLifeMs} * interval '1 millisecond'
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
