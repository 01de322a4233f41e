/** Too few connections, and locks held by others: by a stranger for long, or in the wrong order. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

import { bookedTwice, leakedPlace, lostBooking } from './controls';
import type { Fault, Strike } from './fault';
import { textbookOversells } from './textbook';
import type { FaultWorld } from './world';

/** More than the server has (`max_connections`), so that the last ones are refused. */
const connectionsWanted = 260;
const heldMs = 3_000;
/** Longer than a command of the API waits for a connection. */
const lockedMs = 6_500;
const deadlockingMs = 4_000;

export const contentionFaults: readonly Fault[] = [
  { name: 'connections-exhausted', strike: exhaustConnections, control: lostBooking },
  { name: 'locks-held', short: true, strike: holdLocks, control: textbookOversells },
  { name: 'deadlocks', strike: lockInTheWrongOrder, control: bookedTwice },
  { name: 'sessions-ended', strike: endSessions, control: leakedPlace },
];

async function connected(world: FaultWorld): Promise<Client> {
  const client = new Client({ connectionString: world.stack.databaseUrl, application_name: 'yiyue-fault' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Takes every connection that the server has left, and ends those of our processes, who then find none. */
async function exhaustConnections(world: FaultWorld): Promise<Strike> {
  const held: Client[] = [];
  let refused = 0;
  const killer = await connected(world);
  try {
    while (held.length < connectionsWanted && refused < 3) {
      await connected(world).then(
        (client) => held.push(client),
        () => (refused += 1),
      );
    }
    await killer.query(ownSessionsEnded);
    // What was just freed is taken as well.
    for (let times = 0; times < 40; times += 1) {
      await connected(world).then(
        (client) => held.push(client),
        () => undefined,
      );
    }
    await pause(heldMs);
    return { struck: refused === 0 ? 0 : held.length, what: 'connections held' };
  } finally {
    await Promise.all([killer, ...held].map((client) => client.end()));
  }
}

const ownSessionsEnded = `select pg_terminate_backend(pid) from pg_stat_activity
  where application_name like 'yiyue-%' and application_name not in ('yiyue-fault', 'yiyue-faults')`;

async function endSessions(world: FaultWorld): Promise<Strike> {
  const killer = await connected(world);
  let struck = 0;
  try {
    for (let times = 0; times < 6; times += 1) {
      struck += (await killer.query(ownSessionsEnded)).rowCount ?? 0;
      await pause(500);
    }
    return { struck, what: 'sessions ended' };
  } finally {
    await killer.end();
  }
}

async function holdLocks(world: FaultWorld): Promise<Strike> {
  const [holder, watcher] = [await connected(world), await connected(world)];
  try {
    await holder.query('begin');
    await holder.query('select 1 from slot where slot_id = any($1) order by slot_id for update', [
      world.slots,
    ]);
    await pause(lockedMs);
    const { rowCount } = await watcher.query(
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name like 'yiyue-api%'",
    );
    await holder.query('rollback');
    return { struck: rowCount ?? 0, what: 'sessions waiting' };
  } finally {
    await Promise.all([holder.end(), watcher.end()]);
  }
}

/** People first and then the windows: the other way round than every command of ours. */
async function lockInTheWrongOrder(world: FaultWorld): Promise<Strike> {
  const lockers = [await connected(world), await connected(world)];
  const people = world.clients.map(({ personKey }) => personKey);
  const deadlocksSoFar = async (): Promise<number> => {
    const { rows } = await world.ledger.pool.query<{ deadlocks: number }>(
      'select deadlocks from pg_stat_database where datname = current_database()',
    );
    return Number(rows[0]?.deadlocks ?? 0);
  };
  const before = await deadlocksSoFar();
  const until = Date.now() + deadlockingMs;
  try {
    await Promise.all(
      lockers.map(async (locker) => {
        while (Date.now() < until) {
          await locker.query('begin');
          await locker
            .query(
              'select 1 from person where person_key = any($1::uuid[]) order by person_key for no key update',
              [people],
            )
            .then(() => pause(30))
            .then(() =>
              locker.query('select 1 from slot where slot_id = any($1) order by slot_id desc for update', [
                world.slots,
              ]),
            )
            .catch(() => undefined);
          await locker.query('rollback');
          await pause(20);
        }
      }),
    );
    // Sessions tell the statistics of their deadlocks within a second.
    await pause(1_500);
    return { struck: (await deadlocksSoFar()) - before, what: 'deadlocks' };
  } finally {
    await Promise.all(lockers.map((locker) => locker.end()));
  }
}
