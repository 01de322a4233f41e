/** What only shows when lines are seen together: things named twice, things that do not exist, windows that overlap. */
import type { Client } from 'pg';
import { personFile } from './person-file';
import type { ProblemList } from './problem';
import { sessionFile, siteFile, supplyFile } from './line-files';

interface Check {
  readonly file: string;
  /** Gives `line`, `column`, `reason` of each wrong line; `$1` is the round's id where it is used. */
  readonly sql: string;
  readonly needsRound?: boolean;
}

/** Of the lines that share a key, all but the first are wrong. */
function repeated(file: string, table: string, key: string, column: string, said: string): Check {
  return {
    file,
    sql: `select line, '${column}' as column, ${said} || ' stands already in line ' || first_line as reason
      from (select *, min(line) over (partition by ${key}) as first_line from ${table}
        where (${key}) is not null) repeated
      where line > first_line`,
  };
}

const sessionKey = 'site_id, product, starts_at';

const checks: readonly Check[] = [
  repeated(siteFile.file, 'staged_site', 'site_id', 'site_id', `'site ' || site_id`),
  repeated(
    sessionFile.file,
    'staged_session',
    sessionKey,
    'window',
    `'a window of this site, day, product and beginning'`,
  ),
  repeated(
    supplyFile.file,
    'staged_supply',
    'product, county_code',
    'county_code',
    `'supply of ' || product || ' for county ' || county_code`,
  ),
  repeated(personFile.file, 'staged_person', 'card_number', 'card_number', `'the same card number'`),
  repeated(personFile.file, 'staged_number', 'number', 'numbers', `'the same number'`),
  {
    file: personFile.file,
    sql: `select distinct line, 'numbers' as column, 'names the same number twice' as reason
      from staged_number group by line, number having count(*) > 1`,
  },
  {
    file: sessionFile.file,
    sql: `select line, 'site_id' as column,
        'no site ' || site_id || ' stands in sites.csv or was loaded before' as reason
      from staged_session s
      where site_id is not null
        and not exists (select from staged_site t where t.site_id = s.site_id)
        and not exists (select from site t where t.site_id = s.site_id)`,
  },
  {
    file: sessionFile.file,
    // Windows that begin together are told as repeated.
    sql: `select later.line, 'window' as column,
        'overlaps the window of line ' || min(earlier.line) || ' at the same site' as reason
      from staged_session later
      join staged_session earlier
        on earlier.site_id = later.site_id and earlier.product = later.product
        and earlier.session_date = later.session_date and earlier.line < later.line
        and earlier.starts_at < later.ends_at and later.starts_at < earlier.ends_at
        and earlier.starts_at <> later.starts_at
      group by later.line`,
  },
  {
    file: sessionFile.file,
    needsRound: true,
    sql: `select distinct on (s.line) s.line, 'window' as column, 'overlaps the window '
        || to_char(known.starts_at at time zone 'Asia/Taipei', 'HH24:MI') || '-'
        || to_char(known.ends_at at time zone 'Asia/Taipei', 'HH24:MI') || ' that was loaded before' as reason
      from staged_session s
      join slot known on known.round_id = $1 and known.site_id = s.site_id and known.product = s.product
        and known.session_date = s.session_date and known.starts_at < s.ends_at and s.starts_at < known.ends_at
      where coalesce(known.capacity_when_open, known.capacity) > 0
        and not exists (select from staged_session same where same.site_id = known.site_id
          and same.product = known.product and same.starts_at = known.starts_at)`,
  },
  {
    file: sessionFile.file,
    needsRound: true,
    sql: `select s.line, 'capacity' as column,
        s.capacity || ' is below the ' || known.booked || ' appointments that stand in this window' as reason
      from staged_session s
      join slot known on known.round_id = $1 and known.site_id = s.site_id and known.product = s.product
        and known.starts_at = s.starts_at
      where s.capacity < known.booked`,
  },
  {
    file: sessionFile.file,
    needsRound: true,
    sql: `select s.line, 'window' as column,
        'its end cannot change: ' || known.booked || ' appointments stand in this window' as reason
      from staged_session s
      join slot known on known.round_id = $1 and known.site_id = s.site_id and known.product = s.product
        and known.starts_at = s.starts_at
      where s.ends_at <> known.ends_at and known.booked > 0`,
  },
  {
    file: supplyFile.file,
    needsRound: true,
    sql: `select s.line, 'doses' as column, 'cannot change: the round was settled with the supply loaded before' as reason
      from staged_supply s
      left join supply known on known.round_id = $1 and known.product = s.product and known.county_code = s.county_code
      where s.product is not null and s.county_code is not null and s.doses is distinct from known.doses
        and exists (select from settlement where round_id = $1)`,
  },
  {
    file: personFile.file,
    sql: `select line, 'numbers' as column, 'the numbers belong to different people who were loaded before' as reason
      from (select n.line from staged_number n join simulated_registry.insured_number k using (number)
        group by n.line having count(distinct k.registry_person_id) > 1) torn`,
  },
  {
    file: personFile.file,
    sql: `select line, 'numbers' as column,
        'names a person, by a number loaded before, who stands already in line ' || first_line as reason
      from (
        select n.line, min(n.line) over (partition by k.registry_person_id) as first_line, n.number
        from staged_number n join simulated_registry.insured_number k using (number)
      ) known
      where line > first_line
        and not exists (select from staged_number same where same.number = known.number and same.line = known.first_line)`,
  },
  {
    file: personFile.file,
    sql: `select p.line, 'card_number' as column, 'this card belongs to somebody who was loaded before' as reason
      from staged_person p
      join simulated_registry.insured_person holder on holder.card_number = p.card_number
      where not exists (select from staged_number n join simulated_registry.insured_number k using (number)
          where n.line = p.line and k.registry_person_id = holder.registry_person_id)
        and not exists (select from staged_number n join simulated_registry.insured_number k using (number)
          join staged_person moved on moved.line = n.line
          where k.registry_person_id = holder.registry_person_id and moved.card_number <> holder.card_number)`,
  },
];

