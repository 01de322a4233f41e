import { sql, type Kysely } from 'kysely';

import { stages, stageTransitions } from '../../domain/lifecycle/transitions';

/**
 * Places that were given back and are offered down the waiting list, and doses left over at closing time, given in an
 * order that a published seed decides.
 */
export async function up(db: Kysely<never>): Promise<void> {
  const rows = stageTransitions.map(({ from, act, to }) => sql`(${from}::text, ${act}::text, ${to}::text)`);
  await sql`insert into stage_transition (from_stage, act, to_stage) values ${sql.join(rows)}
    on conflict on constraint stage_transition_once do nothing`.execute(db);
  const names = sql.join(stages.map((stage) => sql.lit(stage)));
  await sql`alter table participation drop constraint participation_known_stage,
    add constraint participation_known_stage check (stage in (${names}))`.execute(db);

  await sql`
    create table waiting_list_entry (
      person_key   uuid not null,
      round_id     text not null,
      county_code  text not null,
      products     text[] not null,
      joined_at    timestamptz not null default ledger_now(),
      unanswered   smallint not null default 0,
      left_at      timestamptz,
      left_as      text check (left_as in ('left', 'accepted', 'unanswered')),
      primary key (person_key, round_id),
      foreign key (person_key, round_id) references participation,
      constraint waiting_list_entry_leaves_for_a_reason check ((left_at is null) = (left_as is null))
    );
    create index waiting_list_entry_by_county on waiting_list_entry (round_id, county_code) where left_at is null;
    comment on table waiting_list_entry is 'Who asked for cancelled places. The order is that of the settlement, never that of asking; area and products are those of the registration, which is final by then.';
    comment on column waiting_list_entry.unanswered is 'Offers in a row that ran out without an answer.';

    create table freed_place (
      freed_place_id  uuid primary key default gen_random_uuid(),
      slot_id         bigint not null,
      freed_at        timestamptz not null default ledger_now(),
      ended_at        timestamptz,
      ended_as        text check (ended_as in ('taken', 'givenBack')),
      due_at          timestamptz not null default ledger_now(),
      version         integer not null default 1,
      told_version    integer not null default 0,
      lease_until     timestamptz,
      pokes           smallint not null default 0,
      constraint freed_place_ends_in_a_way check ((ended_at is null) = (ended_as is null))
    );
    create index freed_place_held on freed_place (slot_id) where ended_at is null;
    create index freed_place_due on freed_place (due_at) where ended_at is null;
    create index freed_place_untold on freed_place (freed_at) where version > told_version;
    comment on table freed_place is 'A place that was given back while somebody waited for it: held (slot.booked still counts it) and offered to one after another. The row is the durable start of the workflow place-offer/<id>.';
    comment on column freed_place.due_at is 'Ledger time at which the next thing is to be done with it; moot once it has ended.';
    comment on column freed_place.told_version is 'The version that the engine was told of; a lower one than version is told again.';

    create table place_offer (
      place_offer_id  uuid primary key default gen_random_uuid(),
      freed_place_id  uuid not null references freed_place,
      person_key      uuid not null,
      round_id        text not null,
      turn            integer not null check (turn > 0),
      offered_at      timestamptz not null default ledger_now(),
      expires_at      timestamptz not null,
      status          text not null default 'open'
        check (status in ('open', 'accepted', 'declined', 'expired', 'withdrawn')),
      ended_at        timestamptz,
      foreign key (person_key, round_id) references participation,
      constraint place_offer_turn_once unique (freed_place_id, turn),
      constraint place_offer_once_per_person unique (freed_place_id, person_key),
      constraint place_offer_expires_after_it_was_made check (offered_at < expires_at),
      constraint place_offer_ends_when_no_longer_open check ((status = 'open') = (ended_at is null))
    );
    create unique index place_offer_one_open_per_place on place_offer (freed_place_id) where status = 'open';
    create unique index place_offer_one_open_per_person on place_offer (person_key, round_id) where status = 'open';
    create unique index place_offer_accepted_once on place_offer (freed_place_id) where status = 'accepted';
    create index place_offer_by_person on place_offer (person_key, offered_at desc);
    comment on column place_offer.status is 'withdrawn: the window was closed by the authority while the offer stood.';

    comment on column slot.booked is 'Places used up: the slot''s appointments that are booked, attended or missed, and its freed places that are held (I4). Booking and moving in add one; cancelling and moving out take one away, or leave it held; attendance and absence change nothing.';
    alter table slot add column leftover boolean not null default false;
    comment on column slot.leftover is 'Doses left over at closing: made by the site when it begins to phone, begun by then, so that nobody books it.';

    create sequence leftover_ordinal;
    create table leftover_draw (
      leftover_draw_id  uuid primary key,
      day               date not null,
      district_code     text not null,
      seed_cipher       bytea not null,
      commitment        bytea not null check (length(commitment) = 32),
      committed_at      timestamptz not null default ledger_now(),
      drawn_at          timestamptz,
      constraint leftover_draw_once unique (day, district_code)
    );
    comment on table leftover_draw is 'The order in which leftover doses of a day in a district are offered: SHA-256 of the seed is published before anybody asks, the seed once the first site begins to phone; nobody asks after that.';

    create table leftover_request (
      ticket            text primary key default public_number('3', nextval('leftover_ordinal')),
      leftover_draw_id  uuid not null references leftover_draw,
      person_key        uuid not null references person,
      contact_id        uuid not null references contact,
      asked_at          timestamptz not null default ledger_now(),
      withdrawn_at      timestamptz
    );
    create unique index leftover_request_one_live_per_person on leftover_request (leftover_draw_id, person_key)
      where withdrawn_at is null;
    create index leftover_request_by_person on leftover_request (person_key, asked_at desc);

    create table leftover_call (
      leftover_call_id  uuid primary key default gen_random_uuid(),
      leftover_draw_id  uuid not null references leftover_draw,
      site_id           text not null references site,
      slot_id           bigint not null constraint leftover_call_fills_its_own_slot unique,
      product           text not null,
      opened_at         timestamptz not null default ledger_now(),
      constraint leftover_call_once unique (leftover_draw_id, site_id, product)
    );
    comment on table leftover_call is 'A site phones down the order of its district; its slot has as many places as there are doses left.';

    create table leftover_turn (
      leftover_call_id  uuid not null references leftover_call,
      ticket            text not null references leftover_request,
      turn              integer not null check (turn > 0),
      begun_at          timestamptz not null default ledger_now(),
      result            text check (result in ('coming', 'declined', 'noAnswer', 'passedOver')),
      ended_at          timestamptz,
      appointment_number text references appointment,
      primary key (leftover_call_id, ticket),
      constraint leftover_turn_once unique (leftover_call_id, turn),
      constraint leftover_turn_ends_with_a_result check ((result is null) = (ended_at is null)),
      constraint leftover_turn_coming_has_an_appointment check ((result is not distinct from 'coming') = (appointment_number is not null))
    );
    create unique index leftover_turn_phoned_once on leftover_turn (ticket) where result is distinct from 'passedOver';
    create unique index leftover_turn_one_open_per_call on leftover_turn (leftover_call_id) where result is null;
    comment on index leftover_turn_phoned_once is 'Two sites of a district never phone the same person.';
  `.execute(db);
}
