/** The ledger's connection: PostgreSQL by Kysely, with the keys that open its personal columns. */
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import { Pool, types } from 'pg';

import type { LedgerKeys } from './encryption';
import type { DB } from './rows';

export type LedgerDb = Kysely<DB>;
export type LedgerTx = Transaction<DB>;
/** A connection or a transaction: what a read needs. */
export type LedgerReader = LedgerDb | LedgerTx;

export interface Ledger {
  readonly db: LedgerDb;
  readonly keys: LedgerKeys;
  readonly pool: Pool;
  close(): Promise<void>;
}

export interface LedgerSettings {
  readonly databaseUrl: string;
  readonly keys: LedgerKeys;
  /** Few are better on a hot slot: 32 connections are 40 % slower than 8 there. */
  readonly maxConnections?: number;
  readonly applicationName?: string;
  /** How long a command waits for a connection, a free one or a new one, before it fails. */
  readonly connectionWaitMs?: number;
}

// Dates stay text (a civil date is no instant), 64-bit numbers become numbers: ours stay far below 2^53.
types.setTypeParser(types.builtins.DATE, (text) => text);
types.setTypeParser(types.builtins.INT8, (text) => Number(text));

/** Opens the ledger. Connections are made on demand; a broken idle one is replaced without ending the process. */
export function openLedger(settings: LedgerSettings): Ledger {
  const pool = new Pool({
    connectionString: settings.databaseUrl,
    max: settings.maxConnections ?? 8,
    application_name: settings.applicationName ?? 'yiyue',
    connectionTimeoutMillis: settings.connectionWaitMs ?? 5_000,
    idle_in_transaction_session_timeout: 30_000,
  });
  pool.on('error', () => {
    // The pool drops the connection by itself; the next query opens another or reports what is wrong.
  });
  // A connection lost while it is in use fails its query; its own event, unheard, would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  return { db, keys: settings.keys, pool, close: () => db.destroy() };
}
