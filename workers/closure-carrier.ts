/**
 * The carrier of closures: starts the workflow of each that was confirmed, and starts it again as long as it is not
 * carried out, since a run may be lost. An outage of the engine delays the texts; the windows are closed already.
 */
import { Gauge, type Registry } from 'prom-client';

import { closuresUnderWay, markClosureTold, untoldClosures } from '../ledger/closure-steps';
import type { Ledger } from '../ledger/database';
import type { WorkerLog } from './log';
import type { Running } from './process';
import type { TemporalClient } from './temporal-client';
import { ensureClosure } from './workflow-starts';
import { startWordCarrier } from './word-carrier';

export interface ClosureCarrierOptions {
  readonly ledger: Ledger;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly log: WorkerLog;
  readonly metrics: Registry;
  /** Between two looks. */
  readonly idleMs?: number;
}

/** Starts the carrier; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startClosureCarrier(options: ClosureCarrierOptions): Running {
  const { ledger, temporal, taskQueue, log, idleMs } = options;
  measureClosures(ledger, options.metrics);
  return startWordCarrier({
    log,
    ...(idleMs === undefined ? {} : { idleMs }),
    untold: () => untoldClosures(ledger.db),
    tell: (closureId) => temporal.call((client) => ensureClosure(client, taskQueue, closureId)),
    markTold: (closureId) => markClosureTold(ledger.db, closureId),
  });
}

function measureClosures(ledger: Ledger, registry: Registry): void {
  const registers = [registry];
  const oldest = new Gauge({
    name: 'closure_oldest_under_way_seconds',
    help: 'How long ago the oldest closure was confirmed whose appointments are not all cancelled',
    registers,
  });
  new Gauge({
    name: 'closures_under_way',
    help: 'Confirmed closures whose appointments are not all cancelled',
    registers,
    async collect() {
      const { count, oldestSeconds } = await closuresUnderWay(ledger.db);
      this.set(count);
      oldest.set(oldestSeconds);
    },
  });
}
