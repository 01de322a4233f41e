/** Brings `round.json` into the ledger: a new round, or those changes of a known one that take nothing from anybody. */
import type { Client } from 'pg';
import type { Counts } from './counts';
import type { ProblemList } from './problem';
import { tell, type RoundFile } from './round-file';

/** Says the round in rows of temporary tables, so that it can be compared with what is known by plain SQL. */
export async function stageRound(client: Client, round: RoundFile | undefined): Promise<void> {
  await client.query(`
    create temporary table staged_round (round_id text, kind text, name_zh text, name_en text,
      open_groups smallint[], all_products_preselected boolean, registration_opens_at timestamptz,
      registration_ends_at timestamptz, settles_at timestamptz, age_reckoned_on date) on commit drop;
    create temporary table staged_vaccine (product text, name_zh text, name_en text) on commit drop;
    create temporary table staged_product (product text, place smallint) on commit drop;
    create temporary table staged_interval (from_product text, to_product text, dose_number smallint,
      interval_days integer, needs_mixed_intent boolean) on commit drop;
    create temporary table staged_window (product text, age_from smallint, age_to smallint,
      opens_at timestamptz, closes_at timestamptz) on commit drop`);
  if (!round) return;
  const { registration } = round;
  await client.query('insert into staged_round values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
    ...[round.roundId, round.kind, round.nameZh, round.nameEn],
    [...round.openGroups].sort((a, b) => a - b),
    round.allProductsPreselected,
    ...[registration?.opensAt ?? null, registration?.endsAt ?? null, registration?.settlesAt ?? null],
    round.ageReckonedOn,
  ]);
  const rows = {
    vaccine: round.vaccines.map(({ product, nameZh, nameEn }) => ({
      product,
      name_zh: nameZh,
      name_en: nameEn,
    })),
    product: round.products.map((product, index) => ({ product, place: index + 1 })),
    interval: round.doseIntervals.map(({ from, to, doseNumber, days, needsMixedIntent = false }) => ({
      ...{ from_product: from, to_product: to },
      ...{ dose_number: doseNumber, interval_days: days, needs_mixed_intent: needsMixedIntent },
    })),
    window: round.bookingWindows.map(({ product, ageFrom, ageTo, opensAt, closesAt }) => ({
      ...{ product, age_from: ageFrom, age_to: ageTo },
      ...{ opens_at: opensAt, closes_at: closesAt },
    })),
  };
  for (const [name, values] of Object.entries(rows)) {
    await client.query(
      `insert into staged_${name} select * from json_populate_recordset(null::staged_${name}, $1)`,
      [JSON.stringify(values)],
    );
  }
}

interface RoundState {
  readonly kind: string;
  readonly closed: boolean;
  readonly settled: boolean;
  readonly participants: boolean;
}

/** Which parts of a known round differ in the file; each is a JSON pointer. */
const differences = `
  select * from (
    select '/kind' as pointer, t.kind is distinct from s.kind as differs from round t, staged_round s where t.round_id = $1
    union all select '/openGroups', t.open_groups is distinct from s.open_groups from round t, staged_round s where t.round_id = $1
    union all select '/registration', row(t.registration_opens_at, t.registration_ends_at, t.settles_at)
      is distinct from row(s.registration_opens_at, s.registration_ends_at, s.settles_at) from round t, staged_round s where t.round_id = $1
    union all select '/ageReckonedOn', t.age_reckoned_on is distinct from s.age_reckoned_on from round t, staged_round s where t.round_id = $1
    union all select '/products',
      (select array_agg(product order by place) from round_product where round_id = $1)
      is distinct from (select array_agg(product order by place) from staged_product)
    union all select '/doseIntervals', exists (
      (select from_product, to_product, dose_number, interval_days, needs_mixed_intent from dose_interval where round_id = $1
        except table staged_interval)
      union all (table staged_interval except
        select from_product, to_product, dose_number, interval_days, needs_mixed_intent from dose_interval where round_id = $1))
    union all select '/bookingWindows', exists (
      (select product, age_from, age_to, opens_at, closes_at from booking_window where round_id = $1 except table staged_window)
      union all (table staged_window except select product, age_from, age_to, opens_at, closes_at from booking_window where round_id = $1))
  ) parts where differs`;

/**
 * Tells `problems` which changes of a known round cannot be made any more. The settlement of rounds waits until
 * the import is over; citizens do not.
 */
export async function checkRoundChanges(
  client: Client,
  round: RoundFile,
  problems: ProblemList,
): Promise<void> {
  await client.query('lock table settlement in share row exclusive mode');
  const found = await client.query<RoundState>(
    `select kind, closed_at is not null as closed,
       exists (select from settlement s where s.round_id = r.round_id) as settled,
       exists (select from participation p where p.round_id = r.round_id) as participants
     from round r where round_id = $1 for no key update of r`,
    [round.roundId],
  );
  const state = found.rows[0];
  if (!state) return;
  const differing = await client.query<{ pointer: string }>(differences, [round.roundId]);
  for (const { pointer } of differing.rows) {
    const reason = reasonAgainst(pointer, state);
    if (reason !== undefined) tell(problems, pointer, reason);
  }
  await checkWhatIsUsed(client, round, problems);
}

