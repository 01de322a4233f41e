import { sql, type Kysely } from 'kysely';

/** What guards the edges: ended sessions, spent captcha challenges, limits, idempotent answers, drafts, stations. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table ended_session (
      session_id  uuid primary key,
      ended_at    timestamptz not null default clock_timestamp()
    );
    comment on table ended_session is 'Sessions ended before their time; rows older than the absolute session life are swept.';

    create table spent_challenge (
      challenge   text primary key,
      expires_at  timestamptz not null
    );
    create index spent_challenge_by_expiry on spent_challenge (expires_at);

    create table rate_limit (
      key     varchar(255) primary key,
      points  integer not null default 0,
      expire  bigint
    );

    create table idempotent_answer (
      person_key       uuid not null,
      idempotency_key  text not null check (length(idempotency_key) between 1 and 128),
      request_hash     bytea not null,
      outcome          jsonb not null,
      answered_at      timestamptz not null default clock_timestamp(),
      primary key (person_key, idempotency_key)
    );
    comment on table idempotent_answer is 'Acceptances only, written with the change itself; swept after 24 hours. Refusals are not kept and may change.';
    create index idempotent_answer_by_age on idempotent_answer (answered_at);

    create table page_draft (
      person_key      uuid not null references person,
      journey         text not null check (journey in ('registration', 'booking')),
      answers_cipher  bytea not null,
      saved_at        timestamptz not null default clock_timestamp(),
      primary key (person_key, journey)
    );
    comment on table page_draft is 'Answers not yet committed, kept so that signing in again loses nothing (WCAG 2.2.1).';

    create table station (
      station_id  text primary key,
      site_id     text not null references site,
      key_hash    bytea not null unique,
      enrolled_at timestamptz not null default clock_timestamp(),
      revoked_at  timestamptz
    );
  `.execute(db);
}