/** Fetched of each check at most; the rest is only counted. */
const shownPerCheck = 1_000;

/**
 * Runs all checks over what was staged and tells `problems`. The slots that would change are locked first, in
 * the order in which bookings lock them, so that nobody books between the check and the load.
 */
export async function checkReferences(
  client: Client,
  roundId: string | undefined,
  problems: ProblemList,
): Promise<void> {
  await client.query(`
    create temporary table staged_number on commit drop as
      select p.line, n.number, n.kind, (n.place - 1)::smallint as place
      from staged_person p, unnest(p.numbers, p.kinds) with ordinality as n (number, kind, place)`);
  await client.query('create index on staged_number (number)');
  await client.query('create index on staged_number (line)');
  await client.query('analyze staged_number');
  await client.query('create index on staged_session (site_id, product, session_date)');
  await client.query('create index on staged_person (card_number)');
  if (roundId !== undefined) await lockChangingSlots(client, roundId);
  for (const { file, sql, needsRound = false } of checks) {
    if (needsRound && roundId === undefined) continue;
    const found = await client.query<{ line: number; column: string; reason: string; total: number }>(
      `select line, "column", reason, count(*) over ()::integer as total from (${sql}) found order by line limit ${shownPerCheck}`,
      needsRound ? [roundId] : [],
    );
    for (const { line, column, reason } of found.rows) problems.add({ file, line, column, reason });
    problems.addUnseen((found.rows[0]?.total ?? 0) - found.rows.length);
  }
}

async function lockChangingSlots(client: Client, roundId: string): Promise<void> {
  await client.query(
    `select known.slot_id from slot known join staged_session s
       on known.round_id = $1 and known.site_id = s.site_id and known.product = s.product and known.starts_at = s.starts_at
     where (known.capacity, known.ends_at) is distinct from (s.capacity, s.ends_at)
     order by known.slot_id for update of known`,
    [roundId],
  );
}
