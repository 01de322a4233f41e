/** What measurements of the engine stand on: ledger and engine, each with a database instance of its own. */
import path from 'node:path';
import { Client } from 'pg';

import { openLedger, type Ledger } from '../../../ledger/database';
import { parseLedgerKeys } from '../../../ledger/encryption';
import { openTemporalClient, type TemporalClient } from '../../../workers/temporal-client';
import { cpuSecondsOf } from '../../measurement/cpu-time';
import { onStage, type Stage } from '../../measurement/stage';
import { Keeper } from '../../runtime/keeper';
import type { Supervised } from '../../runtime/supervised';
import { startTemporalServer, type RunningTemporalServer } from '../../runtime/temporal-server';

const taskQueue = 'citizen';

export interface EngineStage {
  readonly stage: Stage;
  readonly ledger: Ledger;
  readonly engine: RunningTemporalServer;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  /** The engine's own database, to count by what is stored there and not by what was acknowledged. */
  readonly engineDatabase: Client;
  /** Starts one of our processes against both, with these changes to its settings. */
  start(name: string, script: string, settings?: Readonly<Record<string, string>>): Promise<Supervised>;
  /** Processor seconds used so far by each part; parts that do not run are left out. */
  cpuSeconds(): ReadonlyMap<string, number>;
}

/** Sets the stage, lets `measure` use it and clears everything away. */
export function onEngineStage<T>(
  say: (progress: string) => void,
  measure: (stage: EngineStage) => Promise<T>,
): Promise<T> {
  return onStage(async (stage) => {
    const keeper = new Keeper();
    const open: (() => Promise<unknown>)[] = [];
    try {
      const home = path.join(stage.settings['YIYUE_HOME'] ?? '', 'engine');
      const engine = await startTemporalServer({ home, keeper, say });
      open.push(() => engine.stop());
      const temporal = openTemporalClient(engine);
      open.push(() => temporal.close());
      const ledger = openLedger({
        databaseUrl: stage.databaseUrl,
        keys: parseLedgerKeys(
          stage.settings['YIYUE_DATA_KEYS'] ?? '',
          stage.settings['YIYUE_INDEX_KEY'] ?? '',
          stage.settings['YIYUE_INDEX_KEY'] ?? '',
        ),
        applicationName: 'bench',
      });
      open.push(() => ledger.close());
      const engineDatabase = new Client({ connectionString: engine.storeUrl });
      await engineDatabase.connect();
      open.push(() => engineDatabase.end());
      const parts = new Map<string, Supervised>([
        ['engine', engine.server],
        ['engine database', engine.database],
        ['ledger database', stage.database],
      ]);
      return await measure({
        stage,
        ledger,
        engine,
        temporal,
        taskQueue,
        engineDatabase,
        start: async (name, script, settings = {}) => {
          const part = await stage.start({
            name,
            script,
            settings: {
              ...stage.settings,
              YIYUE_SETTLEMENT_KEY: stage.settings['YIYUE_INDEX_KEY'] ?? '',
              TEMPORAL_ADDRESS: engine.address,
              TEMPORAL_NAMESPACE: engine.namespace,
              TEMPORAL_TASK_QUEUE: taskQueue,
              ...settings,
            },
          });
          parts.set(name, part);
          return part;
        },
        cpuSeconds: () =>
          new Map(
            [...parts].flatMap(([name, { pid }]) => {
              const seconds = cpuSecondsOf(pid);
              return seconds === undefined ? [] : [[name, seconds] as const];
            }),
          ),
      });
    } finally {
      for (const close of open.reverse()) await close().catch(() => undefined);
      await keeper.close();
    }
  });
}
