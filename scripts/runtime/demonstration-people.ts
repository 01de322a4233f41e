/** Picks synthetic people from the simulated insurance registry to sign in with. */
import { Client } from 'pg';

/** What the sign-in page asks for, and where texts to this person go. All of it is synthetic. */
export interface DemonstrationPerson {
  readonly kind: string;
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly mobile: string;
}

/**
 * One person of each kind of number, open to the round that takes registrations or bookings and with a mobile of
 * their own; the same ones at every start.
 */
export async function demonstrationPeople(databaseUrl: string): Promise<DemonstrationPerson[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const people = await client.query<DemonstrationPerson>(`
      select distinct on (n.kind)
             n.kind, n.number as "personNumber", p.card_number as "cardNumber", p.mobile_contract as mobile
        from simulated_registry.insured_person p
        join simulated_registry.insured_number n using (registry_person_id)
       where p.mobile_contract is not null
         and exists (select 1 from round r
                      where r.closed_at is null and r.open_groups && p.priority_groups)
         and not exists (select 1 from simulated_registry.insured_number other
                          where other.registry_person_id = p.registry_person_id and other.number <> n.number)
       order by n.kind, p.birth_date, n.number`);
    return people.rows;
  } finally {
    await client.end();
  }
}
