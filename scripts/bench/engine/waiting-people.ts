/** People for the engine's benchmarks, written by SQL alone: a round, and as many people as wished who wait for the relay. */
import type { Client } from 'pg';

const roundId = 'waiting';

/**
 * Where the people stand: `known` did nothing yet, `registered` are owed nothing yet, `invited` are owed a reminder in
 * a day.
 */
export type Standing = 'known' | 'registered' | 'invited';

/** Adds the round that everybody takes part in, settled or still open for registration; answers its id. */
export async function prepareRound(ledger: Client, { open = false } = {}): Promise<string> {
  const ends = open ? '2 days' : '-2 days';
  await ledger.query(`
    insert into vaccine_product values ('Moderna', '莫德納', 'Moderna') on conflict do nothing;
    insert into round (round_id, kind, name_zh, name_en, open_groups, all_products_preselected,
        registration_opens_at, registration_ends_at, settles_at, age_reckoned_on)
      values ('${roundId}', 'rankThenInvite', '第一期', 'Round 1', '{9}', true, now() - interval '9 days',
        now() + interval '${ends}', now() + interval '${ends}' + interval '1 day', current_date);
    insert into round_product values ('${roundId}', 'Moderna', 0);
    insert into booking_window
      values ('${roundId}', 'Moderna', 18, 150, now() - interval '1 hour', now() + interval '9 days')`);
  return roundId;
}

/** Makes `count` people who are known to the ledger and not yet to the relay; answers their keys. */
export async function makePeople(
  ledger: Client,
  count: number,
  standing: Standing,
): Promise<readonly string[]> {
  const { rows } = await ledger.query<{ person_key: string }>(
    `with who as (
      insert into person (person_key, registry_person_id, name_cipher, birth_date, priority_groups, version)
        select gen_random_uuid(), gen_random_uuid(), decode(repeat(md5(n::text), 3), 'hex'),
          date '1950-01-01' + (n % 10000)::integer, '{9}', 1
        from generate_series(1, $1::integer) n returning person_key
    ), part as (
      insert into participation (person_key, round_id, dose_number, stage, last_act)
        select person_key, '${roundId}', 1, $2::text, case $2::text when 'invited' then 'invite' else 'register' end
        from who where $2::text <> 'known'
    )
    select person_key from who`,
    [count, standing],
  );
  const keys = rows.map(({ person_key }) => person_key);
  if (standing === 'invited') {
    await ledger.query(
      `insert into invitation (person_key, round_id, product, dose_number, rank, opens_at, closes_at)
        select key, '${roundId}', 'Moderna', 1, 1, now() - interval '1 hour', now() + interval '9 days'
        from unnest($1::uuid[]) key`,
      [keys],
    );
  }
  return keys;
}

/** Puts these people before the relay, in this lane, all at once. */
export async function putBeforeRelay(
  ledger: Client,
  keys: readonly string[],
  lane: 'personal' | 'mass',
): Promise<void> {
  await ledger.query(
    `insert into citizen_outbox (person_key, version, lane, next_due_at)
      select person_key, version, $2, now() from person where person_key = any($1::uuid[])`,
    [keys, lane],
  );
}

/** One more change of each of these people, as a short command would leave it. */
export async function changePeople(ledger: Client, keys: readonly string[]): Promise<void> {
  await ledger.query(
    `with bumped as (
      update person set version = version + 1 where person_key = any($1::uuid[]) returning person_key, version
    )
    insert into citizen_outbox as o (person_key, version) select person_key, version from bumped
    on conflict (person_key) do update set version = excluded.version, asleep = false,
      changed_at = case when o.version > o.sent_version then o.changed_at else clock_timestamp() end`,
    [keys],
  );
}

/** People whose newest state the engine was not given. */
export async function countUnsent(ledger: Client): Promise<number> {
  const { rows } = await ledger.query<{ unsent: number }>(
    'select count(*)::integer as unsent from citizen_outbox where version > sent_version',
  );
  return rows[0]?.unsent ?? 0;
}
