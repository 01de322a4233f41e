/** The command that enrols and revokes stations and their staff: a key is shown once and kept only as a hash. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { findDistrict } from '../../domain/area/area';
import { stationKinds, stationMay, storeChains, type StationKind } from '../../domain/station/station';
import type { LedgerDb } from '../../ledger/database';
import type { DB } from '../../ledger/rows';
import { findSite } from '../../ledger/site';
import { enrolStation, findStationById, readStations, revokeStation } from '../../ledger/station';
import { designateStaff, dismissStaff } from '../../ledger/station-staff';
import { PlainFailure } from '../runtime/failure';
import { withTargetDatabase } from '../runtime/target-database';

const usage = [
  'npm run station -- enrol STATION SITE (the desk of a vaccination site)',
  'npm run station -- enrol STATION --kind KIND --district CODE --name NAME --english NAME [--chain CHAIN]',
  'npm run station -- revoke STATION',
  'npm run station -- designate STATION STAFF, or dismiss STATION STAFF (hotline and counter)',
  'npm run station -- list',
  `KIND is one of ${stationKinds.filter((kind) => kind !== 'site').join(', ')}; CHAIN, for storeKiosk alone, one of ${storeChains.join(', ')}; STATION and STAFF are names of your choice.`,
].join('\n');

const wrongCall = (): never => {
  throw new PlainFailure(`Call it so: ${usage}`);
};

/** Letters, digits and hyphens: names of stations and staff stand in the audit. */
const auditName = /^[A-Za-z0-9-]{1,40}$/;

interface Call {
  readonly names: readonly string[];
  readonly options: Readonly<Record<'kind' | 'chain' | 'district' | 'name' | 'english', string | undefined>>;
}

/** Every act, with how many names it takes. */
const acts: Readonly<
  Record<
    string,
    { readonly names: readonly number[]; readonly run: (db: LedgerDb, call: Call) => Promise<string> }
  >
> = {
  enrol: { names: [1, 2], run: enrol },
  revoke: { names: [1], run: revoke },
  designate: { names: [2], run: designate },
  dismiss: { names: [2], run: dismiss },
  list: { names: [0], run: list },
};

/**
 * Runs the command on `DATABASE_URL`, or on the instance of `YIYUE_HOME`. Resolves to what is to be printed.
 * Throws `PlainFailure` for a wrong call, an unknown site or station, and a key that is not there to end.
 */
export async function runStationCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const { act, call } = callOf(args);
  const home = path.resolve(environment['YIYUE_HOME'] ?? '.yiyue');
  return withTargetDatabase(home, environment['DATABASE_URL'], async (databaseUrl) => {
    const dialect = new PostgresDialect({ pool: new Pool({ connectionString: databaseUrl, max: 1 }) });
    const db = new Kysely<DB>({ dialect });
    try {
      return await act.run(db, call);
    } finally {
      await db.destroy();
    }
  });
}

function callOf(args: readonly string[]) {
  const option = { type: 'string' } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { kind: option, chain: option, district: option, name: option, english: option },
    });
  } catch {
    return wrongCall();
  }
  const [name = '', ...names] = parsed.positionals;
  const act = acts[name];
  const { kind, chain, district, name: nameZh, english } = parsed.values;
  const call = { names, options: { kind, chain, district, name: nameZh, english } };
  const anyOption = Object.values(call.options).some((value) => value !== undefined);
  if (!act?.names.includes(names.length) || (anyOption && name !== 'enrol')) return wrongCall();
  if (names.some((each) => !auditName.test(each))) return wrongCall();
  return { act, call };
}

async function enrol(db: LedgerDb, { names: [stationId = '', siteId], options }: Call): Promise<string> {
  if ((siteId === undefined) === (options.kind === undefined)) return wrongCall();
  if (siteId !== undefined) {
    if (!(await findSite(db, siteId))) throw new PlainFailure(`There is no site ${siteId}.`);
    const { key } = await enrolStation(db, { stationId, siteId });
    return shown(`Station ${stationId} is enrolled at site ${siteId}; an earlier key of it has ended.`, key);
  }
  const kind = stationKinds.find((each) => each === options.kind);
  const chain = storeChains.find((each) => each === options.chain);
  const { name: nameZh, english: nameEn, district: districtCode } = options;
  if (!kind || kind === 'site' || !nameZh || !nameEn || !districtCode) return wrongCall();
  if ((kind === 'storeKiosk') !== (chain !== undefined)) return wrongCall();
  if (!findDistrict(districtCode)) throw new PlainFailure(`There is no district ${districtCode}.`);
  const place = { nameZh, nameEn, districtCode };
  const { key } = await enrolStation(db, { stationId, kind, ...place, ...(chain && { chain }) });
  return shown(`Station ${stationId} is enrolled as ${kind}; an earlier key of it has ended.`, key);
}

async function revoke(db: LedgerDb, { names: [stationId = ''] }: Call): Promise<string> {
  if (!(await revokeStation(db, stationId))) {
    throw new PlainFailure(`Station ${stationId} has no key to end.`);
  }
  return `The key of station ${stationId} has ended.`;
}

async function designate(db: LedgerDb, { names: [stationId = '', staffId = ''] }: Call): Promise<string> {
  const station = await findStationById(db, stationId);
  if (!station) throw new PlainFailure(`There is no station ${stationId}.`);
  if (!stationMay(station.kind, 'assist')) {
    throw new PlainFailure(
      `A station of kind ${station.kind} looks nobody up; only ${assistingKinds()} have staff.`,
    );
  }
  const key = await designateStaff(db, stationId, staffId);
  return shown(`${staffId} is designated at ${stationId}; an earlier key of theirs has ended.`, key);
}

const assistingKinds = (): string =>
  stationKinds.filter((kind: StationKind) => stationMay(kind, 'assist')).join(' and ');

async function dismiss(db: LedgerDb, { names: [stationId = '', staffId = ''] }: Call): Promise<string> {
  if (!(await dismissStaff(db, stationId, staffId))) {
    throw new PlainFailure(`${staffId} has no key at station ${stationId} to end.`);
  }
  return `The key of ${staffId} at station ${stationId} has ended.`;
}

async function list(db: LedgerDb): Promise<string> {
  const stations = await readStations(db);
  if (stations.length === 0) return 'No station is enrolled.';
  return stations
    .map(({ stationId, kind, revoked }) => `${stationId}\t${kind}\t${revoked ? 'revoked' : 'enrolled'}`)
    .join('\n');
}

const shown = (done: string, key: string): string => `${done}\nIts key is shown this once: ${key}`;
