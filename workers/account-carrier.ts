/**
 * The carrier of card accounts: tells the engine of every application and of what became of it, and so starts its
 * workflow.
 */
import { Gauge, type Registry } from 'prom-client';

import { claimUntoldCases, markCasesTold, openCases, pokeOverdueCases } from '../ledger/card-account-case';
import type { Ledger } from '../ledger/database';
import { startLeasedCarrier } from './leased-carrier';
import type { WorkerLog } from './log';
import type { Running } from './process';
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

/** A step that is so late has lost its run. */
const overdueAfterMs = 3 * 60_000;
const lookForOverdueEveryMs = 60_000;

/** Starts the carrier; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startAccountCarrier(options: AccountCarrierOptions): Running {
  const { ledger, temporal, taskQueue, log, idleMs } = options;
  let pokedAt = -lookForOverdueEveryMs;
  measureCases(ledger, options.metrics);
  return startLeasedCarrier({
    ledger,
    log,
    ...(idleMs === undefined ? {} : { idleMs }),
    async beforeLook() {
      if (performance.now() - pokedAt <= lookForOverdueEveryMs) return;
      await pokeOverdueCases(ledger.db, { graceMs: overdueAfterMs });
      pokedAt = performance.now();
    },
    claim: claimUntoldCases,
    tell: ({ personKey }, offsetMs) =>
      temporal.call((client) => tellAccountChanged(client, taskQueue, personKey, offsetMs)),
    markTold: markCasesTold,
  });
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
