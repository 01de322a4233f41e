/** Which database an import goes to: the given one, that of the running instance, or the embedded one started for it. */
import path from 'node:path';
import { Client } from 'pg';
import { openHome, readJson, stringEntries } from './home';
import { Keeper } from './keeper';
import { takeHome } from './left-over';
import { startPostgres } from './postgres';

/**
 * Calls `use` with the connection string of `databaseUrl`, or of the PostgreSQL that an instance runs on `home`
 * at this moment; when there is none, starts it on the same data and stops it afterwards.
 */
export async function withTargetDatabase<T>(
  home: string,
  databaseUrl: string | undefined,
  use: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  const running = databaseUrl || (await runningDatabase(home));
  if (running !== undefined) return use(running);
  openHome(home);
  const giveFree = takeHome(home);
  const keeper = new Keeper();
  try {
    const { url, server } = await startPostgres({ home, keeper });
    try {
      return await use(url);
    } finally {
      // Stopped on purpose, it is not started again.
      await server?.stop();
    }
  } finally {
    await keeper.close();
    giveFree();
  }
}

/** The embedded PostgreSQL of `home` when it answers: `npm start` notes its port and password there. */
async function runningDatabase(home: string): Promise<string | undefined> {
  const { postgres: port } = stringEntries(readJson(path.join(home, 'run', 'postgres.json')));
  const { postgresPassword: password } = stringEntries(readJson(path.join(home, 'secrets.json')));
  if (port === undefined || password === undefined) return undefined;
  const url = `postgres://yiyue:${password}@127.0.0.1:${port}/yiyue`;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return url;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}
