import { sql, type Kysely } from 'kysely';

/** The simulated insurance registry's own tables, in a schema of their own: an outside organisation's data. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create schema simulated_registry;
    create table simulated_registry.insured_person (
      registry_person_id  uuid primary key default gen_random_uuid(),
      name                text not null,
      birth_date          date not null,
      card_number         text not null constraint insured_person_card_number_once unique,
      priority_groups     smallint[] not null default '{}',
      mobile_contract     text
    );
    create table simulated_registry.insured_number (
      number              text primary key,
      registry_person_id  uuid not null references simulated_registry.insured_person,
      kind                text not null,
      place               smallint not null default 0
    );
    create index insured_number_by_person on simulated_registry.insured_number (registry_person_id);
    create table simulated_registry.previous_dose (
      registry_person_id  uuid not null references simulated_registry.insured_person,
      dose_number         smallint not null,
      product             text not null,
      given_on            date not null,
      primary key (registry_person_id, dose_number)
    );
  `.execute(db);
}
