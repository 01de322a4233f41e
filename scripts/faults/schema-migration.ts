/** A migration of the schema that is killed at any moment, and run again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

import { projectRoot } from '../../config/project-root';
import { migrateToLatest } from '../../ledger/migrate';
import type { Breach, Control, Fault, Strike } from './fault';
import type { FaultWorld } from './world';

/** A migration killed so long after its start, one after another; the last ones may find it done. */
const killedAfterMs = [250, 350, 450, 550, 650, 800, 1_000, 1_300] as const;
const databaseName = 'killed_migration';

const missingIndex: Control = {
  expects: 'own',
  spoilt: 'an index left out',
  look: (world) =>
    withDatabase(world, async (url) => {
      await migrateToLatest(url);
      await withClient(url, (client) => client.query('drop index citizen_outbox_due'));
      return differencesFrom(world.stack.databaseUrl, url);
    }),
};

export const schemaFaults: readonly Fault[] = [
  { name: 'schema-migration-killed', strike: migrateUnderFire, control: missingIndex },
];

async function migrateUnderFire(world: FaultWorld): Promise<Strike> {
  return withDatabase(world, async (url) => {
    let struck = 0;
    for (const afterMs of killedAfterMs) if (await killedWhileMigrating(world, url, afterMs)) struck += 1;
    await migrateToLatest(url);
    return {
      struck,
      what: 'migrations killed',
      breaches: await differencesFrom(world.stack.databaseUrl, url),
    };
  });
}

async function killedWhileMigrating(world: FaultWorld, url: string, afterMs: number): Promise<boolean> {
  const migration = spawn(process.execPath, [path.join(projectRoot, 'dist/scripts/migrate.js')], {
    env: { PATH: process.env['PATH'], ...world.stack.settings, DATABASE_URL: url },
    stdio: 'ignore',
  });
  const ended = once(migration, 'exit');
  await Promise.race([ended, pause(afterMs)]);
  const killed = migration.exitCode === null && migration.kill('SIGKILL');
  await ended;
  return killed;
}

/** What one schema has and the other does not. */
async function differencesFrom(rightUrl: string, url: string): Promise<readonly Breach[]> {
  const [right, found] = [await schemaOf(rightUrl), await schemaOf(url)];
  return [
    ...[...right].filter((line) => !found.has(line)).map((line) => `${line} is missing`),
    ...[...found].filter((line) => !right.has(line)).map((line) => `${line} is too much`),
  ].map((sentence) => ({ invariant: 'own', sentence: `schema: ${sentence}` }));
}

/** Columns, indexes, constraints, functions and triggers, a line each; the partitions of single days come and go. */
async function schemaOf(url: string): Promise<ReadonlySet<string>> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ line: string }>(`
      with ours as (
        select c.oid, n.nspname || '.' || c.relname as name, c.relkind
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('public', 'simulated_registry') and c.relname !~ '_[0-9]{8}'
      )
      select format('%s %s', relkind, name) as line from ours
      union all
      select format('column %s.%s %s %s', name, attname, format_type(atttypid, atttypmod), attnotnull)
        from pg_attribute join ours on oid = attrelid where attnum > 0 and not attisdropped
      union all
      select format('constraint %s %s %s', name, conname, pg_get_constraintdef(k.oid))
        from pg_constraint k join ours on ours.oid = conrelid
      union all
      select format('trigger %s %s', name, tgname) from pg_trigger join ours on ours.oid = tgrelid where not tgisinternal
      union all
      select format('function %s', p.oid::regprocedure) from pg_proc p where pronamespace = 'public'::regnamespace
      union all
      select format('migration %s', name) from kysely_migration
    `),
  );
  return new Set(rows.map(({ line }) => line));
}

async function withDatabase<T>(world: FaultWorld, work: (url: string) => Promise<T>): Promise<T> {
  const url = new URL(world.stack.databaseUrl);
  url.pathname = `/${databaseName}`;
  const administered = (statement: string) =>
    withClient(world.stack.databaseUrl, (client) => client.query(statement));
  await administered(`drop database if exists ${databaseName} with (force)`);
  await administered(`create database ${databaseName}`);
  try {
    return await work(url.href);
  } finally {
    await administered(`drop database if exists ${databaseName} with (force)`);
  }
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
