import { sql, type Kysely } from 'kysely';

/**
 * Who there is: people, their numbers, ways to reach them, doses, and the append-only record of what was
 * done. Names, numbers and contacts are encrypted in the application; numbers are found by a keyed blind
 * index. Birth date and groups stay plain because they rank people.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table ledger_clock (
      only_row   boolean primary key default true check (only_row),
      offset_ms  bigint not null default 0
    );
    comment on table ledger_clock is 'The stepping clock of demonstration and test; its offset stays 0 in production.';
    insert into ledger_clock default values;

    create function ledger_now() returns timestamptz language sql stable as $$
      select clock_timestamp() + (select offset_ms from ledger_clock) * interval '1 millisecond'
    $$;
    create function ledger_today() returns date language sql stable as $$
      select (ledger_now() at time zone 'Asia/Taipei')::date
    $$;

    create function public_number(prefix text, ordinal bigint) returns text language sql immutable as $$
      select prefix || lpad(((ordinal * 387420489 + 271828182) % 999999937)::text, 9, '0')
    $$;
    comment on function public_number is 'Numbers people read aloud: unique, ten digits, telling nothing of order or volume.';

    create table person (
      person_key          uuid primary key,
      registry_person_id  uuid not null constraint person_one_per_registry_record unique,
      name_cipher         bytea not null,
      birth_date          date not null,
      priority_groups     smallint[] not null default '{}',
      version             bigint not null default 0,
      known_since         timestamptz not null default ledger_now()
    );

    create table person_number (
      person_number_id  uuid primary key,
      person_key        uuid not null references person,
      kind              text not null check (kind in ('nationalId', 'oldUiNumber', 'newUiNumber')),
      number_cipher     bytea not null,
      number_index      bytea not null constraint person_number_names_one_person unique,
      valid_from        date,
      valid_to          date
    );
    create index person_number_by_person on person_number (person_key);

    create table contact (
      contact_id     uuid primary key,
      person_key     uuid not null references person,
      mobile_cipher  bytea not null,
      language       text not null default 'zh' check (language in ('zh', 'en')),
      given_at       timestamptz not null default ledger_now()
    );
    comment on table contact is 'A mobile as it was given once; never changed, so what was sent where stays true.';
    create index contact_by_person on contact (person_key);

    create table dose (
      dose_id             uuid primary key default gen_random_uuid(),
      person_key          uuid not null references person,
      dose_number         smallint not null check (dose_number between 1 and 9),
      product             text not null,
      given_on            date not null,
      source              text not null check (source in ('registry', 'site')),
      appointment_number  text,
      constraint dose_number_once_per_person unique (person_key, dose_number)
    );

    create table audit_entry (
      audit_entry_id  bigint generated always as identity,
      recorded_at     timestamptz not null default clock_timestamp(),
      ledger_time     timestamptz not null default ledger_now(),
      person_key      uuid,
      version         bigint,
      act             text not null,
      actor           text not null check (actor in ('citizen', 'station', 'staff', 'workflow', 'system')),
      channel         text not null,
      detail          jsonb not null default '{}',
      primary key (recorded_at, audit_entry_id)
    ) partition by range (recorded_at);
    comment on table audit_entry is 'Immutable history, a partition a day; detail holds codes and counts, nothing personal.';
    create table audit_entry_default partition of audit_entry default;
    create index audit_entry_by_person on audit_entry (person_key, recorded_at);

    create function audit_entry_is_append_only() returns trigger language plpgsql as $$
    begin
      raise exception 'audit_entry is append-only' using errcode = 'insufficient_privilege';
    end $$;
    create trigger audit_entry_append_only before update or delete on audit_entry
      for each row execute function audit_entry_is_append_only();
    -- Row triggers go on to every partition by themselves, those on truncate do not.
    create trigger audit_entry_never_emptied before truncate on audit_entry
      for each statement execute function audit_entry_is_append_only();
    create trigger audit_entry_never_emptied before truncate on audit_entry_default
      for each statement execute function audit_entry_is_append_only();

    create function ensure_day_partitions(days_ahead integer) returns integer language plpgsql as $$
    declare
      day date;
      made integer := 0;
    begin
      for day in select generate_series(current_date, current_date + days_ahead, interval '1 day')::date loop
        if to_regclass('audit_entry_' || to_char(day, 'YYYYMMDD')) is null then
          begin
            execute format('create table %I partition of audit_entry for values from (%L) to (%L)',
              'audit_entry_' || to_char(day, 'YYYYMMDD'), day, day + 1);
            execute format('create trigger audit_entry_never_emptied before truncate on %I
              for each statement execute function audit_entry_is_append_only()', 'audit_entry_' || to_char(day, 'YYYYMMDD'));
            made := made + 1;
          exception when check_violation or duplicate_table then
            null; -- the default partition already holds that day, or another process was first
          end;
        end if;
      end loop;
      return made;
    end $$;
    select ensure_day_partitions(14);
  `.execute(db);
}
