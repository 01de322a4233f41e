import { sql, type Kysely } from 'kysely';

/** Stations of every kind with their places, the sessions that they begin for people, and staff who look people up. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table station
      add column kind text not null default 'site' constraint station_kind check (kind in
        ('site', 'storeKiosk', 'pharmacy', 'healthCentre', 'selfServicePoint', 'hotline', 'counter')),
      add column chain text constraint station_chain check (chain in ('sevenEleven', 'familyMart', 'hiLife', 'okMart')),
      add column name_zh text,
      add column name_en text,
      add column district_code text constraint station_district check (district_code ~ '^\\d{8}$'),
      alter column site_id drop not null,
      add constraint station_desk_stands_at_a_site check ((kind = 'site') = (site_id is not null)),
      add constraint station_else_has_a_place check (kind = 'site'
        or (name_zh is not null and name_en is not null and district_code is not null)),
      add constraint station_of_a_store_has_a_chain check ((kind = 'storeKiosk') = (chain is not null));
    comment on column station.kind is 'What the station may do follows from it, see domain/station.';

    create table station_staff (
      station_id     text not null references station,
      staff_id       text not null constraint station_staff_name check (staff_id ~ '^[A-Za-z0-9-]{1,40}$'),
      key_hash       bytea not null constraint station_staff_key_once unique,
      designated_at  timestamptz not null default clock_timestamp(),
      dismissed_at   timestamptz,
      primary key (station_id, staff_id)
    );
    comment on table station_staff is 'Designated staff (指定人員) who may act at a station for people without a card; each has a key of their own.';

    create table station_look (
      look_id      uuid primary key default gen_random_uuid(),
      station_id   text not null references station,
      staff_id     text not null,
      reason       text not null constraint station_look_reason check (reason in
        ('noCardNumber', 'noDevice', 'cannotUseScreen', 'needsExplaining')),
      person_keys  uuid[] not null,
      looked_at    timestamptz not null default clock_timestamp(),
      foreign key (station_id, staff_id) references station_staff
    );
    comment on table station_look is 'Whom a search showed, for a few minutes, so that one of them can be opened; the lasting record is in audit_entry.';
    create index station_look_by_age on station_look (looked_at);

    create table station_session (
      session_id  uuid primary key,
      station_id  text not null references station,
      staff_id    text,
      reason      text,
      begun_at    timestamptz not null default clock_timestamp(),
      constraint station_session_of_staff_has_a_reason check ((staff_id is null) = (reason is null)),
      foreign key (station_id, staff_id) references station_staff
    );
    comment on table station_session is 'A person''s session that a station began: what may be done in it follows from the station''s kind.';
    create index station_session_by_station on station_session (station_id, begun_at);

    create index person_by_birth_date on person (birth_date);
  `.execute(db);
}
