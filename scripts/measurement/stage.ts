/** What a benchmark of the API stands on: a database of its own that waits for the disk, keys, and processes beside it. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { migrateToLatest } from '../../ledger/migrate';
import { openHome } from '../runtime/home';
import { Keeper } from '../runtime/keeper';
import { startPostgres } from '../runtime/postgres';
import { endedEarly, longRunning, runToEnd, type ProcessSpec } from '../runtime/processes';
import type { Supervised } from '../runtime/supervised';

export interface Stage {
  /** A ledger with the newest schema and nothing in it. */
  readonly databaseUrl: string;
  /** Its server. */
  readonly database: Supervised;
  /** The settings that the ledger's and the API's processes need. */
  readonly settings: ProcessSpec['settings'];
  /** Starts one of our programs; it is ended with the stage. */
  start(spec: ProcessSpec): Promise<Supervised>;
  /** Runs one that does one thing and ends; throws its last words when it failed. */
  runToEnd(spec: ProcessSpec): Promise<void>;
}

/** Sets the stage in a folder of its own, lets `measure` use it and clears everything away, whatever came of it. */
export async function onStage<T>(
  measure: (stage: Stage) => Promise<T>,
  databaseSettings: readonly string[] = [],
): Promise<T> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'yiyue-bench-'));
  // PostgreSQL runs as another account when the benchmark runs as root.
  await chmod(home, 0o755);
  openHome(home);
  const keeper = new Keeper();
  await keeper.removeAtEnd(home);
  const parts: Supervised[] = [];
  try {
    const { url, server } = await startPostgres({ home, keeper, settings: databaseSettings });
    if (!server) throw new Error('an embedded PostgreSQL has a server');
    parts.push(server);
    await migrateToLatest(url);
    const key = () => randomBytes(32).toString('base64');
    return await measure({
      databaseUrl: url,
      database: server,
      settings: {
        YIYUE_MODE: 'test',
        YIYUE_HOME: home,
        HOST: '127.0.0.1',
        DATABASE_URL: url,
        YIYUE_DATA_KEYS: `1:${key()}`,
        YIYUE_INDEX_KEY: key(),
        YIYUE_SESSION_KEY: key(),
        YIYUE_CAPTCHA_KEY: key(),
      },
      async start(spec) {
        const part = longRunning(spec, home, keeper);
        // A measured process that ends by itself must not come back as if nothing had been.
        part.onCrash = () => void part.stop();
        parts.push(part);
        await part.start();
        return part;
      },
      runToEnd: (spec) => runToEnd(spec, home, keeper),
    });
  } finally {
    for (const part of parts.reverse()) await part.stop().catch(() => undefined);
    await keeper.close();
  }
}

const answersWithinMs = 30_000;

/** Waits until the process answers under that address; throws its last words when it ended instead. */
export async function untilAnswered(part: Supervised, url: string, home: string): Promise<void> {
  const endsAt = performance.now() + answersWithinMs;
  for (;;) {
    const answered = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) return;
    if (part.pid === undefined || performance.now() > endsAt) throw endedEarly(home, part.name);
    await pause(50);
  }
}
