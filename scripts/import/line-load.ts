/** Brings sites, sessions, supply and people from the staging tables into the ledger, changing only what differs. */
import type { Client } from 'pg';
import type { Counts } from './counts';

async function rowsChanged(
  client: Client,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<number> {
  return (await client.query(sql, [...parameters])).rowCount ?? 0;
}

async function numberIn(client: Client, sql: string, parameters: readonly unknown[] = []): Promise<number> {
  const found = await client.query<{ count: number }>(`select (${sql})::integer as count`, [...parameters]);
  return found.rows[0]?.count ?? 0;
}

/** How a plain table is loaded from its staging table. */
interface PlainLoad {
  readonly table: string;
  readonly staged: string;
  readonly key: readonly string[];
  readonly values: readonly string[];
  /** Columns that only new rows are given. */
  readonly onlyNew?: readonly string[];
  /** True when the table holds rows of other rounds too. */
  readonly ofRound: boolean;
}

async function load(
  client: Client,
  { table, staged, key, values, onlyNew = [], ofRound }: PlainLoad,
  roundId: string,
): Promise<Counts> {
  const same = [
    ...(ofRound ? ['t.round_id = $1'] : []),
    ...key.map((column) => `t.${column} = s.${column}`),
  ].join(' and ');
  const parameters = ofRound ? [roundId] : [];
  const row = (of: string) => `row(${values.map((column) => `${of}.${column}`).join(', ')})`;
  const changed = await rowsChanged(
    client,
    `update ${table} t set ${values.map((column) => `${column} = s.${column}`).join(', ')} from ${staged} s
     where ${same} and ${row('t')} is distinct from ${row('s')}`,
    parameters,
  );
  const columns = [...key, ...onlyNew, ...values];
  const added = await rowsChanged(
    client,
    `insert into ${table} (${[...(ofRound ? ['round_id'] : []), ...columns].join(', ')})
     select ${[...(ofRound ? ['$1::text'] : []), ...columns.map((column) => `s.${column}`)].join(', ')} from ${staged} s
     where not exists (select from ${table} t where ${same})`,
    parameters,
  );
  const staging = await numberIn(client, `select count(*) from ${staged}`);
  const inTable = await numberIn(
    client,
    `select count(*) from ${table} ${ofRound ? 'where round_id = $1' : ''}`,
    parameters,
  );
  return { added, changed, unchanged: staging - added - changed, leftAlone: inTable - staging };
}

/** Sites, by their id. */
export function loadSites(client: Client, roundId: string): Promise<Counts> {
  return load(
    client,
    {
      table: 'site',
      staged: 'staged_site',
      key: ['site_id'],
      values: [
        ...['name_zh', 'name_en', 'county_code', 'district_code'],
        ...['address_zh', 'address_en', 'phone', 'note_zh', 'note_en'],
      ],
      ofRound: false,
    },
    roundId,
  );
}

/** Slots, by site, product and beginning; one that no file names any more stays, since appointments may refer to it. */
export async function loadSessions(client: Client, roundId: string): Promise<Counts> {
  const reopenedOtherwise = await keepForReopening(client, roundId);
  const counts = await load(
    client,
    {
      table: 'slot',
      staged: 'staged_session',
      key: ['site_id', 'product', 'starts_at'],
      values: ['ends_at', 'capacity'],
      onlyNew: ['session_date'],
      ofRound: true,
    },
    roundId,
  );
  return {
    ...counts,
    changed: counts.changed + reopenedOtherwise,
    unchanged: counts.unchanged - reopenedOtherwise,
  };
}

/** Windows that the authority closed stay full; the places of their line are those that they have when they open again. */
async function keepForReopening(client: Client, roundId: string): Promise<number> {
  const closed = `t.round_id = $1 and t.site_id = s.site_id and t.product = s.product and t.starts_at = s.starts_at
    and t.closed_at is not null`;
  const changed = await rowsChanged(
    client,
    `update slot t set capacity_when_open = s.capacity from staged_session s
     where ${closed} and t.capacity_when_open <> s.capacity`,
    [roundId],
  );
  await client.query(`update staged_session s set capacity = t.capacity from slot t where ${closed}`, [
    roundId,
  ]);
  return changed;
}

/** Supply, by product and county. */
export function loadSupply(client: Client, roundId: string): Promise<Counts> {
  return load(
    client,
    {
      table: 'supply',
      staged: 'staged_supply',
      key: ['product', 'county_code'],
      values: ['doses'],
      ofRound: true,
    },
    roundId,
  );
}

/**
 * People of the simulated registry, found by any of their numbers. A number once known stays the person's;
 * earlier doses are replaced by those of the line.
 */
export async function loadPeople(client: Client): Promise<Counts> {
  await client.query(`
    create temporary table loaded_person on commit drop as
      select p.line, coalesce(
          (select k.registry_person_id from staged_number n join simulated_registry.insured_number k using (number)
            where n.line = p.line limit 1), gen_random_uuid()) as registry_person_id,
        exists (select from staged_number n join simulated_registry.insured_number k using (number)
            where n.line = p.line) as known,
        false as differs
      from staged_person p`);
  await client.query('create unique index on loaded_person (line)');
  await client.query('create unique index on loaded_person (registry_person_id)');
  await client.query('analyze loaded_person');
  await client.query(markDifferingPeople);
  await freeCardsThatMove(client);
  await client.query(`
    update simulated_registry.insured_person t
    set name = p.name, birth_date = p.birth_date, card_number = p.card_number,
      priority_groups = p.priority_groups, mobile_contract = p.mobile_contract,
      parental_consents = p.parental_consents, duplicate_cleared = p.duplicate_cleared,
      household_number = p.household_number, registered_address = p.registered_address, insured = p.insured,
      last_not_insured_on = p.last_not_insured_on, has_arrears = p.has_arrears, card_issues = p.card_issues
    from loaded_person l join staged_person p using (line)
    where l.registry_person_id = t.registry_person_id and l.differs`);
  const added = await rowsChanged(
    client,
    `insert into simulated_registry.insured_person
       (registry_person_id, name, birth_date, card_number, priority_groups, mobile_contract, parental_consents,
        duplicate_cleared, household_number, registered_address, insured, last_not_insured_on, has_arrears, card_issues)
     select l.registry_person_id, p.name, p.birth_date, p.card_number, p.priority_groups, p.mobile_contract,
       p.parental_consents, p.duplicate_cleared, p.household_number, p.registered_address, p.insured,
       p.last_not_insured_on, p.has_arrears, p.card_issues
     from loaded_person l join staged_person p using (line) where not l.known`,
  );
  await loadNumbers(client);
  await loadDoses(client);
  const staged = await numberIn(client, 'select count(*) from staged_person');
  const changed = await numberIn(client, 'select count(*) from loaded_person where differs');
  const all = await numberIn(client, 'select count(*) from simulated_registry.insured_person');
  return { added, changed, unchanged: staged - added - changed, leftAlone: all - staged };
}

/** A person differs when anything of their line does: the record itself, a number or its place, a dose. */
const markDifferingPeople = `
  update loaded_person l set differs = true
  from staged_person p
  where p.line = l.line and l.known and (
    exists (select from simulated_registry.insured_person t
      where t.registry_person_id = l.registry_person_id
        and row(t.name, t.birth_date, t.card_number, t.priority_groups, t.mobile_contract, t.parental_consents,
            t.duplicate_cleared, t.household_number, t.registered_address, t.insured, t.last_not_insured_on,
            t.has_arrears, t.card_issues)
          is distinct from
          row(p.name, p.birth_date, p.card_number, p.priority_groups, p.mobile_contract, p.parental_consents,
            p.duplicate_cleared, p.household_number, p.registered_address, p.insured, p.last_not_insured_on,
            p.has_arrears, p.card_issues))
    or exists (select from staged_number n left join simulated_registry.insured_number k
        on k.number = n.number and k.place = n.place
      where n.line = l.line and k.number is null)
    or (select coalesce(array_agg(d.product || d.given_on order by d.dose_number), '{}')
        from simulated_registry.previous_dose d where d.registry_person_id = l.registry_person_id)
      is distinct from
      (select coalesce(array_agg(s.product || s.given_on order by s.place), '{}')
        from unnest(p.dose_products, p.dose_dates) with ordinality as s (product, given_on, place)))`;

/** Two people may have each other's old card number now; for a moment neither has one that counts. */
async function freeCardsThatMove(client: Client): Promise<void> {
  await client.query(`
    update simulated_registry.insured_person t set card_number = 'moving ' || t.registry_person_id
    from loaded_person l join staged_person p using (line)
    where l.registry_person_id = t.registry_person_id and l.differs and t.card_number <> p.card_number`);
}

async function loadNumbers(client: Client): Promise<void> {
  await client.query(`
    insert into simulated_registry.insured_number as k (number, registry_person_id, kind, place)
    select n.number, l.registry_person_id, n.kind, n.place
    from staged_number n join loaded_person l using (line) where l.differs or not l.known
    on conflict (number) do update set place = excluded.place where k.place <> excluded.place`);
  // Numbers of the person that the line names no more come after those that it names.
  await client.query(`
    update simulated_registry.insured_number k set place = earlier.place
    from (
      select o.number, cardinality(p.numbers) - 1
        + row_number() over (partition by l.line order by o.place, o.number) as place
      from loaded_person l join staged_person p using (line)
      join simulated_registry.insured_number o using (registry_person_id)
      where l.differs and o.number <> all (p.numbers)
    ) earlier
    where earlier.number = k.number and k.place <> earlier.place`);
}

async function loadDoses(client: Client): Promise<void> {
  await client.query(`
    delete from simulated_registry.previous_dose d using loaded_person l
    where l.registry_person_id = d.registry_person_id and l.differs`);
  await client.query(`
    insert into simulated_registry.previous_dose (registry_person_id, dose_number, product, given_on)
    select l.registry_person_id, d.place, d.product, d.given_on
    from loaded_person l join staged_person p using (line),
      unnest(p.dose_products, p.dose_dates) with ordinality as d (product, given_on, place)
    where l.differs or not l.known`);
}
