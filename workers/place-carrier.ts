/** The carrier of freed places: tells the engine of every place that was freed or answered, and so starts its workflow. */
import { Gauge, type Registry } from 'prom-client';

import type { Ledger } from '../ledger/database';
import { claimUntoldPlaces, heldPlaces, markPlacesTold } from '../ledger/freed-place';
import { startLeasedCarrier } from './leased-carrier';
import type { WorkerLog } from './log';
import type { Running } from './process';
import type { TemporalClient } from './temporal-client';
import { tellPlaceChanged } from './workflow-starts';

export interface PlaceCarrierOptions {
  readonly ledger: Ledger;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly log: WorkerLog;
  readonly metrics: Registry;
  /** Between two looks when there is nothing to tell. */
  readonly idleMs?: number;
}

/** Starts the carrier; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startPlaceCarrier(options: PlaceCarrierOptions): Running {
  const { ledger, temporal, taskQueue, log, idleMs } = options;
  measureHeldPlaces(ledger, options.metrics);
  return startLeasedCarrier({
    ledger,
    log,
    ...(idleMs === undefined ? {} : { idleMs }),
    claim: claimUntoldPlaces,
    tell: ({ freedPlaceId }, offsetMs) =>
      temporal.call((client) => tellPlaceChanged(client, taskQueue, freedPlaceId, offsetMs)),
    markTold: markPlacesTold,
  });
}

function measureHeldPlaces(ledger: Ledger, registry: Registry): void {
  const registers = [registry];
  const overdue = new Gauge({
    name: 'place_offer_overdue_seconds',
    help: 'How long the next step with a freed place has been due',
    registers,
  });
  new Gauge({
    name: 'place_offer_held',
    help: 'Freed places that are held for the waiting list',
    registers,
    async collect() {
      const { held, overdueSeconds } = await heldPlaces(ledger.db);
      this.set(held);
      overdue.set(overdueSeconds);
    },
  });
}
