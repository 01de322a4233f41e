/** The engine over a ledger of one's own: worker, relay and clock as the processes run them, in this one process. */
import { readFile } from 'node:fs/promises';
import type { Worker, WorkflowBundle, WorkerOptions } from '@temporalio/worker';
import { Registry } from 'prom-client';

import type { Ledger } from '../../ledger/database';
import { startAccountCarrier } from '../../workers/account-carrier';
import { createCaseworkWorker, createCitizenWorker, installRuntime } from '../../workers/citizen-worker';
import { startPlaceCarrier } from '../../workers/place-carrier';
import { startClosureCarrier } from '../../workers/closure-carrier';
import { startRelay, type RelayOptions } from '../../workers/citizen-relay';
import { openLog, type WorkerLog } from '../../workers/log';
import type { Running } from '../../workers/process';
import { SteppingClock } from '../../workers/stepping-clock';
import { openTemporalClient, type TemporalClient } from '../../workers/temporal-client';
import { startWaveCarrier } from '../../workers/wave-carrier';
import { askTestServers } from './ask';
import { createTestTemporal, type TestTemporal } from './temporal';

/** Everything that the parts logged, line by line. */
export const logged: string[] = [];
const log: WorkerLog = openLog('test', { write: (line) => void logged.push(line) });

let bundle: Promise<WorkflowBundle> | undefined;
let runtimeInstalled = false;

/** The workflows of the sources, bundled once a run. */
export function workflowBundle(): Promise<WorkflowBundle> {
  if (!runtimeInstalled) installRuntime(log);
  runtimeInstalled = true;
  bundle ??= askTestServers<{ path: string }>('/workflow-bundle').then(async ({ path }) => ({
    code: await readFile(path, 'utf8'),
  }));
  return bundle;
}

export class TestEngine {
  static async start(
    ledger: Ledger,
    options: { readonly worker?: boolean; readonly relay?: boolean; readonly place?: TestTemporal } = {},
  ): Promise<TestEngine> {
    const [place, code] = await Promise.all([options.place ?? createTestTemporal(), workflowBundle()]);
    const engine = new TestEngine(ledger, place, code, openTemporalClient(place));
    if (options.worker ?? true) await engine.startWorker();
    if (options.relay ?? true) engine.startRelay();
    return engine;
  }

  #worker: { readonly worker: Worker; readonly ended: Promise<void> } | undefined;
  readonly #relays: Running[] = [];
  #casework: Running | undefined;

  private constructor(
    readonly ledger: Ledger,
    readonly place: TestTemporal,
    private readonly code: WorkflowBundle,
    readonly temporal: TemporalClient,
  ) {}

  async startWorker(tuning: Partial<WorkerOptions> = {}): Promise<void> {
    const worker = await createCitizenWorker({
      ...this.place,
      ledger: this.ledger,
      temporal: this.temporal,
      log,
      bundle: this.code,
      tuning: { shutdownGraceTime: 0, ...tuning },
    });
    this.#worker = { worker, ended: worker.run() };
  }

  /** The casework process's worker and carrier, on a queue beside the citizens'. */
  async startCasework(): Promise<void> {
    const taskQueue = `${this.place.taskQueue}-casework`;
    const worker = await createCaseworkWorker({
      ...this.place,
      taskQueue,
      ledger: this.ledger,
      log,
      bundle: this.code,
      tuning: { shutdownGraceTime: 0, maxCachedWorkflows: 1 },
    });
    const ended = worker.run();
    const { ledger, temporal } = this;
    const carrier = startAccountCarrier({
      ...{ ledger, temporal, taskQueue, log, metrics: new Registry(), idleMs: 50 },
    });
    this.#casework = {
      stop: async () => {
        await carrier.stop();
        worker.shutdown();
        await ended;
        await worker.connection?.close();
      },
    };
  }

  async stopCasework(): Promise<void> {
    await this.#casework?.stop();
    this.#casework = undefined;
  }

  async stopWorker(): Promise<void> {
    this.#worker?.worker.shutdown();
    await this.#worker?.ended;
    await this.#worker?.worker.connection?.close();
    this.#worker = undefined;
  }

  startRelay(changes: Partial<RelayOptions> = {}): Running {
    const relay = startRelay({
      ledger: this.ledger,
      temporal: this.temporal,
      taskQueue: this.place.taskQueue,
      log,
      metrics: new Registry(),
      idleMs: 30,
      ...changes,
    });
    const { ledger, temporal, place } = this;
    const carrier = startPlaceCarrier({
      ...{ ledger, temporal, taskQueue: place.taskQueue, log, metrics: new Registry() },
      idleMs: 50,
    });
    const waves = startWaveCarrier({
      ...{ ledger, temporal, taskQueue: place.taskQueue, log, metrics: new Registry() },
      idleMs: 50,
    });
    const closures = startClosureCarrier({
      ...{ ledger, temporal, taskQueue: place.taskQueue, log, metrics: new Registry() },
      idleMs: 50,
    });
    this.#relays.push(relay, carrier, waves, closures);
    return relay;
  }

  async stopRelays(): Promise<void> {
    await Promise.all(this.#relays.splice(0).map((relay) => relay.stop()));
  }

  /** The stepping clock; no sender runs here, so texts stay queued. */
  clock(restWithinMs = 45_000): SteppingClock {
    const { ledger, temporal } = this;
    return new SteppingClock({
      mode: 'test',
      ledger,
      temporal,
      taskQueue: this.place.taskQueue,
      awaitTexts: false,
      restWithinMs,
    });
  }

  async stop(): Promise<void> {
    await this.stopRelays();
    await this.stopCasework();
    await this.stopWorker();
    await this.temporal.close();
  }
}
