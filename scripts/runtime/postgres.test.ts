import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { openHome } from './home';
import { Keeper } from './keeper';
import { startPostgres } from './postgres';
import { dataFolder, postgresAccount } from './postgres-account';
import { processIsAlive } from './process-identity';

let home: string;
let keeper: Keeper;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'yiyue-postgres-'));
  chmodSync(home, 0o755);
  openHome(home);
  keeper = new Keeper();
});
afterEach(async () => {
  await keeper.close();
  rmSync(dataFolder(path.join(home, 'postgres'), postgresAccount()), { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
});

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

function start(): ReturnType<typeof startPostgres> {
  return startPostgres({ home, keeper, durable: false });
}

describe('the embedded PostgreSQL', () => {
  test('goes on with the same data and port at the next start', async () => {
    const first = await start();
    await query(first.url, 'create table kept (n int); insert into kept values (7)');
    await first.server?.stop();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
    await second.server?.stop();
  }, 60_000);

  test('keeps what was committed through kill -9, and comes again', async () => {
    const { url, server } = await start();
    await query(url, 'create table kept (n int); insert into kept values (7)');
    await server?.kill('SIGKILL');
    await server?.start();
    expect(await query(url, 'select n from kept')).toEqual([{ n: 7 }]);
    await server?.stop();
  }, 60_000);

  test('that a killed start left running is stopped, and its data are taken over', async () => {
    const first = await start();
    const orphan = first.server?.pid ?? 0;
    await query(first.url, 'create table kept (n int); insert into kept values (7)');
    // Any signal ends the supervision; the server itself goes on, as after the death of its starter.
    await first.server?.kill('SIGCONT');
    const second = await start();
    expect(processIsAlive(orphan)).toBe(false);
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
    await second.server?.stop();
  }, 60_000);

  test('takes another port when its own is taken', async () => {
    const first = await start();
    await first.server?.stop();
    const taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(Number(new URL(first.url).port), '127.0.0.1', resolve));
    const second = await start();
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
    await second.server?.stop();
    await new Promise((resolve) => taken.close(resolve));
  }, 60_000);

  test('starts from a data folder that is closed to its account', async () => {
    const closed = path.join(home, 'closed');
    openHome(closed);
    chmodSync(closed, 0o700);
    const { url, server } = await startPostgres({ home: closed, keeper, durable: false });
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server?.stop();
    rmSync(dataFolder(path.join(closed, 'postgres'), postgresAccount()), { recursive: true, force: true });
  }, 60_000);

  test('writes neither statements nor values into its log', async () => {
    const { url, server } = await start();
    await query(url, 'create table person (number text primary key)');
    await query(url, `insert into person values ('A100000001')`);
    await expect(query(url, `insert into person values ('A100000001')`)).rejects.toThrow(/duplicate key/);
    await expect(query(url, `select 'A100000001'::int`)).rejects.toThrow(/invalid input syntax/);
    await server?.stop();
    const log = readFileSync(path.join(home, 'logs/postgres.log'), 'utf8');
    expect(log).toContain('database system');
    expect(log).not.toMatch(/insert into|A100000001/);
  }, 60_000);
});

describe('a database that someone else runs', () => {
  test('is used as it is given', async () => {
    const { url, server } = await start();
    const given = await startPostgres({ home, keeper, databaseUrl: url });
    expect(given).toEqual({ url, server: undefined });
    await server?.stop();
  }, 60_000);

  test('that does not answer is told in one sentence without the password', async () => {
    const databaseUrl = 'postgres://someone:confidential@127.0.0.1:1/nothing';
    const failure = await startPostgres({ home, keeper, databaseUrl }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'PlainFailure',
      message: expect.stringMatching(/^The PostgreSQL of DATABASE_URL/),
    });
    expect(String(failure)).not.toContain('confidential');
  });
});

test('a half-made cluster is made anew', async () => {
  const data = dataFolder(path.join(home, 'postgres'), postgresAccount());
  const first = await start();
  await first.server?.stop();
  rmSync(path.join(data, 'PG_VERSION'));
  writeFileSync(path.join(data, 'rest-of-a-crash'), '');
  const second = await start();
  expect(existsSync(path.join(data, 'rest-of-a-crash'))).toBe(false);
  await second.server?.stop();
}, 60_000);
