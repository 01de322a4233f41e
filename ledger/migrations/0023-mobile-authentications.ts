import { sql, type Kysely } from 'kysely';

/** What a carrier confirmed (手機快速認證), until a device is bound by it or its time is over. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table mobile_authentication (
      mobile_authentication_id  uuid primary key,
      person_key                uuid not null references person,
      mobile_cipher             bytea not null,
      card_last_four_hash       bytea not null check (length(card_last_four_hash) = 32),
      card_failures             smallint not null default 0 check (card_failures between 0 and 3),
      confirmed_at              timestamptz not null default clock_timestamp(),
      expires_at                timestamptz not null,
      completed_at              timestamptz,
      bound_device_id           uuid references bound_device,
      constraint mobile_authentication_completed_with_a_device check ((completed_at is null) = (bound_device_id is null))
    );
    create index mobile_authentication_by_end on mobile_authentication (expires_at);
    comment on table mobile_authentication is 'A carrier confirmed that a number is the person''s own (手機快速認證): good for one device, swept a day after its end.';
    comment on column mobile_authentication.card_last_four_hash is 'Keyed, and over the row''s id too: four digits alone would be guessed from any hash.';
  `.execute(db);
}
