/**
 * The carrier of invitation waves: tells the engine of every wave that an operator started, approved, paused, resumed
 * or stopped. What operators say stands in the ledger first, so an outage of the engine delays it and loses nothing.
 */
import { Gauge, type Registry } from 'prom-client';

import type { Ledger } from '../ledger/database';
import { markWaveTold, openWaveCounts, untoldWaves } from '../ledger/invitation-wave';
import type { WorkerLog } from './log';
import type { Running } from './process';
import type { TemporalClient } from './temporal-client';
import { tellWave } from './workflow-starts';
import { startWordCarrier } from './word-carrier';

export interface WaveCarrierOptions {
  readonly ledger: Ledger;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly log: WorkerLog;
  readonly metrics: Registry;
  /** Between two looks: an operator's word takes hold in the ledger at once, the engine follows it. */
  readonly idleMs?: number;
}

/** Starts the carrier; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startWaveCarrier(options: WaveCarrierOptions): Running {
  const { ledger, temporal, taskQueue, log, idleMs } = options;
  measureWaves(ledger, options.metrics);
  return startWordCarrier({
    log,
    ...(idleMs === undefined ? {} : { idleMs }),
    untold: () => untoldWaves(ledger.db),
    tell: ({ waveId }) => temporal.call((client) => tellWave(client, taskQueue, waveId)),
    markTold: (wave) => markWaveTold(ledger.db, wave),
  });
}

function measureWaves(ledger: Ledger, registry: Registry): void {
  const registers = [registry];
  const held = new Gauge({
    name: 'invitation_wave_texts_held',
    help: 'Invitation texts of open waves that were not let go yet',
    registers,
  });
  new Gauge({
    name: 'invitation_waves',
    help: 'Invitation waves that are not over, by what they wait for',
    labelNames: ['state'],
    registers,
    async collect() {
      const counts = await openWaveCounts(ledger.db);
      this.set({ state: 'open' }, counts.open);
      this.set({ state: 'paused' }, counts.paused);
      this.set({ state: 'awaitingApproval' }, counts.awaitingApproval);
      held.set(counts.held);
    },
  });
}
