import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { dataFolder, postgresAccount } from './postgres-account';
import { withTargetDatabase } from './target-database';

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

describe('the database of an import', () => {
  test('is the one that was given', async () => {
    await expect(
      withTargetDatabase('/nowhere', 'postgres://given', (url) => Promise.resolve(url)),
    ).resolves.toBe('postgres://given');
  });

  test('else the one that runs on the data folder, else one started for as long as it is needed', async () => {
    const home = await mkdtemp(path.join(os.tmpdir(), 'yiyue-home-'));
    await chmod(home, 0o755);
    try {
      const used = await withTargetDatabase(home, undefined, async (url) => {
        expect(await answers(url)).toBe(true);
        // What runs is used as it is, and goes on running.
        expect(await withTargetDatabase(home, '', (same) => Promise.resolve(same))).toBe(url);
        expect(await answers(url)).toBe(true);
        return url;
      });
      expect(await answers(used)).toBe(false);
    } finally {
      await rm(dataFolder(path.join(home, 'postgres'), postgresAccount()), { recursive: true, force: true });
      await rm(home, { recursive: true, force: true });
    }
  }, 60_000);
});
