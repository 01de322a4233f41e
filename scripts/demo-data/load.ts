/** Fills a database with the demonstration set, unless there is something to try out in it already. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import type { Instant } from '../../domain/civil-time/plain-date';
import { importFolder } from '../import/import-folder';
import { generateDemonstrationSet } from './generate';

/**
 * Loads both demonstration rounds as they are at `now`, by default the ledger's own time. Does nothing while a
 * round has a booking window that is open or still to come; afterwards loads rounds anew, so that a
 * demonstration that was left for weeks works again.
 */
export async function loadDemonstrationRound(
  databaseUrl: string,
  { now }: { readonly now?: Instant } = {},
): Promise<void> {
  const found = await whatIsThere(databaseUrl);
  if (found.going) return;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'yiyue-demonstration-'));
  try {
    for (const roundFolder of await generateDemonstrationSet(folder, { now: now ?? found.now })) {
      await importFolder(databaseUrl, roundFolder);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function whatIsThere(databaseUrl: string): Promise<{ going: boolean; now: Instant }> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'demonstration' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query<{ going: boolean; now: Date }>(
      `select exists (select from booking_window w join round using (round_id)
         where closed_at is null and w.closes_at > ledger_now()) as going, ledger_now() as now`,
    );
    const [row] = found.rows;
    if (!row) throw new Error('a query without a table gives a row');
    return { going: row.going, now: row.now.toISOString() };
  } finally {
    await client.end();
  }
}
