import { sql, type Kysely } from 'kysely';

/** A gateway that recognises no repeats is given no new text while too many are in doubt: they are counted at each claim. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create index text_message_in_doubt on text_message (lane, next_attempt_at) where status in ('submitting', 'unknown');
  `.execute(db);
}
