import { sql, type Kysely } from 'kysely';

/** Bound devices (裝置認證), the codes by which they are bound, and the codes that they produce. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table bound_device (
      bound_device_id  uuid primary key,
      person_key       uuid not null references person,
      name_cipher      bytea not null,
      kind             text not null check (kind in ('passkey', 'key')),
      credential_id    bytea not null constraint bound_device_one_credential unique
        check (length(credential_id) between 16 and 1023),
      public_key       bytea not null,
      sign_count       bigint not null default 0 check (sign_count >= 0),
      transports       text[] not null default '{}',
      bound_by         text not null check (bound_by in ('deviceCode', 'mobileQuick', 'counter')),
      bound_at         timestamptz not null default clock_timestamp(),
      last_used_at     timestamptz,
      removed_at       timestamptz,
      constraint bound_device_removed_after_it_was_bound check (removed_at >= bound_at)
    );
    comment on table bound_device is 'One row a person and device: one person may have many, and one device may serve many persons.';
    comment on column bound_device.name_cipher is 'What the person calls it: people write their own names there.';
    comment on column bound_device.public_key is 'COSE of a passkey, SubjectPublicKeyInfo of a key; the private one never leaves the device.';
    create index bound_device_by_person on bound_device (person_key) where removed_at is null;

    create table device_code (
      device_code_id   uuid primary key,
      person_key       uuid not null references person,
      code_hash        bytea not null constraint device_code_names_one unique,
      made_at          timestamptz not null default clock_timestamp(),
      expires_at       timestamptz not null,
      used_at          timestamptz,
      bound_device_id  uuid references bound_device,
      constraint device_code_used_with_a_device check ((used_at is null) = (bound_device_id is null))
    );
    comment on table device_code is 'Codes made at a computer for a phone (裝置碼): one use, swept a day after their end. The hash is keyed.';
    create index device_code_by_person on device_code (person_key);
    create index device_code_by_end on device_code (expires_at);

    create table app_otp (
      bound_device_id  uuid primary key references bound_device,
      app_otp_id       uuid not null,
      person_key       uuid not null references person,
      session_id       uuid not null,
      code_hash        bytea not null,
      made_at          timestamptz not null default clock_timestamp(),
      expires_at       timestamptz not null,
      used_at          timestamptz
    );
    comment on table app_otp is 'The newest code of each device (健保卡 OTP 認證碼); a newer one takes the place of the older.';
    comment on column app_otp.session_id is 'In which it was produced: when that session is ended, the code is worth nothing.';
    create index app_otp_by_person on app_otp (person_key);

    alter table sign_in drop constraint sign_in_method_check;
    alter table sign_in add constraint sign_in_method_check check (method in ('card-number', 'birth-date',
      'card-password', 'certificate', 'app-otp', 'passkey', 'app-password', 'station'));
    create index sign_in_by_device on sign_in (bound_device_id, at) where bound_device_id is not null;
  `.execute(db);
}
