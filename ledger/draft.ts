/** Answers that a person gave but did not commit yet, kept so that signing in again loses nothing (WCAG 2.2.1). */
import { sql } from 'kysely';

import type { Ledger } from './database';
import { seal, unseal } from './encryption';

export type DraftJourney = 'registration' | 'booking';
export type DraftAnswers = Readonly<Record<string, string | readonly string[]>>;

/** Each journey's draft is sealed for its own row: neither a person's nor a journey's can be put for another's. */
const rowOf = (personKey: string, journey: DraftJourney): string => `${personKey}/${journey}`;
/** A draft is for coming back to, not for keeping: mobiles stand in it. */
const keptHours = 24;

/** Keeps the answers, in place of those kept before. */
export async function saveDraft(
  ledger: Ledger,
  personKey: string,
  journey: DraftJourney,
  answers: DraftAnswers,
): Promise<void> {
  const sealed = seal(ledger.keys, rowOf(personKey, journey), JSON.stringify(answers));
  await ledger.db
    .insertInto('page_draft')
    .values({ person_key: personKey, journey, answers_cipher: sealed })
    .onConflict((conflict) =>
      conflict
        .columns(['person_key', 'journey'])
        .doUpdateSet({ answers_cipher: sealed, saved_at: sql`clock_timestamp()` }),
    )
    .execute();
}

/** The answers kept within the last day, or `undefined`. */
export async function readDraft(
  ledger: Ledger,
  personKey: string,
  journey: DraftJourney,
): Promise<DraftAnswers | undefined> {
  const row = await ledger.db
    .selectFrom('page_draft')
    .select('answers_cipher')
    .where('person_key', '=', personKey)
    .where('journey', '=', journey)
    .where('saved_at', '>', sql<Date>`clock_timestamp() - ${keptHours} * interval '1 hour'`)
    .executeTakeFirst();
  if (!row) return undefined;
  return JSON.parse(unseal(ledger.keys, rowOf(personKey, journey), row.answers_cipher)) as DraftAnswers;
}

/** Forgets the answers, once they are committed or given up. */
export async function dropDraft(ledger: Ledger, personKey: string, journey: DraftJourney): Promise<void> {
  await ledger.db
    .deleteFrom('page_draft')
    .where('person_key', '=', personKey)
    .where('journey', '=', journey)
    .execute();
}

/** Removes drafts that nobody came back to. Answers how many. */
export async function sweepDrafts(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from page_draft where saved_at <= clock_timestamp() - ${keptHours} * interval '1 hour'
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
