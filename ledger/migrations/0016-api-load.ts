import { sql, type Kysely } from 'kysely';

/** How the API's processes are doing, so that the relay gives way to them. Lost in a crash, and no loss. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create unlogged table api_load (
      process_id   uuid primary key,
      reported_at  timestamptz not null default clock_timestamp(),
      acts         integer not null check (acts >= 0),
      slow_ms      double precision not null check (slow_ms >= 0)
    );
    comment on table api_load is 'One row an API process, written while people act: without recent rows nobody has to be given way to.';
    comment on column api_load.acts is 'Acts answered in the last seconds.';
    comment on column api_load.slow_ms is 'Nine of ten of these were answered within so many milliseconds.';
  `.execute(db);
}
