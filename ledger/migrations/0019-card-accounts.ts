import { sql, type Kysely } from 'kysely';

/** Card accounts with their passwords, what waits for a word by e-mail, the mails themselves; and household data in the registry. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table card_account (
      person_key          uuid primary key references person,
      state               text not null check (state in ('awaitingConfirmation', 'active', 'deactivated')),
      password_hash       text not null check (password_hash like '$argon2id$%'),
      password_set_at     timestamptz not null default ledger_now(),
      email_cipher        bytea,
      mobile_cipher       bytea,
      language            text not null default 'zh' check (language in ('zh', 'en')),
      registered_by       text not null check (registered_by in ('reader', 'counter', 'carrier', 'demonstration')),
      applied_at          timestamptz not null default ledger_now(),
      reminded_at         timestamptz,
      activated_at        timestamptz,
      deactivated_at      timestamptz,
      constraint card_account_active_since check ((state = 'awaitingConfirmation') = (activated_at is null)),
      constraint card_account_deactivated_since check ((state = 'deactivated') = (deactivated_at is not null)),
      constraint card_account_awaits_at_an_address check (state <> 'awaitingConfirmation' or email_cipher is not null)
    );
    comment on table card_account is 'Online registration of an NHI card (健保卡網路服務註冊): one a person, whatever their numbers and cards. One that awaits confirmation or was deactivated is as if not registered.';
    comment on column card_account.email_cipher is 'Confirmed when the account is active. Null where staff or a carrier registered somebody without an address.';

    create table card_account_case (
      person_key    uuid primary key references person,
      version       integer not null default 1,
      told_version  integer not null default 0,
      due_at        timestamptz,
      lease_until   timestamptz,
      opened_at     timestamptz not null default ledger_now()
    );
    create index card_account_case_untold on card_account_case (opened_at) where version > told_version;
    create index card_account_case_due on card_account_case (due_at) where due_at is not null;
    comment on table card_account_case is 'The durable start of the workflow card-account/<personKey>, written with the change that it is about.';
    comment on column card_account_case.due_at is 'Ledger time of the next step with an unconfirmed application; null when nothing waits.';

    create table account_confirmation (
      token_hash      bytea primary key check (length(token_hash) = 32),
      person_key      uuid not null references person,
      purpose         text not null check (purpose in ('application', 'newEmail', 'newPassword')),
      email_cipher    bytea,
      password_hash   text check (password_hash like '$argon2id$%'),
      made_at         timestamptz not null default clock_timestamp(),
      expires_at      timestamptz not null,
      used_at         timestamptz,
      void_at         timestamptz,
      constraint account_confirmation_carries_what_it_confirms check (
        (purpose = 'newEmail') = (email_cipher is not null) and (purpose = 'newPassword') = (password_hash is not null)),
      constraint account_confirmation_ends_one_way check (used_at is null or void_at is null)
    );
    create index account_confirmation_by_person on account_confirmation (person_key, made_at desc);
    comment on table account_confirmation is 'Links that were mailed: SHA-256 of the token alone, good once and until expires_at by the clock on the wall.';
    comment on column account_confirmation.void_at is 'Overtaken by a newer link, or its application was deleted.';

    create table mail_message (
      mail_message_id   uuid primary key default gen_random_uuid(),
      person_key        uuid not null references person,
      purpose           text not null check (purpose in ('confirmApplication', 'remindApplication', 'confirmNewEmail',
        'confirmNewPassword', 'accountActive', 'passwordChanged', 'emailChanged', 'accountDeactivated')),
      occasion          text not null,
      language          text not null check (language in ('zh', 'en')),
      recipient_cipher  bytea not null,
      token_cipher      bytea,
      parameters        jsonb not null default '{}',
      created_at        timestamptz not null default clock_timestamp(),
      status            text not null default 'queued' check (status in ('queued', 'sent', 'refused', 'dropped')),
      attempts          smallint not null default 0,
      next_attempt_at   timestamptz not null default clock_timestamp(),
      ended_at          timestamptz,
      last_code         text,
      constraint mail_message_once_per_occasion unique (person_key, purpose, occasion),
      constraint mail_message_ends_with_a_time check ((status = 'queued') = (ended_at is null)),
      constraint mail_message_forgets_its_token check (status = 'queued' or token_cipher is null)
    );
    create index mail_message_to_send on mail_message (next_attempt_at) where status = 'queued';
    create index mail_message_by_person on mail_message (person_key, created_at desc);
    comment on table mail_message is 'Mails to be sent, written with the change that they tell of; sent at least once under one Message-ID, by which a repeat is known.';
    comment on column mail_message.token_cipher is 'The secret of the link, sealed; wiped as soon as the mail is out of our hands.';
    comment on column mail_message.next_attempt_at is 'A claim moves it on: so long after the death of its sender a mail is taken up again.';
    comment on column mail_message.last_code is 'What the mail server said last, e.g. 451 or 550; its words may hold the address and are not kept.';

    alter table simulated_registry.insured_person add column household_number text, add column registered_address text;
  `.execute(db);
}
