/** A fresh, migrated PostgreSQL database for one test file. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { migrateToLatest } from '../../ledger/migrate';
import { askTestServers } from './ask';

/** A database of one's own. */
export interface TestDatabase {
  /** Connection string; the role owns the database and may do everything in it. */
  readonly url: string;
  /** Ends the connections that are left and removes it. */
  drop(): Promise<void>;
}

const template = 'yiyue_template';
/** Any number will do, as long as all test files lock the same. */
const templateLock = 20_210_706;

/** Makes a database with the newest schema in some 50 ms, copied from one that is migrated once a run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url: adminUrl } = await askTestServers<{ url: string }>('/database');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await withAdmin(adminUrl, async (admin) => {
    // PostgreSQL copies a database only while nobody else uses it: one at a time.
    await admin.query('SELECT pg_advisory_lock($1)', [templateLock]);
    await makeTemplate(admin, adminUrl);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return {
    url: urlOf(adminUrl, name),
    drop: () =>
      withAdmin(
        adminUrl,
        async (admin) => void (await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
      ),
  };
}

/** Makes an empty database without any schema, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const { url: adminUrl } = await askTestServers<{ url: string }>('/database');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await withAdmin(
    adminUrl,
    async (admin) => void (await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`)),
  );
  return {
    url: urlOf(adminUrl, name),
    drop: () =>
      withAdmin(
        adminUrl,
        async (admin) => void (await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
      ),
  };
}

async function makeTemplate(admin: Client, adminUrl: string): Promise<void> {
  const found = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
  if (found.rowCount !== 0) return;
  const unfinished = `${template}_unfinished`;
  await admin.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${unfinished} TEMPLATE template0`);
  await migrateToLatest(urlOf(adminUrl, unfinished));
  await admin.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.toString();
}

async function withAdmin(adminUrl: string, use: (admin: Client) => Promise<void>): Promise<void> {
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await use(admin);
  } finally {
    await admin.end();
  }
}
