/** Card bridges (讀卡程式): enrolled by their key, of a citizen's computer or of a station, until they are revoked. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import type { Ledger, LedgerReader } from './database';
import { recordOperatorAct } from './operator-audit';

export interface CardBridge {
  readonly bridgeId: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Buffer;
  /** Kind of computer and version of the bridge. */
  readonly name: string;
  readonly stationId: string | null;
  readonly enrolledAt: Date;
  readonly revokedAt: Date | null;
}

const columns = ['bridge_id', 'public_key', 'name', 'station_id', 'enrolled_at', 'revoked_at'] as const;

/** The bridge of that key, revoked or not. */
export async function findCardBridge(db: LedgerReader, publicKey: Buffer): Promise<CardBridge | undefined> {
  const row = await db
    .selectFrom('card_bridge')
    .select(columns)
    .where('public_key', '=', publicKey)
    .executeTakeFirst();
  return row && bridgeOf(row);
}

/**
 * Enrols the bridge of that key. One that is enrolled stays what it is, and joins the station that brings it; a
 * revoked one stays revoked. The caller has seen that whoever asks has the key.
 */
export async function enrolCardBridge(
  db: LedgerReader,
  bridge: { readonly publicKey: Buffer; readonly name: string; readonly stationId?: string },
): Promise<CardBridge> {
  const stationId = bridge.stationId ?? null;
  const row = await db
    .insertInto('card_bridge')
    .values({
      bridge_id: randomUUID(),
      public_key: bridge.publicKey,
      name: bridge.name,
      station_id: stationId,
    })
    .onConflict((conflict) =>
      conflict.column('public_key').doUpdateSet({
        name: bridge.name,
        station_id: sql`case when card_bridge.revoked_at is null
          then coalesce(${stationId}, card_bridge.station_id) else card_bridge.station_id end`,
      }),
    )
    .returning(columns)
    .executeTakeFirstOrThrow();
  return bridgeOf(row);
}

/** Ends a bridge of the station at once; false when the station has no such bridge to end. */
export async function revokeCardBridgeOfStation(
  db: LedgerReader,
  stationId: string,
  bridgeId: string,
): Promise<boolean> {
  const revoked = await db
    .updateTable('card_bridge')
    .set({ revoked_at: sql<Date>`clock_timestamp()` })
    .where('bridge_id', '=', bridgeId)
    .where('station_id', '=', stationId)
    .where('revoked_at', 'is', null)
    .returning('bridge_id')
    .execute();
  return revoked.length === 1;
}

/** Ends any bridge at once by the word of an operator, on record; false when there is none to end. */
export async function revokeCardBridge(
  ledger: Ledger,
  operatorId: string,
  bridgeId: string,
): Promise<boolean> {
  return ledger.db.transaction().execute(async (tx) => {
    const revoked = await tx
      .updateTable('card_bridge')
      .set({ revoked_at: sql<Date>`clock_timestamp()` })
      .where('bridge_id', '=', bridgeId)
      .where('revoked_at', 'is', null)
      .returning('bridge_id')
      .execute();
    if (revoked.length > 0) await recordOperatorAct(tx, operatorId, 'revokeCardBridge', { bridgeId });
    return revoked.length > 0;
  });
}

/** The newest bridges first, revoked ones too. */
export async function listCardBridges(
  db: LedgerReader,
  { stationId, limit = 100 }: { readonly stationId?: string; readonly limit?: number } = {},
): Promise<readonly CardBridge[]> {
  let query = db.selectFrom('card_bridge').select(columns).orderBy('enrolled_at', 'desc').limit(limit);
  if (stationId !== undefined) query = query.where('station_id', '=', stationId);
  return (await query.execute()).map(bridgeOf);
}

/** A bridge from its row. */
export function bridgeOf(row: {
  readonly bridge_id: string;
  readonly public_key: Buffer;
  readonly name: string;
  readonly station_id: string | null;
  readonly enrolled_at: Date;
  readonly revoked_at: Date | null;
}): CardBridge {
  return {
    bridgeId: row.bridge_id,
    publicKey: row.public_key,
    name: row.name,
    stationId: row.station_id,
    enrolledAt: row.enrolled_at,
    revokedAt: row.revoked_at,
  };
}
