/** The command that enrols and revokes stations: a key is shown once and kept only as a hash. */
import path from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import type { LedgerDb } from '../../ledger/database';
import type { DB } from '../../ledger/rows';
import { findSite } from '../../ledger/site';
import { enrolStation, revokeStation } from '../../ledger/station';
import { PlainFailure } from '../runtime/failure';
import { withTargetDatabase } from '../runtime/target-database';

const usage =
  'npm run station -- enrol STATION SITE, or npm run station -- revoke STATION; STATION is a name of your choice.';

/** Letters, digits and hyphens: station names stand in the audit. */
const stationName = /^[A-Za-z0-9-]{1,40}$/;

/**
 * Runs the command on `DATABASE_URL`, or on the instance of `YIYUE_HOME`. Resolves to what is to be printed.
 * Throws `PlainFailure` for a wrong call, an unknown site and a station that has no key to end.
 */
export async function runStationCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const [act, station = '', siteId = ''] = args;
  const fits = (act === 'enrol' && args.length === 3) || (act === 'revoke' && args.length === 2);
  if (!fits || !stationName.test(station)) throw new PlainFailure(`Call it so: ${usage}`);
  const home = path.resolve(environment['YIYUE_HOME'] ?? '.yiyue');
  return withTargetDatabase(home, environment['DATABASE_URL'], async (databaseUrl) => {
    const dialect = new PostgresDialect({ pool: new Pool({ connectionString: databaseUrl, max: 1 }) });
    const db = new Kysely<DB>({ dialect });
    try {
      return await (act === 'enrol' ? enrol(db, station, siteId) : revoke(db, station));
    } finally {
      await db.destroy();
    }
  });
}

async function enrol(db: LedgerDb, stationId: string, siteId: string): Promise<string> {
  if (!(await findSite(db, siteId))) throw new PlainFailure(`There is no site ${siteId}.`);
  const { key } = await enrolStation(db, { stationId, siteId });
  return [
    `Station ${stationId} is enrolled at site ${siteId}; an earlier key of it has ended.`,
    `Its key is shown this once: ${key}`,
  ].join('\n');
}

async function revoke(db: LedgerDb, stationId: string): Promise<string> {
  if (!(await revokeStation(db, stationId))) {
    throw new PlainFailure(`Station ${stationId} has no key to end.`);
  }
  return `The key of station ${stationId} has ended.`;
}
