import { sql, type Kysely } from 'kysely';

/** Operators: staff of operations who act with an enrolled key, and their acts found quickly in the history. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table operator (
      operator_id  text primary key constraint operator_name check (operator_id ~ '^[A-Za-z0-9-]{1,40}$'),
      key_hash     bytea not null constraint operator_key_once unique,
      enrolled_at  timestamptz not null default clock_timestamp(),
      revoked_at   timestamptz
    );
    comment on table operator is 'Who may act for the authority; where four eyes are asked for, two rows of it.';

    create index audit_entry_by_staff on audit_entry (recorded_at, audit_entry_id) where actor = 'staff';
  `.execute(db);
}
