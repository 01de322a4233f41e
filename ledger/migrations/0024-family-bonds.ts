import { sql, type Kysely } from 'kysely';

/** Who may act for whom in a family, with every such act in the history of both; and whose parent the registry says one is. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table family_bond (
      family_bond_id  uuid primary key default gen_random_uuid(),
      kind            text not null constraint family_bond_kind check (kind in ('child', 'elder')),
      by_key          uuid not null references person,
      for_key         uuid not null references person,
      asked_at        timestamptz not null default ledger_now(),
      answer_until    timestamptz,
      agreed_at       timestamptz,
      ends_on         date,
      ended_at        timestamptz,
      ending          text constraint family_bond_ending check (ending in
        ('expired', 'declined', 'takenBack', 'endedByActor', 'endedByPerson')),
      contact_id      uuid references contact,
      constraint family_bond_of_two check (by_key <> for_key),
      constraint family_bond_with_a_child_has_its_end check ((kind = 'child') = (ends_on is not null)),
      constraint family_bond_with_an_elder_is_asked_for check ((kind = 'elder') = (answer_until is not null)),
      constraint family_bond_with_a_child_needs_no_word check (kind = 'elder' or agreed_at is not null),
      constraint family_bond_agreed_in_time check (agreed_at < answer_until),
      constraint family_bond_ended_for_a_reason check ((ended_at is null) = (ending is null))
    );
    comment on table family_bond is 'Who may act for whom (家人代辦): a parent for a child under 15, an adult child for an elder who agreed.';
    comment on column family_bond.by_key is 'Who acts.';
    comment on column family_bond.for_key is 'For whom.';
    comment on column family_bond.answer_until is 'Until when an elder may agree.';
    comment on column family_bond.ends_on is 'The child''s fifteenth birthday: from that day on nothing is done in their name.';
    comment on column family_bond.contact_id is 'Where an elder reads what was done in their name: a mobile that was theirs before anybody could give another.';
    create unique index family_bond_once on family_bond (by_key, for_key) where ended_at is null;
    create index family_bond_by_person on family_bond (for_key, asked_at);
    create index family_bond_by_actor on family_bond (by_key, asked_at);

    -- Whatever changes something in a person's name writes the history in the same transaction, and holds the person's
    -- row, which whoever ends a bond takes too: so this is where no act can slip past the end of its bond.
    create function family_act_stands_in_both_histories() returns trigger language plpgsql as $$
    declare
      bond family_bond;
    begin
      select * into bond from family_bond b
        where b.family_bond_id = substring(new.channel from 8 for 36)::uuid and b.for_key = new.person_key
          and b.by_key = split_part(new.channel, '/by:', 2)::uuid
          and b.agreed_at is not null and b.ended_at is null and (b.ends_on is null or ledger_today() < b.ends_on);
      if not found then
        raise exception 'no family bond stands' using errcode = 'check_violation', constraint = 'family_bond_stands';
      end if;
      insert into audit_entry (person_key, version, act, actor, channel, detail)
        values (bond.by_key, null, new.act, new.actor,
          'family:' || bond.family_bond_id || '/for:' || bond.for_key, new.detail);
      return null;
    end $$;
    create trigger family_act_stands_in_both_histories after insert on audit_entry
      for each row when (new.channel like 'family:%/by:%') execute function family_act_stands_in_both_histories();

    create table simulated_registry.parent_of (
      parent_id  uuid not null references simulated_registry.insured_person,
      child_id   uuid not null references simulated_registry.insured_person,
      primary key (parent_id, child_id)
    );
    create index parent_of_by_child on simulated_registry.parent_of (child_id);
  `.execute(db);
}