function reasonAgainst(pointer: string, { closed, settled, participants }: RoundState): string | undefined {
  if (closed) return 'cannot change: the round is closed';
  if (settled) return 'cannot change: the round was settled and people were invited by it';
  if (participants && (pointer === '/kind' || pointer === '/ageReckonedOn')) {
    return 'cannot change: people take part in the round already';
  }
  return undefined;
}

/** A product or group that somebody or something depends on must stay in the file. */
async function checkWhatIsUsed(client: Client, round: RoundFile, problems: ProblemList): Promise<void> {
  const products = await client.query<{ product: string; used_by: string }>(
    `select product, case
         when exists (select from registration r where r.round_id = $1 and r.withdrawn_at is null and p.product = any (r.products))
           then 'people are registered for it'
         when exists (select from slot s where s.round_id = $1 and s.product = p.product) then 'sessions of it were loaded'
         when exists (select from supply s where s.round_id = $1 and s.product = p.product) then 'supply of it was loaded'
       end as used_by
     from round_product p
     where round_id = $1 and not exists (select from staged_product s where s.product = p.product)`,
    [round.roundId],
  );
  for (const { product, used_by: usedBy } of products.rows) {
    if (usedBy) tell(problems, '/products', `${product} cannot be taken out: ${usedBy}`);
  }
  const groups = await client.query<{ priority_group: number }>(
    `select distinct priority_group from registration r
     where round_id = $1 and withdrawn_at is null
       and not exists (select from staged_round s where r.priority_group = any (s.open_groups))
     order by priority_group`,
    [round.roundId],
  );
  for (const { priority_group: group } of groups.rows) {
    tell(problems, '/openGroups', `group ${group} cannot be taken out: people of it are registered`);
  }
}

/** Loads the round with its products, intervals and booking windows. Reports it as one record. */
export async function loadRound(client: Client, roundId: string): Promise<Counts> {
  const run = async (statement: string, ofRound = true): Promise<number> =>
    (await client.query(statement, ofRound ? [roundId] : [])).rowCount ?? 0;
  const known = (await client.query('select from round where round_id = $1', [roundId])).rowCount === 1;
  let rows = 0;
  rows += await run(
    `insert into vaccine_product as t select product, name_zh, name_en from staged_vaccine
     on conflict (product) do update set name_zh = excluded.name_zh, name_en = excluded.name_en
     where (t.name_zh, t.name_en) is distinct from (excluded.name_zh, excluded.name_en)`,
    false,
  );
  rows += await run(
    `insert into round as t (round_id, ${roundColumns}) select round_id, ${roundColumns} from staged_round
     on conflict (round_id) do update set (${roundColumns}) = (select ${roundColumns} from staged_round)
     where row(${prefixed('t')}) is distinct from (select row(${roundColumns}) from staged_round)`,
    false,
  );
  rows += await run(
    `delete from booking_window t where round_id = $1 and not exists (select from staged_window s
       where row(s.*) is not distinct from row(t.product, t.age_from, t.age_to, t.opens_at, t.closes_at))`,
  );
  rows += await run(
    `delete from dose_interval t where round_id = $1 and not exists (select from staged_interval s
       where (s.from_product, s.to_product, s.dose_number) = (t.from_product, t.to_product, t.dose_number))`,
  );
  rows += await run(
    `delete from round_product t where round_id = $1 and not exists (select from staged_product s where s.product = t.product)`,
  );
  // Places are unique: those that change leave theirs before anybody takes it.
  rows += await run(
    `update round_product t set place = -s.place from staged_product s
     where t.round_id = $1 and t.product = s.product and t.place <> s.place`,
  );
  await run('update round_product set place = -place where round_id = $1 and place < 0');
  rows += await run(
    `insert into round_product (round_id, product, place) select $1, product, place from staged_product
     on conflict (round_id, product) do nothing`,
  );
  rows += await run(
    `insert into dose_interval as t (round_id, from_product, to_product, dose_number, interval_days, needs_mixed_intent)
     select $1, from_product, to_product, dose_number, interval_days, needs_mixed_intent from staged_interval
     on conflict (round_id, from_product, to_product, dose_number) do update
     set interval_days = excluded.interval_days, needs_mixed_intent = excluded.needs_mixed_intent
     where (t.interval_days, t.needs_mixed_intent) <> (excluded.interval_days, excluded.needs_mixed_intent)`,
  );
  rows += await run(
    `insert into booking_window (round_id, product, age_from, age_to, opens_at, closes_at)
     select $1, product, age_from, age_to, opens_at, closes_at from staged_window
     on conflict (round_id, product, age_from) do nothing`,
  );
  const others = (await client.query('select from round where round_id <> $1', [roundId])).rowCount ?? 0;
  const changed = known && rows > 0;
  return {
    added: known ? 0 : 1,
    changed: changed ? 1 : 0,
    unchanged: known && !changed ? 1 : 0,
    leftAlone: others,
  };
}

const roundColumnList = [
  ...['kind', 'name_zh', 'name_en', 'open_groups', 'all_products_preselected'],
  ...['registration_opens_at', 'registration_ends_at', 'settles_at', 'age_reckoned_on'],
];
const roundColumns = roundColumnList.join(', ');

function prefixed(table: string): string {
  return roundColumnList.map((column) => `${table}.${column}`).join(', ');
}
