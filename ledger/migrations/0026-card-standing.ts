import { sql, type Kysely } from 'kysely';

/** What the simulated registry knows of somebody's insurance and cards (健保卡狀況及領卡紀錄); empty: it does not say. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table simulated_registry.insured_person
      add column insured text check (insured in ('insured', 'suspended', 'notInsured')),
      add column last_not_insured_on date,
      add column has_arrears boolean,
      add column card_issues jsonb not null default '[]' check (jsonb_typeof(card_issues) = 'array');
    comment on column simulated_registry.insured_person.last_not_insured_on is
      'Effective date of the last transfer out that was accepted (最後不在保日).';
    comment on column simulated_registry.insured_person.card_issues is
      'Cards made for the person: [{issuedOn, way, reason}], in the codes of domain/card-account/card-standing.ts.';
  `.execute(db);
}
