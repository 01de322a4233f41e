/** A database that acknowledges before it has written: killed, it loses what it told, and the count has to show it. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

import { persistently } from '../demo/instance';
import type { Control } from './fault';
import type { FaultWorld } from './world';

const writingMs = 600;

/** The same kill with `synchronous_commit` off: acknowledgements are gone after the restart (I3). */
export const hastyCommits: Control = {
  expects: 'I3',
  spoilt: 'a database that acknowledges before it writes',
  look: async (world) => {
    await asOwner(world, async (client) => {
      await client.query('create table if not exists hasty (n integer)');
      // Else the writer of the log comes by five times a second and hides most of the loss.
      await client.query("alter system set wal_writer_delay = '10s'");
      await client.query('select pg_reload_conf()');
    });
    const acknowledged = await writeUntilKilled(world);
    const there = await persistently(() =>
      asOwner(world, async (client) => {
        const { rows } = await client.query<{ n: string }>('select count(*) as n from hasty');
        await client.query('drop table hasty');
        await client.query('alter system reset wal_writer_delay');
        await client.query('select pg_reload_conf()');
        return Number(rows[0]?.n);
      }),
    );
    const lost = acknowledged - there;
    return lost > 0
      ? [{ invariant: 'I3', sentence: `${String(lost)} acknowledged writes are not there` }]
      : [];
  },
};

/** Answers how many writes were acknowledged before the kill. */
async function writeUntilKilled(world: FaultWorld): Promise<number> {
  const writer = await opened(world);
  await writer.query('set synchronous_commit = off');
  let acknowledged = 0;
  const writing = (async () => {
    for (;;) {
      await writer.query('insert into hasty values ($1)', [acknowledged]);
      acknowledged += 1;
    }
  })().catch(() => undefined);
  await pause(writingMs);
  await world.kill('postgres');
  await writing;
  await world.start('postgres');
  await world.untilUsable();
  return acknowledged;
}

async function asOwner<T>(world: FaultWorld, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await opened(world);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function opened(world: FaultWorld): Promise<Client> {
  const client = new Client({ connectionString: world.stack.databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
