/** A family of the demonstration: the elder is a parent of the adult who may register, and she of the child of 13. */
import { Client } from 'pg';

import { demonstrationPeople } from './known-people';

/** Parent and child, by the situations in which they are introduced. */
const parents = [
  ['elder who may register', 'adult who may register'],
  ['adult who may register', 'child of 13, for whom the adult who may register acts as a parent'],
] as const;

/** Enters them into the simulated household register, unless they are there. Answers how many were new. */
export async function ensureDemonstrationFamily(databaseUrl: string): Promise<number> {
  const cardOf = (situation: string): string => {
    const found = demonstrationPeople.find((person) => person.situation === situation);
    if (!found) throw new Error(`nobody is introduced as: ${situation}`);
    return found.cardNumber;
  };
  const client = new Client({ connectionString: databaseUrl, application_name: 'demonstration' });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `insert into simulated_registry.parent_of (parent_id, child_id)
        select p.registry_person_id, c.registry_person_id
        from unnest($1::text[], $2::text[]) as kin (parent_card, child_card)
        join simulated_registry.insured_person p on p.card_number = kin.parent_card
        join simulated_registry.insured_person c on c.card_number = kin.child_card
        on conflict do nothing`,
      [parents.map(([parent]) => cardOf(parent)), parents.map(([, child]) => cardOf(child))],
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}
