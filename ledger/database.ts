/** The ledger's connection: PostgreSQL by Kysely, with the keys that open its personal columns. */
import type { Socket } from 'node:net';
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import { Pool, types, type PoolClient, type PoolConfig } from 'pg';

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
  /** The connections of the booking batches, one for each that may be under way. */
  readonly batchPool: Pool;
  close(): Promise<void>;
}

export interface LedgerSettings {
  readonly databaseUrl: string;
  readonly keys: LedgerKeys;
  /** Few are better on a hot slot: 32 connections are 40 % slower than 8 there. */
  readonly maxConnections?: number;
  readonly applicationName?: string;
  /** Other than the usual number of booking batches under way at once. */
  readonly bookingLanes?: number;
  /** How long a command waits for a connection, a free one or a new one, before it fails. */
  readonly connectionWaitMs?: number;
  /**
   * How long an answer of the server is waited for before its connection is given up as dead; without it for ever.
   * Longer than the longest statement of the process.
   */
  readonly answerWaitMs?: number;
}

// Dates stay text (a civil date is no instant), 64-bit numbers become numbers: ours stay far below 2^53.
types.setTypeParser(types.builtins.DATE, (text) => text);
types.setTypeParser(types.builtins.INT8, (text) => Number(text));

/** Batches of bookings under way at once in one process: one is written while the next is decided. */
const bookingLanes = 2;

/**
 * Of a batch's connection. Its statements are planned ahead, not for each batch; planned while the tables of a new round
 * are still empty they would read them whole ever after. So only the ways that stay good are open to the planner, and
 * no plan lives long: of tables that somebody analysed while they were empty any index looks as good as any other.
 */
const planLifeMs = 1_000;
const batchPlans = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin'].map((way) => `-c ${way}=off`);

const idleInTransactionMs = 30_000;

/** Opens the ledger. Connections are made on demand; a broken idle one is replaced without ending the process. */
export function openLedger(settings: LedgerSettings): Ledger {
  const application = settings.applicationName ?? 'yiyue';
  const pool = poolOf(settings, { max: settings.maxConnections ?? 8, application_name: application });
  const batchPool = poolOf(settings, {
    max: settings.bookingLanes ?? bookingLanes,
    application_name: `${application}-booking`,
    options: [...batchPlans, '-c plan_cache_mode=force_generic_plan'].join(' '),
    // A whole transaction is sent at once: nobody waits for this process while slots are locked.
    pipeline: true,
  });
  planAnewInTime(batchPool);
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  const close = async (): Promise<void> => {
    await batchPool.end();
    await db.destroy();
  };
  return { db, keys: settings.keys, pool, batchPool, close };
}

/** Lets the plans of a connection go when it is taken up and they are old; what is asked next is planned anew. */
function planAnewInTime(pool: Pool): void {
  const plannedAt = new WeakMap<PoolClient, number>();
  pool.on('acquire', (client) => {
    const now = performance.now();
    const planned = plannedAt.get(client);
    if (planned !== undefined && now - planned <= planLifeMs) return;
    plannedAt.set(client, now);
    if (planned === undefined) return;
    // A connection that is lost fails what is asked of it next, which says so.
    client.query('discard plans').catch(() => undefined);
  });
}

function poolOf(settings: LedgerSettings, own: PoolConfig): Pool {
  const pool = new Pool({
    connectionString: settings.databaseUrl,
    connectionTimeoutMillis: settings.connectionWaitMs ?? 5_000,
    keepAlive: true,
    ...serverLimits(settings.answerWaitMs),
    ...own,
  });
  pool.on('error', () => {
    // The pool drops the connection by itself; the next query opens another or reports what is wrong.
  });
  pool.on('connect', (client) => {
    // A connection lost while it is in use fails its query; its own event, unheard, would end the process.
    client.on('error', () => undefined);
    if (settings.answerWaitMs !== undefined) giveUpWhenSilent(client, settings.answerWaitMs);
  });
  return pool;
}

/**
 * How long the server itself bears with a session whose client is lost without a word. Such a one would keep the rows
 * that it holds, and of those that wait for them each would in turn: none outlasts the client that gave it up.
 */
function serverLimits(answerWaitMs: number | undefined): PoolConfig {
  if (answerWaitMs === undefined) return { idle_in_transaction_session_timeout: idleInTransactionMs };
  return {
    idle_in_transaction_session_timeout: Math.min(idleInTransactionMs, answerWaitMs),
    // Later than the client gives up, which knows better what to tell.
    lock_timeout: answerWaitMs + 1_000,
  };
}

/**
 * Ends a connection on which something was asked and nothing has come for so long. A server or a firewall that lost
 * its power says nothing: its connections would else be waited on for ever, and one after another the pool with them.
 */
function giveUpWhenSilent(client: PoolClient, answerWaitMs: number): void {
  const { connection } = client as unknown as { readonly connection: { readonly stream: Socket } };
  const socket = connection.stream;
  let askedWhenAllWasAnswered = socket.bytesWritten;
  // Not at every answer: of several that were asked at once the first says nothing of the others.
  client.on('drain', () => {
    askedWhenAllWasAnswered = socket.bytesWritten;
  });
  // A listener given to `setTimeout` itself would hear the first quiet moment alone.
  socket.setTimeout(answerWaitMs);
  socket.on('timeout', () => {
    if (socket.bytesWritten === askedWhenAllWasAnswered) return;
    socket.destroy(Object.assign(new Error('the ledger does not answer'), { code: 'ETIMEDOUT' }));
  });
}
