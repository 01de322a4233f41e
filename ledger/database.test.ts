import { sql } from 'kysely';

import { Wire } from '../scripts/faults/wire';
import { LedgerWorld } from '../test/builders/ledger-world';
import { openLedger, type Ledger } from './database';

let world: LedgerWorld;
let wire: Wire;
let ledger: Ledger;
beforeAll(async () => {
  world = await LedgerWorld.create();
  const url = new URL(String(world.ledger.pool.options.connectionString));
  wire = await Wire.to(url.host);
  url.host = wire.address;
  ledger = openLedger({
    ...{ databaseUrl: url.href, keys: world.ledger.keys, maxConnections: 1, answerWaitMs: 500 },
  });
});
afterAll(async () => {
  await ledger.close();
  await wire.close();
  await world.close();
});

const ask = () => sql<{ one: number }>`select 1 as one`.execute(ledger.db).then(({ rows }) => rows);

test('a connection that fell silent is given up, and the next command has another', async () => {
  expect(await ask()).toEqual([{ one: 1 }]);
  wire.behave({ kind: 'silent' });
  await expect(ask()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  wire.mend();
  expect(await ask()).toEqual([{ one: 1 }]);
});

test('so is one that fell silent after it was asked the next thing along with an answer', async () => {
  const asked = ledger.db.transaction().execute(async (tx) => {
    const first = sql`select 1`.execute(tx).then(() => wire.behave({ kind: 'silent' }));
    await Promise.all([first, sql`select 2`.execute(tx)]);
  });
  await expect(asked).rejects.toThrow(/connection error/);
  wire.mend();
  expect(await ask()).toEqual([{ one: 1 }]);
});

test('so is one that fell silent after the first answer of several that were asked at once', async () => {
  const client = await ledger.batchPool.connect();
  const first = client.query('select 1').then(() => wire.behave({ kind: 'silent' }));
  const second = client.query('select pg_sleep(0.3)');
  await first;
  await expect(second).rejects.toThrow(/connection|does not answer/i);
  client.release(true);
  wire.mend();
  // The other pool's connection fell silent with it.
  await expect(ask()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

/** Longer than an answer is waited for. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 1_200));

test('one on which nothing was asked is left alone, however long it is quiet', async () => {
  const session = async () =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(ledger.db)).rows[0]?.pid;
  const before = await session();
  await quiet();
  expect(await session()).toBe(before);
});

test('but given up when it fell silent in that time and something is asked', async () => {
  expect(await ask()).toEqual([{ one: 1 }]);
  await quiet();
  wire.behave({ kind: 'silent' });
  await expect(ask()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  wire.mend();
  expect(await ask()).toEqual([{ one: 1 }]);
});

test('what a silent client held is let go by the server soon after the client was given up', async () => {
  const held = ledger.db.transaction().execute(async (tx) => {
    await sql`select 1 from ledger_clock for update`.execute(tx);
    wire.behave({ kind: 'silent' });
    await sql`select 1`.execute(tx);
  });
  await expect(held).rejects.toThrow(/connection error/);
  wire.mend();
  await world.ledger.db.transaction().execute(async (tx) => {
    await sql`set local lock_timeout = '10s'`.execute(tx);
    await sql`select 1 from ledger_clock for update`.execute(tx);
  });
});
