/** The frame of a worker process: settings, log, ledger, metrics, and an orderly end on a signal. */
import closeWithGrace from 'close-with-grace';
import { Registry } from 'prom-client';

import { readSettings, type Settings } from '../config/settings';
import { startTracing, type Tracing } from '../config/tracing';
import { openLedger, type Ledger } from '../ledger/database';
import { parseLedgerKeys } from '../ledger/encryption';
import { errorFields, openLog, type WorkerLog } from './log';
import { serveMetrics } from './metrics-server';

/** After this long the process ends the hard way; leases and replays make that harmless. */
const graceMs = 15_000;

export interface ProcessParts {
  readonly settings: Settings;
  readonly log: WorkerLog;
  readonly ledger: Ledger;
  readonly metrics: Registry;
  /** Undefined when this process is not traced. */
  readonly tracing: Tracing | undefined;
}

/** Something that runs until it is stopped. */
export interface Running {
  stop(): Promise<void>;
}

const alwaysRequired = [
  'DATABASE_URL',
  'TEMPORAL_ADDRESS',
  'YIYUE_DATA_KEYS',
  'YIYUE_INDEX_KEY',
] as const satisfies readonly (keyof Settings)[];

/**
 * Runs `start` as a process of its own until a signal comes; a wrong setting ends it with one sentence. A process
 * that serves `METRICS_PORT` by itself says so.
 */
export async function runProcess(
  name: string,
  required: readonly (keyof Settings)[],
  start: (parts: ProcessParts) => Running,
  { servesMetricsItself = false } = {},
): Promise<void> {
  const log = openLog(name);
  let settings: Settings;
  try {
    settings = readSettings([...alwaysRequired, ...required]);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  const tracing = startTracing(`yiyue-${name}`, settings);
  const ledger = openProcessLedger(settings, name);
  const metrics = new Registry();
  const server = servesMetricsItself ? undefined : await serveMetrics(metrics, settings);
  const running = start({ settings, log, ledger, metrics, tracing });
  log.info('started', { address: settings.TEMPORAL_ADDRESS, namespace: settings.TEMPORAL_NAMESPACE });
  closeWithGrace({ delay: graceMs, logger: false }, async ({ signal, err }) => {
    if (err) log.error('an error nobody caught ends the process', errorFields(err));
    else log.info('stopping', { signal });
    await running.stop();
    await server?.close();
    await ledger.close();
    await tracing?.close();
  });
}

/** Longer than the statements of a process take; a step of a whole round settles millions in one. */
const answerWaitUsuallyMs = 30_000;
const answerWaitMs: Readonly<Record<string, number>> = { citizen: 600_000, schedules: 600_000 };

/** Opens the ledger as the settings say. */
export function openProcessLedger(settings: Settings, name: string): Ledger {
  return openLedger({
    databaseUrl: settings.DATABASE_URL,
    keys: parseLedgerKeys(settings.YIYUE_DATA_KEYS, settings.YIYUE_INDEX_KEY, settings.YIYUE_SETTLEMENT_KEY),
    maxConnections: settings.DATABASE_CONNECTIONS,
    applicationName: `yiyue-${name}`,
    answerWaitMs: answerWaitMs[name] ?? answerWaitUsuallyMs,
  });
}
