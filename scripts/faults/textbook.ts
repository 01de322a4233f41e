/**
 * The handler of many a textbook, kept as a control: it counts who booked and inserts one more. Under concurrency it
 * oversells, and both the count and the history of its answers have to tell.
 */
import { Client } from 'pg';

import type { Breach, Control } from './fault';
import { checkHistory, type History, type HistoryOperation } from './linearizability';
import type { FaultWorld } from './world';

const places = 5;
const windows = 6;
const hands = 8;

/** Runs it against a table of its own, which goes again. */
async function oversell(
  world: FaultWorld,
): Promise<{ readonly oversold: number; readonly history: History }> {
  const clients = await Promise.all(
    Array.from({ length: hands }, async () => {
      const client = new Client({ connectionString: world.stack.databaseUrl });
      await client.connect();
      return client;
    }),
  );
  const [first] = clients;
  if (!first) throw new Error('there are hands');
  const operations: HistoryOperation[] = [];
  try {
    await first.query('create schema control');
    await first.query('create table control.booking (window_id integer, person text)');
    for (let window = 1; window <= windows; window += 1) {
      await Promise.all(
        clients.map(async (client, index) => {
          for (let turn = 0; turn < 3; turn += 1) {
            const person = `${String(window)}-${String(index)}-${String(turn)}`;
            const call = performance.now();
            const { rows } = await client.query<{ taken: string }>(
              'select count(*) as taken from control.booking where window_id = $1',
              [window],
            );
            const full = Number(rows[0]?.taken) >= places;
            if (!full) {
              await client.query('insert into control.booking values ($1, $2)', [window, person]);
            }
            operations.push({
              ...{ client: index, person, kind: 'book', slot: String(window), fromSlot: '' },
              ...{ outcome: full ? 'full' : 'done', call: nano(call), return: nano(performance.now()) },
            });
          }
        }),
      );
    }
    const { rowCount } = await first.query(
      'select 1 from control.booking group by window_id having count(*) > $1',
      [places],
    );
    const capacities = Object.fromEntries(
      Array.from({ length: windows }, (_, index) => [String(index + 1), places]),
    );
    return { oversold: rowCount ?? 0, history: { capacities, operations } };
  } finally {
    await first.query('drop schema if exists control cascade');
    await Promise.all(clients.map((client) => client.end()));
  }
}

function nano(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}

/** The overselling check: windows of the textbook handler over their capacity. */
export const textbookOversells: Control = {
  expects: 'I1',
  spoilt: 'the handler that counts and then inserts',
  look: async (world) => {
    const { oversold } = await oversell(world);
    return Array.from({ length: oversold }, (): Breach => ({ invariant: 'I1', sentence: 'oversold' }));
  },
};

/** The same seen from its answers alone. */
export const textbookIsUnordered: Control = {
  expects: 'order',
  spoilt: 'the history of the handler that counts and then inserts',
  look: async (world) => {
    const { history } = await oversell(world);
    const { verdict, broken } = await checkHistory(world.linearizability, history);
    return verdict === 'notLinearizable'
      ? broken.map(({ partition }) => ({ invariant: 'order', sentence: partition }))
      : [];
  },
};
