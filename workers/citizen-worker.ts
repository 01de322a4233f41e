/** The workers that run workflows: of citizens, rounds and the reconciler on one queue, of casework on another. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';

import { createActivities } from '../activities';
import { caseworkActivities } from '../activities/casework';
import { neutralFailures } from '../activities/neutral-failures';
import { projectRoot } from '../config/project-root';
import type { Tracing } from '../config/tracing';
import type { Ledger } from '../ledger/database';
import { errorFields, type WorkerLog } from './log';
import { tracedWorker, type WorkerTracing } from './temporal-tracing';
import { untilTemporalAnswers, type TemporalClient, type TemporalPlace } from './temporal-client';
import { ensureRound, tellRoundChanged } from './workflow-starts';

/** What a worker of either queue is made from. */
export interface WorkerParts extends TemporalPlace {
  readonly ledger: Ledger;
  readonly taskQueue: string;
  readonly log: WorkerLog;
  /** Made beforehand, so that a start needs no bundler; bundled from the sources when it is missing. */
  readonly bundle?: WorkflowBundleOption;
  /** Goes on with the traces that signals bring. */
  readonly tracing?: Tracing;
  /** Changes to the worker's own options, for tests. */
  readonly tuning?: Partial<WorkerOptions>;
}

export interface CitizenWorkerOptions extends WorkerParts {
  readonly temporal: TemporalClient;
}

/** Sends the SDK's own lines through our log, and leaves signals to the process. Once per process, before any worker. */
export function installRuntime(log: WorkerLog, metricsAddress?: string): void {
  const line = (level: 'info' | 'warn' | 'error') => (message: string, meta?: Record<string, unknown>) =>
    log[level](message, { ...meta, ...(meta?.['error'] === undefined ? {} : errorFields(meta['error'])) });
  Runtime.install({
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: line('warn'),
      error: line('error'),
    },
    telemetryOptions: {
      logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} },
      ...(metricsAddress === undefined ? {} : { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
    shutdownSignals: [],
  });
}

/** How the worker takes its work; the engine's floor is measured with the same. */
export const citizenWorkerTuning = {
  // Cold starts come by the non-sticky queue; fixed pollers starve it.
  workflowTaskPollerBehavior: { type: 'autoscaling' },
  activityTaskPollerBehavior: { type: 'autoscaling' },
  maxCachedWorkflows: 2_000,
  shutdownGraceTime: '10 seconds',
} as const satisfies Partial<WorkerOptions>;

/** Connects and makes the worker; the caller runs it and shuts it down. Rejects when Temporal is away. */
export function createCitizenWorker(options: CitizenWorkerOptions): Promise<Worker> {
  const { taskQueue, ledger, log, temporal } = options;
  return createWorker(
    options,
    createActivities({
      ledger,
      ensureRound: (roundId) => temporal.call((client) => ensureRound(client, taskQueue, roundId)),
      tellRoundChanged: (roundId) => temporal.call((client) => tellRoundChanged(client, taskQueue, roundId)),
      alarm: ({ persistent, poked }) => log.warn('people stay overdue', { persistent, poked }),
    }),
  );
}

/** Connects and makes the worker of the casework queue. Rejects when Temporal is away. */
export function createCaseworkWorker(options: WorkerParts): Promise<Worker> {
  return createWorker(options, caseworkActivities(options.ledger));
}

async function createWorker(options: WorkerParts, activities: object): Promise<Worker> {
  const { address, namespace, taskQueue, log } = options;
  const traced = options.tracing && tracedWorker(options.tracing);
  const connection = await NativeConnection.connect({ address });
  try {
    return await Worker.create({
      connection,
      namespace,
      taskQueue,
      ...workflowSource(options.bundle, traced),
      activities,
      interceptors: {
        activity: [
          ...(traced ? [traced.activity] : []),
          neutralFailures((activityType, error) =>
            log.warn('an activity failed', { activityType, ...errorFields(error) }),
          ),
        ],
        workflowModules: [...(traced?.workflowModules ?? [])],
      },
      ...(traced && { sinks: traced.sinks }),
      ...citizenWorkerTuning,
      ...options.tuning,
    });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Traced workflows are bundled anew at each start, with the modules that trace them. */
function workflowSource(
  bundle: WorkflowBundleOption | undefined,
  traced: WorkerTracing | undefined,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  if (traced) return { workflowsPath: require.resolve('../workflows') };
  if (bundle) return { workflowBundle: bundle };
  const codePath = path.join(projectRoot, 'dist/workflow-bundle.js');
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  return { workflowsPath: require.resolve('../workflows') };
}

/** Runs the worker until `signal` aborts, making it anew when Temporal was away for longer than it bears. */
export function runCitizenWorker(options: CitizenWorkerOptions, signal: AbortSignal): Promise<void> {
  return runWorker(options.log, () => createCitizenWorker(options), signal);
}

/** The same for the worker of the casework queue. */
export function runCaseworkWorker(options: WorkerParts, signal: AbortSignal): Promise<void> {
  return runWorker(options.log, () => createCaseworkWorker(options), signal);
}

async function runWorker(log: WorkerLog, make: () => Promise<Worker>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const worker = await untilTemporalAnswers(log, make, signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (!worker) return;
    const shutdown = () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    signal.addEventListener('abort', shutdown, { once: true });
    try {
      const running = worker.run();
      if (signal.aborted) shutdown();
      await running;
    } catch (error) {
      log.warn('the worker ended; making it anew', errorFields(error));
    } finally {
      signal.removeEventListener('abort', shutdown);
      await worker.connection?.close().catch(() => undefined);
    }
  }
}
