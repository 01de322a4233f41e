/**
 * The carrier of freed places: tells the engine of every place that was freed or answered, and so starts its
 * workflow. It may be killed at any moment: what was not marked is told again when its lease ends, and twice does no harm.
 */
import { Gauge, type Registry } from 'prom-client';

import { clockOffsetMs } from '../ledger/clock';
import type { Ledger } from '../ledger/database';
import { claimUntoldPlaces, heldPlaces, markPlacesTold, type UntoldPlace } from '../ledger/freed-place';
import type { WorkerLog } from './log';
import { Outage } from './outage';
import type { Running } from './process';
import { inLanes, repeat } from './repeating';
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

const leaseMs = 15_000;
const batch = 64;
const atOnce = 8;
const idleByDefaultMs = 500;

/** Starts the carrier; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startPlaceCarrier(options: PlaceCarrierOptions): Running {
  const { ledger, temporal, taskQueue, log, idleMs = idleByDefaultMs } = options;
  const temporalOutage = new Outage('Temporal', log);
  const ledgerOutage = new Outage('the ledger', log);
  measureHeldPlaces(ledger, options.metrics);

  async function turn(): Promise<number> {
    const places = await claimUntoldPlaces(ledger.db, { limit: batch, leaseMs });
    ledgerOutage.over();
    if (places.length === 0) return idleMs;
    const offsetMs = await clockOffsetMs(ledger.db);
    const told: UntoldPlace[] = [];
    let waitMs = 0;
    await inLanes(places, atOnce, async (place) => {
      try {
        await temporal.call((client) => tellPlaceChanged(client, taskQueue, place.freedPlaceId, offsetMs));
        told.push(place);
        temporalOutage.over();
        return true;
      } catch (error) {
        waitMs = temporalOutage.failed(error);
        return false;
      }
    });
    await markPlacesTold(ledger.db, told);
    return waitMs;
  }

  return repeat(turn, (error) => ledgerOutage.failed(error));
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
