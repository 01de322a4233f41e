import { sql, type Kysely } from 'kysely';

/** What a health authority offers: rounds, their products and booking windows, supply, sites and slots. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table vaccine_product (
      product  text primary key check (product ~ '^[A-Za-z0-9-]{1,20}$'),
      name_zh  text not null,
      name_en  text not null
    );

    create table round (
      round_id                  text primary key check (round_id ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
      kind                      text not null check (kind in ('rankThenInvite', 'bookIfEligible')),
      name_zh                   text not null,
      name_en                   text not null,
      open_groups               smallint[] not null check (cardinality(open_groups) > 0),
      all_products_preselected  boolean not null,
      registration_opens_at     timestamptz,
      registration_ends_at      timestamptz,
      settles_at                timestamptz,
      age_reckoned_on           date not null,
      loaded_at                 timestamptz not null default ledger_now(),
      changed_at                timestamptz not null default ledger_now(),
      closed_at                 timestamptz,
      constraint round_ranked_has_registration check (
        (kind = 'rankThenInvite') = (registration_opens_at is not null)
        and (kind = 'rankThenInvite') = (registration_ends_at is not null)
        and (kind = 'rankThenInvite') = (settles_at is not null)),
      constraint round_dates_in_order check (
        registration_opens_at < registration_ends_at and registration_ends_at <= settles_at)
    );

    comment on column round.loaded_at is 'When it came first: of two rounds'' dose intervals the rule of the later one holds.';
    comment on column round.changed_at is 'When an import last changed it, its sessions or its supply: its workflow then reads it anew.';

    create table round_product (
      round_id  text not null references round,
      product   text not null references vaccine_product,
      place     smallint not null,
      primary key (round_id, product),
      constraint round_product_place_once unique (round_id, place)
    );
    comment on column round_product.place is 'The round''s order of products: a person who takes several is given the first that is left.';

    create table dose_interval (
      round_id       text not null references round,
      from_product   text not null references vaccine_product,
      to_product     text not null references vaccine_product,
      dose_number    smallint not null default 2 check (dose_number between 2 and 9),
      interval_days  integer not null check (interval_days between 0 and 1000),
      primary key (round_id, from_product, to_product, dose_number)
    );
    comment on column dose_interval.dose_number is 'The dose given after the interval: without a row for it the series ends there.';

    create table booking_window (
      round_id   text not null,
      product    text not null,
      age_from   smallint not null check (age_from >= 0),
      age_to     smallint not null check (age_to <= 150),
      opens_at   timestamptz not null,
      closes_at  timestamptz not null,
      primary key (round_id, product, age_from),
      foreign key (round_id, product) references round_product,
      constraint booking_window_ages_in_order check (age_from <= age_to),
      constraint booking_window_opens_before_it_closes check (opens_at < closes_at)
    );

    create table supply (
      round_id     text not null,
      product      text not null,
      county_code  text not null,
      doses        integer not null check (doses >= 0),
      primary key (round_id, product, county_code),
      foreign key (round_id, product) references round_product
    );

    create table site (
      site_id        text primary key check (site_id ~ '^[A-Za-z0-9-]{1,20}$'),
      name_zh        text not null,
      name_en        text not null,
      county_code    text not null,
      district_code  text not null,
      address_zh     text not null,
      address_en     text not null,
      phone          text not null default '',
      note_zh        text not null default '',
      note_en        text not null default ''
    );
    create index site_by_district on site (district_code);

    create table slot (
      slot_id       bigint generated always as identity primary key,
      round_id      text not null,
      site_id       text not null references site,
      product       text not null,
      session_date  date not null,
      starts_at     timestamptz not null,
      ends_at       timestamptz not null,
      capacity      integer not null check (capacity >= 0),
      booked        integer not null default 0,
      foreign key (round_id, product) references round_product,
      constraint slot_once unique (round_id, site_id, product, starts_at),
      constraint slot_never_oversold check (booked between 0 and capacity),
      constraint slot_starts_before_it_ends check (starts_at < ends_at)
    ) with (fillfactor = 70);
    create index slot_by_site on slot (site_id, session_date);
    create index slot_by_day on slot (round_id, session_date);
    create index slot_by_product_and_day on slot (round_id, product, session_date);
    comment on column slot.booked is 'Places used up: the slot''s appointments that are booked, attended or missed (I4). Booking and moving in add one; cancelling and moving out take one away; attendance and absence change nothing.';

    create table settlement (
      round_id         text primary key references round,
      settled_at       timestamptz not null default ledger_now(),
      rules_version    text not null,
      registrations    integer not null,
      invited          integer not null,
      completed_at     timestamptz
    );
  `.execute(db);
}
