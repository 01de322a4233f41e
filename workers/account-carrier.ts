/**
 * The carrier of card accounts: tells the engine of every application and of what became of it, and so starts its
 * workflow. It may be killed at any moment: what was not marked is told again when its lease ends, and twice does no harm.
 */
import { Gauge, type Registry } from 'prom-client';

import {
  claimUntoldCases,
  markCasesTold,
  openCases,
  pokeOverdueCases,
  type UntoldCase,
} from '../ledger/card-account-case';
import { clockOffsetMs } from '../ledger/clock';
import type { Ledger } from '../ledger/database';
import type { WorkerLog } from './log';
import { Outage } from './outage';
import type { Running } from './process';
import { inLanes, repeat } from './repeating';
import type { TemporalClient } from './temporal-client';
import { tellAccountChanged } from './workflow-starts';

export interface AccountCarrierOptions {
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
/** A step that is so late has lost its run. */
const overdueAfterMs = 3 * 60_000;
const lookForOverdueEveryMs = 60_000;

/** Starts the carrier; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startAccountCarrier(options: AccountCarrierOptions): Running {
  const { ledger, temporal, taskQueue, log, idleMs = idleByDefaultMs } = options;
  const temporalOutage = new Outage('Temporal', log);
  const ledgerOutage = new Outage('the ledger', log);
  let pokedAt = -lookForOverdueEveryMs;
  measureCases(ledger, options.metrics);

  async function turn(): Promise<number> {
    if (performance.now() - pokedAt > lookForOverdueEveryMs) {
      await pokeOverdueCases(ledger.db, { graceMs: overdueAfterMs });
      pokedAt = performance.now();
    }
    const cases = await claimUntoldCases(ledger.db, { limit: batch, leaseMs });
    ledgerOutage.over();
    if (cases.length === 0) return idleMs;
    const offsetMs = await clockOffsetMs(ledger.db);
    const told: UntoldCase[] = [];
    let waitMs = 0;
    await inLanes(cases, atOnce, async (one) => {
      try {
        await temporal.call((client) => tellAccountChanged(client, taskQueue, one.personKey, offsetMs));
        told.push(one);
        temporalOutage.over();
        return true;
      } catch (error) {
        waitMs = temporalOutage.failed(error);
        return false;
      }
    });
    await markCasesTold(ledger.db, told);
    return waitMs;
  }

  return repeat(turn, (error) => ledgerOutage.failed(error));
}

function measureCases(ledger: Ledger, registry: Registry): void {
  const registers = [registry];
  const overdue = new Gauge({
    name: 'account_application_overdue_seconds',
    help: 'How long the next step with an unconfirmed application has been due',
    registers,
  });
  new Gauge({
    name: 'account_applications_open',
    help: 'Applications for a card account that await confirmation',
    registers,
    async collect() {
      const { count, overdueSeconds } = await openCases(ledger.db);
      this.set(count);
      overdue.set(overdueSeconds);
    },
  });
}
