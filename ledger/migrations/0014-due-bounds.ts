import { sql, type Kysely } from 'kysely';

/**
 * `next_due_at` becomes a lower bound, which whole-round steps may write without asking the domain. The index by
 * which overdue people are found leaves out who still waits for the relay: after a settlement that is everybody.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    comment on column citizen_outbox.next_due_at is
      'Ledger time before which nothing is owed to the person; null when nothing is owed at all. A lower bound until the relay has sent this version, exact from then on.';
    drop index citizen_outbox_due;
    create index citizen_outbox_due on citizen_outbox (next_due_at)
      where next_due_at is not null and sent_version >= version;
    comment on column citizen_outbox.asleep is
      'The person''s workflow run ends on the version sent, because nothing is due for days; the relay wakes it at next_due_at.';
    drop index citizen_outbox_asleep;
    create index citizen_outbox_asleep on citizen_outbox (next_due_at) where asleep and next_due_at is not null;
    create index citizen_outbox_poked on citizen_outbox (next_due_at) where pokes >= 3;
  `.execute(db);
}
