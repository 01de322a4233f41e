import { sql, type Kysely } from 'kysely';

/**
 * Days on which the authority closes sites (a typhoon), what a guardian agreed to for a young person, and what a person
 * agreed to for a dose of another product.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table registration add column mixed_intent boolean not null default false;
    comment on column registration.mixed_intent is 'Agreed to another product than the last dose where the rules ask for it (混打意願).';
    alter table dose_interval add column needs_mixed_intent boolean not null default false;

    create table parental_consent (
      person_key    uuid not null references person,
      product       text references vaccine_product,
      consented_on  date not null,
      recorded_by   text not null,
      recorded_at   timestamptz not null default ledger_now(),
      revoked_at    timestamptz,
      constraint parental_consent_once unique nulls not distinct (person_key, product, consented_on)
    );
    comment on table parental_consent is 'A guardian''s consent to a young person''s vaccination; it holds until it is revoked.';
    comment on column parental_consent.product is 'Null: to whichever product is offered.';
    comment on column parental_consent.recorded_by is 'operator:NAME, or insurance-registry.';

    create table awaited_parental_consent (
      number_index  bytea not null,
      product       text references vaccine_product,
      consented_on  date not null,
      recorded_by   text not null,
      recorded_at   timestamptz not null default ledger_now(),
      constraint awaited_parental_consent_once unique nulls not distinct (number_index, product, consented_on)
    );
    comment on table awaited_parental_consent is 'Handed in before the person was known here; taken over when they are identified.';

    alter table simulated_registry.insured_person add column parental_consents jsonb not null default '[]';

    create table closure (
      closure_id      text primary key check (closure_id ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
      reason          text not null check (reason in ('typhoon', 'disaster', 'siteUnavailable')),
      county_codes    text[] not null default '{}',
      district_codes  text[] not null default '{}',
      site_ids        text[] not null default '{}',
      dates           date[] not null constraint closure_names_a_day check (cardinality(dates) > 0),
      proposed_by     text not null references operator,
      proposed_at     timestamptz not null default ledger_now(),
      confirmed_by    text references operator,
      confirmed_at    timestamptz,
      windows         integer,
      round_ids       text[],
      rebook_until    timestamptz,
      carried_out_at  timestamptz,
      reopened_at     timestamptz,
      told_at         timestamptz,
      constraint closure_needs_two_operators check (confirmed_by <> proposed_by),
      constraint closure_names_an_area check (cardinality(county_codes) + cardinality(district_codes) + cardinality(site_ids) > 0),
      constraint closure_is_confirmed_whole check ((confirmed_at is null) = (confirmed_by is null)
        and (confirmed_at is null) = (rebook_until is null) and (confirmed_at is null) = (round_ids is null)
        and (confirmed_at is null) = (windows is null)),
      constraint closure_in_its_order check (confirmed_at is not null or (carried_out_at is null and reopened_at is null))
    );
    create index closure_under_way on closure (confirmed_at) where confirmed_at is not null and carried_out_at is null;
    comment on table closure is 'Windows that the authority closes: proposed by one operator, confirmed by another, carried out by the workflow closure/<id>.';
    comment on column closure.told_at is 'When the engine was last told of it, by the clock on the wall; told again until it is carried out.';

    alter table slot add column closed_at timestamptz, add column closure_id text, add column capacity_when_open integer,
      add constraint slot_closed_keeps_its_capacity check (
        (closed_at is null) = (capacity_when_open is null) and (closed_at is null) = (closure_id is null));
    create index slot_by_closure on slot (closure_id, slot_id) where closure_id is not null;
    comment on column slot.closed_at is 'Closed by the authority: the capacity is then what is booked, so that whoever counts places finds none.';

    -- A closed window stays full however many leave it, and nobody comes into it, by whatever way.
    create function slot_closed_takes_nobody() returns trigger language plpgsql as $$
    begin
      if old.closed_at is null then
        new.capacity_when_open := old.capacity;
      elsif new.booked > old.booked then
        raise exception 'the window is closed' using errcode = 'check_violation', constraint = 'slot_closed_takes_nobody';
      end if;
      new.capacity := new.booked;
      return new;
    end $$;
    create trigger slot_closed_takes_nobody before update on slot for each row when (new.closed_at is not null)
      execute function slot_closed_takes_nobody();

    alter table appointment add column closure_id text references closure;
    comment on column appointment.closure_id is 'The closure by which the authority cancelled it; null where the person did.';
    create index appointment_by_closure on appointment (closure_id) where closure_id is not null;
  `.execute(db);
}
