import { sql, type Kysely } from 'kysely';

/** The line before the door when more people come than can be served: numbers given out, places admitted, draws. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table waiting_room (
      only_one       boolean primary key default true check (only_one),
      shut_at        timestamptz,
      kept_shut      boolean not null default false,
      next_number    bigint not null default 0,
      admitted       bigint not null default 0,
      moved_at       timestamptz not null default clock_timestamp(),
      calm_since     timestamptz,
      rung_through   timestamptz not null default ledger_now(),
      leader         uuid,
      leads_until    timestamptz,
      constraint waiting_room_admits_whom_it_numbered check (admitted between 0 and next_number)
    ) with (fillfactor = 50);
    insert into waiting_room default values;
    comment on table waiting_room is 'One row. Numbers are given out in blocks; places below admitted may come in. The process that leads moves it.';
    comment on column waiting_room.shut_at is 'Since when people wait for their turn; null while everybody just comes in.';
    comment on column waiting_room.kept_shut is 'Operations keep the line even when few come.';
    comment on column waiting_room.rung_through is 'Openings up to this instant of the ledger''s time have rung: who waited then was put in random order.';

    create table waiting_room_report (
      process_id          uuid primary key,
      reported_at         timestamptz not null default clock_timestamp(),
      arrivals_per_second double precision not null,
      strained            boolean not null
    ) with (fillfactor = 50);
    comment on table waiting_room_report is 'What each API process saw in its last second; old rows are swept.';

    create table waiting_room_draw (
      bell_at       timestamptz primary key,
      first_place   bigint not null,
      end_place     bigint not null,
      seed          integer[] not null check (cardinality(seed) = 4),
      drawn_at      timestamptz not null default clock_timestamp(),
      constraint waiting_room_draw_of_somebody check (first_place < end_place)
    );
    comment on table waiting_room_draw is 'Everybody who waited when an opening rang, and the seed of their order: anyone can work it out again.';
  `.execute(db);
}
