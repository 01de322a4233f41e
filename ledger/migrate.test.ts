import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { Kysely, Migrator, PostgresDialect } from 'kysely';
import { Client, Pool } from 'pg';

import { projectRoot } from '../config/project-root';
import { createEmptyDatabase, type TestDatabase } from '../test/support/database';
import { migrateToLatest, migrations } from './migrate';

const databases: TestDatabase[] = [];
afterAll(() => Promise.all(databases.map((database) => database.drop())));

async function emptyDatabase(): Promise<string> {
  const database = await createEmptyDatabase();
  databases.push(database);
  return database.url;
}

async function ask(url: string, query: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(query)).rows as unknown[];
  } finally {
    await client.end();
  }
}

async function migrateOnlyTo(url: string, name: string): Promise<void> {
  const db = new Kysely<never>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 1 }) }),
  });
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
  });
  const { error } = await migrator.migrateTo(name);
  await db.destroy();
  if (error) throw error as Error;
}

describe('migrations', () => {
  test('bring an empty database up, and do nothing the second time', async () => {
    const url = await emptyDatabase();
    expect(await migrateToLatest(url)).toEqual(Object.keys(migrations));
    expect(await migrateToLatest(url)).toEqual([]);
  });

  test('run by several processes at once are applied once', async () => {
    const url = await emptyDatabase();
    const applied = await Promise.all([migrateToLatest(url), migrateToLatest(url), migrateToLatest(url)]);
    expect(applied.flat().sort()).toEqual(Object.keys(migrations));
  });

  test('go on from an older schema with rows in it, and leave the rows as they are', async () => {
    const url = await emptyDatabase();
    await migrateOnlyTo(url, '0002-rounds');
    const personKey = randomUUID();
    await ask(
      url,
      `insert into person (person_key, registry_person_id, name_cipher, birth_date) values
        ('${personKey}', '${randomUUID()}', '\\x00', '1950-01-01');
       insert into vaccine_product values ('AZ', 'AZ', 'AZ');
       insert into round (round_id, kind, name_zh, name_en, open_groups, all_products_preselected, age_reckoned_on)
        values ('old', 'bookIfEligible', '舊', 'Old', '{9}', true, '2021-07-01');
       insert into audit_entry (person_key, act, actor, channel) values ('${personKey}', 'identify', 'system', 'test')`,
    );
    const before = await ask(url, 'select p.*, r.*, a.* from person p, round r, audit_entry a');
    expect(await migrateToLatest(url)).toEqual(Object.keys(migrations).slice(2));
    expect(await ask(url, 'select p.*, r.*, a.* from person p, round r, audit_entry a')).toEqual(before);
    await ask(
      url,
      `insert into participation (person_key, round_id, dose_number, stage, last_act)
        values ('${personKey}', 'old', 1, 'invited', 'invite')`,
    );
    expect(await migrateToLatest(url)).toEqual([]);
  });

  test('stop at the first error, keep what ran before it, and go on when it is mended', async () => {
    const url = await emptyDatabase();
    await ask(url, 'create table round (in_the_way text)');
    await expect(migrateToLatest(url)).rejects.toThrow('already exists');
    await ask(url, 'drop table round');
    await migrateToLatest(url);
    expect(await ask(url, 'select count(*)::int as n from kysely_migration')).toEqual([
      { n: Object.keys(migrations).length },
    ]);
  });

  test('and the row types that the code is written against say the same', async () => {
    const url = await emptyDatabase();
    await migrateToLatest(url);
    const codegen = path.join(projectRoot, 'node_modules/kysely-codegen/dist/cli/bin.js');
    const args = [codegen, '--config-file', '.kysely-codegenrc.json', '--url', url, '--verify'];
    await promisify(execFile)(process.execPath, args, { cwd: projectRoot });
  }, 30_000);
});
