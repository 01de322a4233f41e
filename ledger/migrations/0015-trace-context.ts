import { sql, type Kysely } from 'kysely';

/** A change that is traced says so to the relay, which goes on with its trace. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table citizen_outbox add column trace_parent text;
    comment on column citizen_outbox.trace_parent is
      'W3C trace context of the newest traced change, for the relay to go on with; null when the change is not traced.';
  `.execute(db);
}
