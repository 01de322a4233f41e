/** Brings a database up to the newest migration; safe to run from several processes at once. */
import { Kysely, Migrator, PostgresDialect, type Migration } from 'kysely';
import { Pool } from 'pg';

import * as people from './migrations/0001-people';
import * as rounds from './migrations/0002-rounds';
import * as participation from './migrations/0003-participation';
import * as messages from './migrations/0004-messages';
import * as access from './migrations/0005-access';
import * as simulatedRegistry from './migrations/0006-simulated-registry';
import * as operators from './migrations/0007-operators';
import * as settlementRecord from './migrations/0008-settlement-record';
import * as placeOffers from './migrations/0009-place-offers';
import * as invitationWaves from './migrations/0010-invitation-waves';
import * as closuresAndConsent from './migrations/0011-closures-and-consent';
import * as waitingRoom from './migrations/0013-waiting-room';
import * as dueBounds from './migrations/0014-due-bounds';
import * as traceContext from './migrations/0015-trace-context';
import * as apiLoad from './migrations/0016-api-load';
import * as signIns from './migrations/0017-sign-ins';
import * as cardBridges from './migrations/0018-card-bridges';
import * as cardAccounts from './migrations/0019-card-accounts';
import * as boundDevices from './migrations/0020-bound-devices';
import * as stations from './migrations/0021-stations';
import * as mobileAuthentications from './migrations/0023-mobile-authentications';
import * as familyBonds from './migrations/0024-family-bonds';
import * as cardStanding from './migrations/0026-card-standing';
import * as textsInDoubt from './migrations/0029-texts-in-doubt';
import * as placesInLine from './migrations/0030-places-in-line';

/** Every migration by name, in their order. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-people': people,
  '0002-rounds': rounds,
  '0003-participation': participation,
  '0004-messages': messages,
  '0005-access': access,
  '0006-simulated-registry': simulatedRegistry,
  '0007-operators': operators,
  '0008-settlement-record': settlementRecord,
  '0009-place-offers': placeOffers,
  '0010-invitation-waves': invitationWaves,
  '0011-closures-and-consent': closuresAndConsent,
  '0013-waiting-room': waitingRoom,
  '0014-due-bounds': dueBounds,
  '0015-trace-context': traceContext,
  '0016-api-load': apiLoad,
  '0017-sign-ins': signIns,
  '0018-card-bridges': cardBridges,
  '0019-card-accounts': cardAccounts,
  '0020-bound-devices': boundDevices,
  '0021-stations': stations,
  '0023-mobile-authentications': mobileAuthentications,
  '0024-family-bonds': familyBonds,
  '0026-card-standing': cardStanding,
  '0029-texts-in-doubt': textsInDoubt,
  '0030-places-in-line': placesInLine,
};

/** Names of all migrations that this version needs. */
export const migrationNames: readonly string[] = Object.keys(migrations);

/** Names of the migrations that were applied by this call. Throws the first error; what ran before it stays. */
export async function migrateToLatest(databaseUrl: string): Promise<string[]> {
  const db = new Kysely<never>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: databaseUrl, max: 2 }) }),
  });
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
    });
    const { error, results } = await migrator.migrateToLatest();
    if (error) throw error instanceof Error ? error : new Error('migration failed');
    return (results ?? [])
      .filter(({ status }) => status === 'Success')
      .map(({ migrationName }) => migrationName);
  } finally {
    await db.destroy();
  }
}
