import { sql, type Kysely } from 'kysely';

/** Card bridges that may sign what they read, and the challenges that they answer. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table card_bridge (
      bridge_id    uuid primary key,
      public_key   bytea not null
        constraint card_bridge_key_once unique
        constraint card_bridge_key_is_ed25519 check (octet_length(public_key) = 32),
      name         text not null constraint card_bridge_name_length check (length(name) between 1 and 60),
      station_id   text references station,
      enrolled_at  timestamptz not null default clock_timestamp(),
      revoked_at   timestamptz
    );
    comment on table card_bridge is 'Programs beside a card reader, each with the key by which it signs what it read. A citizen''s own belongs to nobody; a station''s reads count because the station vouches.';
    comment on column card_bridge.name is 'Kind of computer and version of the bridge; nothing of its owner.';

    create table card_challenge (
      challenge_id  uuid primary key,
      bridge_id     uuid not null references card_bridge,
      purpose       text not null
        constraint card_challenge_purpose check (purpose in ('sign-in', 'card-account', 'device-code', 'station')),
      session       text not null,
      origin        text not null,
      nonce         bytea not null constraint card_challenge_nonce check (octet_length(nonce) = 32),
      issued_at     timestamptz not null default clock_timestamp(),
      expires_at    timestamptz not null,
      spent_at      timestamptz,
      constraint card_challenge_lives_two_minutes
        check (expires_at > issued_at and expires_at <= issued_at + interval '120 seconds')
    );
    create index card_challenge_by_expiry on card_challenge (expires_at);
    comment on table card_challenge is 'One reading of a card each, on real time; swept some time after they have expired.';
    comment on column card_challenge.session is 'The session, the visit before signing in, or the station whose page asked.';
  `.execute(db);
}
