import { sql, type Kysely } from 'kysely';

/**
 * Invitations in waves: who releases which held texts, with whose approval and how fast; the handsets of staff that get
 * every wave first; and the pace that all senders share.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table text_pace (
      only_row  boolean primary key default true check (only_row),
      next_at   timestamptz not null default clock_timestamp()
    );
    comment on table text_pace is 'When the contract with the SMS gateway lets the next text go: every claim of every sender moves it on.';
    insert into text_pace default values;

    create table test_handset (
      handset_id     uuid primary key,
      label          text not null constraint test_handset_label check (length(label) between 1 and 60),
      mobile_cipher  bytea not null,
      added_by       text not null references operator,
      added_at       timestamptz not null default clock_timestamp(),
      removed_at     timestamptz
    );
    comment on table test_handset is 'Telephones of staff that receive every wave before any citizen does.';

    create table invitation_wave (
      wave_id           text primary key,
      round_id          text not null references round,
      number            smallint not null,
      product           text,
      county_codes      text[],
      rate_per_second   integer not null constraint invitation_wave_rate check (rate_per_second between 1 and 100000),
      trial_size        smallint not null default 100
        constraint invitation_wave_trial_is_a_hundred_at_most check (trial_size between 1 and 100),
      look_seconds      integer not null default 60 check (look_seconds between 0 and 86400),
      stage             text not null default 'gathering' check (stage in
        ('gathering', 'testing', 'looking', 'trial', 'awaitingApproval', 'releasing', 'done', 'stopped')),
      stage_since       timestamptz not null default clock_timestamp(),
      changed_at        timestamptz not null default clock_timestamp(),
      told_at           timestamptz,
      audience          integer not null default 0,
      released          integer not null default 0,
      released_through  timestamptz,
      started_by        text not null references operator,
      started_at        timestamptz not null default clock_timestamp(),
      approved_by       text references operator,
      approved_at       timestamptz,
      paused_by         text references operator,
      paused_at         timestamptz,
      pause_reason      text check (pause_reason in ('operator', 'textsRefused')),
      stopped_by        text references operator,
      stopped_at        timestamptz,
      constraint invitation_wave_once_per_number unique (round_id, number),
      constraint invitation_wave_four_eyes check (approved_by <> started_by),
      constraint invitation_wave_only_a_trial_without_approval
        check (released between 0 and trial_size or approved_by is not null),
      constraint invitation_wave_goes_out_with_approval
        check (stage not in ('releasing', 'done') or approved_by is not null or audience = 0),
      constraint invitation_wave_approval_is_dated check ((approved_by is null) = (approved_at is null)),
      constraint invitation_wave_pause_has_a_reason check ((paused_at is null) = (pause_reason is null)),
      constraint invitation_wave_stop_is_signed check ((stage = 'stopped') = (stopped_by is not null))
    );
    comment on table invitation_wave is 'One release of held invitation texts: to test handsets, to a hundred people, and after a second operator''s approval to the rest.';
    comment on column invitation_wave.changed_at is 'When an operator last said something about it.';
    comment on column invitation_wave.told_at is 'The changed_at of which the engine was told; null: it has to be told.';
    comment on column invitation_wave.audience is 'Texts that belong to the wave, fixed before anything goes out.';
    comment on column invitation_wave.released is 'Texts of people that were let go and not taken back by a pause.';
    comment on column invitation_wave.released_through is 'Until when, at the chosen rate, what was released is spread.';
    comment on column invitation_wave.paused_by is 'Null for a wave that stopped itself because texts were refused.';

    alter table text_message
      alter column person_key drop not null,
      alter column contact_id drop not null,
      add column handset_id uuid references test_handset,
      add column wave_id text references invitation_wave,
      add column released_at timestamptz,
      add constraint text_message_to_a_person_or_a_test_handset check (
        (handset_id is null and person_key is not null and contact_id is not null)
        or (handset_id is not null and person_key is null and contact_id is null));
    comment on column text_message.released_at is 'When a wave let it go, by the clock on the wall; null for a text that no wave held.';
    create unique index text_message_once_per_handset on text_message (handset_id, purpose, occasion)
      where handset_id is not null;
    create index text_message_held on text_message (text_message_id) where status = 'held' and wave_id is null;
    create index text_message_of_wave on text_message (wave_id, status, text_message_id) include (handset_id)
      where wave_id is not null;
    create index text_message_refused on text_message (last_code) where status = 'rejected';
    -- Every text changes its state several times within seconds: dead rows must go before they slow the senders down.
    alter table text_message set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
  `.execute(db);
}
