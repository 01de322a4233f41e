/**
 * Stations of the demonstration, one of each kind at which citizens are served, with the staff of those that look
 * people up. Keys are shown at every start, so they are kept in the data folder.
 */
import path from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import type { StationKind } from '../../domain/station/station';
import { stationMay } from '../../domain/station/station';
import type { LedgerDb } from '../../ledger/database';
import type { DB } from '../../ledger/rows';
import { enrolStation, findStation, type StationToEnrol } from '../../ledger/station';
import { designateStaff, findStaff } from '../../ledger/station-staff';
import { readJson, stringEntries, writeJson } from '../runtime/home';

export interface DemonstrationStation {
  readonly stationId: string;
  readonly kind: StationKind;
  readonly key: string;
  /** The code of its one member of staff, where it has any. */
  readonly staffKey: string | undefined;
}

const districtCode = '63000030';

/** At the places in whose district the demonstration's own sites are. */
const stations = [
  {
    ...{ stationId: 'demo-kiosk', kind: 'storeKiosk', chain: 'familyMart', districtCode },
    ...{ nameZh: '示範超商安和門市', nameEn: 'Demonstration store, Anhe' },
  },
  {
    ...{ stationId: 'demo-pharmacy', kind: 'pharmacy', districtCode },
    ...{ nameZh: '示範健保藥局', nameEn: 'Demonstration pharmacy' },
  },
  {
    ...{ stationId: 'demo-health-centre', kind: 'healthCentre', districtCode },
    ...{ nameZh: '示範衛生所', nameEn: 'Demonstration health centre' },
  },
  {
    ...{ stationId: 'demo-self-service', kind: 'selfServicePoint', districtCode },
    ...{ nameZh: '示範自助服務點', nameEn: 'Demonstration self-service point' },
  },
  {
    ...{ stationId: 'demo-hotline', kind: 'hotline', districtCode },
    ...{ nameZh: '示範縣市專線', nameEn: 'Demonstration hotline' },
  },
  {
    ...{ stationId: 'demo-counter', kind: 'counter', districtCode },
    ...{ nameZh: '示範健保服務櫃檯', nameEn: 'Demonstration counter' },
  },
] as const satisfies readonly StationToEnrol[];

const staffId = 'demo-staff';

/** The demonstration's stations of this data folder; those whose key is not known there are enrolled anew. */
export async function demonstrationStations(
  home: string,
  databaseUrl: string,
): Promise<readonly DemonstrationStation[]> {
  const file = path.join(home, 'run', 'stations.json');
  const kept = stringEntries(readJson(file));
  const dialect = new PostgresDialect({ pool: new Pool({ connectionString: databaseUrl, max: 1 }) });
  const db = new Kysely<DB>({ dialect });
  try {
    const ready: DemonstrationStation[] = [];
    for (const station of stations) {
      const { stationId, kind } = station;
      const known = kept[stationId] === undefined ? undefined : await findStation(db, kept[stationId]);
      const key =
        known && kept[stationId] !== undefined ? kept[stationId] : (await enrolStation(db, station)).key;
      const staffKey = stationMay(kind, 'assist') ? await staffKeyOf(db, stationId, kept) : undefined;
      ready.push({ stationId, kind, key, staffKey });
    }
    writeJson(file, Object.fromEntries(ready.flatMap(keptOf)));
    return ready;
  } finally {
    await db.destroy();
  }
}

const staffName = (stationId: string): string => `${stationId}/${staffId}`;

async function staffKeyOf(
  db: LedgerDb,
  stationId: string,
  kept: Readonly<Record<string, string>>,
): Promise<string> {
  const key = kept[staffName(stationId)];
  const known = key === undefined ? undefined : await findStaff(db, stationId, { key });
  return known && key !== undefined ? key : designateStaff(db, stationId, staffId);
}

function keptOf({ stationId, key, staffKey }: DemonstrationStation): readonly (readonly [string, string])[] {
  return [[stationId, key], ...(staffKey === undefined ? [] : [[staffName(stationId), staffKey] as const])];
}
