import { sql, type Kysely } from 'kysely';

/** Who came in when and by which way, for people to look over themselves; and whose duplicate number was cleared. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table sign_in (
      session_id        uuid primary key,
      person_key        uuid not null references person,
      method            text not null check (method in
        ('card-number', 'birth-date', 'card-password', 'certificate', 'app-otp', 'passkey', 'station')),
      at                timestamptz not null default clock_timestamp(),
      browser           text check (length(browser) between 1 and 40),
      operating_system  text check (length(operating_system) between 1 and 40),
      station_id        text references station,
      bound_device_id   uuid,
      known_as          text[] not null default '{}',
      disowned_at       timestamptz,
      constraint sign_in_disowned_after_it_was check (disowned_at >= at)
    );
    comment on table sign_in is 'One row a session, written once when it begins; swept after half a year. No address is kept.';
    comment on column sign_in.disowned_at is 'When the person said that this was not them (這不是我).';
    comment on column sign_in.known_as is 'Keyed hashes under which address and browser count as known to the person, to be forgotten when they disown it.';
    create index sign_in_by_person on sign_in (person_key, at desc);
    create index sign_in_by_age on sign_in using brin (at);

    alter table simulated_registry.insured_person add column duplicate_cleared boolean not null default false;
    comment on column simulated_registry.insured_person.duplicate_cleared is
      'The number was once a duplicate (重號), this has been cleared, and the card in use was made since.';
  `.execute(db);
}
