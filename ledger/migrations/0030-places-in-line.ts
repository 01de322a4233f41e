import { sql, type Kysely } from 'kysely';

/** Whose a place in the line before signing in is: one a person, so that nobody draws many and keeps the best. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table waiting_room_place (
      person_tag  bytea primary key check (length(person_tag) = 32),
      number      bigint not null,
      expires_at  timestamptz not null
    );
    comment on table waiting_room_place is 'A place in line and for whom it was drawn; asked for again it is the same. Swept when it has ended.';
    comment on column waiting_room_place.person_tag is 'A keyed hash over the index of a person number; the key is not in the database, and the number may be nobody''s.';
  `.execute(db);
}
