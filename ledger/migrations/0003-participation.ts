import { sql, type Kysely } from 'kysely';

import { stages, stageTransitions } from '../../domain/lifecycle/transitions';

/**
 * A person's way through a round: participation with its stage, registration, invitation, appointment.
 * The stage may change only along the domain's transition table, which is written into the database here.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table stage_transition (
      from_stage  text,
      act         text not null,
      to_stage    text not null,
      constraint stage_transition_once unique nulls not distinct (from_stage, act)
    );
    comment on table stage_transition is 'The lifecycle of domain/lifecycle/transitions.ts, stated again.';

    create table participation (
      person_key      uuid not null references person,
      round_id        text not null references round,
      dose_number     smallint not null check (dose_number between 1 and 9),
      stage           text not null,
      last_act        text not null,
      stage_since     timestamptz not null default ledger_now(),
      primary key (person_key, round_id)
    ) with (fillfactor = 80);
    create index participation_by_stage on participation (round_id, stage, person_key);

    create function participation_keeps_to_the_table() returns trigger language plpgsql as $$
    begin
      if not exists (
        select from stage_transition t
        where t.from_stage is not distinct from (case when tg_op = 'INSERT' then null else old.stage end)
          and t.act = new.last_act and t.to_stage = new.stage
      ) then
        raise exception 'no transition from % by % to %',
          case when tg_op = 'INSERT' then '(none)' else old.stage end, new.last_act, new.stage
          using errcode = 'check_violation', constraint = 'participation_stage_transition';
      end if;
      return new;
    end $$;
    create trigger participation_stage_transition before insert or update on participation
      for each row execute function participation_keeps_to_the_table();

    create sequence registration_ordinal;
    create table registration (
      registration_number  text primary key default public_number('1', nextval('registration_ordinal')),
      person_key           uuid not null,
      round_id             text not null,
      contact_id           uuid not null references contact,
      county_code          text not null,
      district_code        text not null,
      products             text[] not null constraint registration_names_a_product check (cardinality(products) > 0),
      priority_group       smallint not null,
      registered_at        timestamptz not null default ledger_now(),
      changed_at           timestamptz,
      withdrawn_at         timestamptz,
      carried_from         text references round,
      foreign key (person_key, round_id) references participation
    );
    create unique index registration_one_live_per_person on registration (person_key, round_id) where withdrawn_at is null;
    create index registration_by_round on registration (round_id, county_code) where withdrawn_at is null;

    create table invitation (
      person_key   uuid not null,
      round_id     text not null,
      product      text not null,
      dose_number  smallint not null,
      rank         integer,
      opens_at     timestamptz not null,
      closes_at    timestamptz not null,
      invited_at   timestamptz not null default ledger_now(),
      reopened_at  timestamptz,
      primary key (person_key, round_id),
      foreign key (person_key, round_id) references participation
    );
    comment on column invitation.rank is 'Place in the county''s ranking for that product at settlement; null where eligibility alone invites.';
    comment on column invitation.reopened_at is 'When a cancelled appointment last gave the right to book back.';

    create sequence appointment_ordinal;
    create table appointment (
      appointment_number  text primary key default public_number('2', nextval('appointment_ordinal')),
      person_key          uuid not null,
      round_id            text not null,
      dose_number         smallint not null,
      product             text not null,
      slot_id             bigint not null,
      contact_id          uuid not null references contact,
      status              text not null check (status in ('booked', 'cancelled', 'attended', 'missed')),
      booked_at           timestamptz not null default ledger_now(),
      arranged_at         timestamptz not null default ledger_now(),
      ended_at            timestamptz,
      constraint appointment_ends_when_no_longer_booked check ((status = 'booked') = (ended_at is null)),
      foreign key (person_key, round_id) references participation
    );
    comment on column appointment.slot_id is 'No foreign key: a reference to the hot slot row costs three quarters of the throughput; slots are never deleted.';
    comment on column appointment.arranged_at is 'When its time and place were last set (booked or moved).';
    create unique index appointment_one_live_per_person on appointment (person_key, round_id, dose_number)
      where status in ('booked', 'attended');
    create index appointment_by_slot on appointment (slot_id) where status = 'booked';
    create index appointment_by_person on appointment (person_key, booked_at desc);

    create function slot_is_never_deleted() returns trigger language plpgsql as $$
    begin
      raise exception 'slots are never deleted' using errcode = 'insufficient_privilege';
    end $$;
    create trigger slot_never_deleted before delete or truncate on slot
      for each statement execute function slot_is_never_deleted();
  `.execute(db);

  const rows = stageTransitions.map(({ from, act, to }) => sql`(${from}::text, ${act}::text, ${to}::text)`);
  await sql`insert into stage_transition (from_stage, act, to_stage) values ${sql.join(rows)}`.execute(db);
  const names = sql.join(stages.map((stage) => sql.lit(stage)));
  await sql`alter table participation add constraint participation_known_stage check (stage in (${names}))`.execute(
    db,
  );
}
