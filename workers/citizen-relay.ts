/**
 * The relay: carries people's snapshots from the ledger's outbox to their workflows. It may be killed at any
 * moment: what was not marked sent is claimed again when its lease ends, and a snapshot that comes twice does no harm.
 */
import { isGrpcServiceError } from '@temporalio/client';
import { Counter, Gauge, type Registry } from 'prom-client';

import { claimUnsent, markSent, outboxLag, wakeSleepers, type UnsentCitizen } from '../ledger/citizen-outbox';
import type { Ledger } from '../ledger/database';
import { errorFields, type WorkerLog } from './log';
import { Outage } from './outage';
import type { Running } from './process';
import { inLanes, repeat } from './repeating';
import type { TemporalClient } from './temporal-client';
import { signalCitizen } from './workflow-starts';

export interface RelayOptions {
  readonly ledger: Ledger;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly log: WorkerLog;
  readonly metrics: Registry;
  /** How long a claim lasts; a relay that was killed holds its people back for so long. */
  readonly leaseMs?: number;
  /** Between two looks at an empty outbox. */
  readonly idleMs?: number;
  /** People claimed at once: a personal change waits at most for so many mass ones. */
  readonly batch?: number;
  /** Signals on their way to Temporal at the same time. */
  readonly atOnce?: number;
}

const defaults = { leaseMs: 15_000, idleMs: 150, batch: 128, atOnce: 32 } as const;

/** Starts the relay; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startRelay(options: RelayOptions): Running {
  const { ledger, temporal, taskQueue, log } = options;
  const { leaseMs, idleMs, batch, atOnce } = { ...defaults, ...options };
  const metrics = relayMetrics(ledger, options.metrics);
  const temporalOutage = new Outage('Temporal', log);
  const ledgerOutage = new Outage('the ledger', log);

  /** False, and the rest of the batch is left, when Temporal is away. */
  async function carry(citizen: UnsentCitizen, sent: UnsentCitizen[]): Promise<boolean> {
    const { personKey, version, snapshot } = citizen;
    try {
      await temporal.call((client) => signalCitizen(client, taskQueue, personKey, snapshot));
      sent.push(citizen);
      metrics.sent.inc();
      temporalOutage.over();
      return true;
    } catch (error) {
      metrics.failed.inc();
      if (concernsOnePerson(error)) {
        log.error('a snapshot was refused', { personKey, version, ...errorFields(error) });
        return true;
      }
      waitMs = temporalOutage.failed(error);
      return false;
    }
  }

  let waitMs = 0;
  async function turn(): Promise<number> {
    // After an outage nothing is claimed before Temporal answers, so that no lease holds anybody back then.
    if (temporalOutage.lasts) {
      try {
        await temporal.call((client) => client.workflowService.getSystemInfo({}));
        await temporal.call((client) =>
          client.workflowService.describeNamespace({ namespace: client.options.namespace }),
        );
      } catch (error) {
        return temporalOutage.failed(error);
      }
    }
    waitMs = 0;
    const woken = await wakeSleepers(ledger.db, batch);
    const citizens = await claimUnsent(ledger.db, { limit: batch, leaseMs });
    const sent: UnsentCitizen[] = [];
    await inLanes(citizens, atOnce, (citizen) => carry(citizen, sent));
    await markSent(ledger.db, sent);
    ledgerOutage.over();
    return woken === batch || citizens.length === batch ? waitMs : Math.max(waitMs, idleMs);
  }

  return repeat(turn, (error) => ledgerOutage.failed(error));
}

/** gRPC's code for a request that is wrong in itself. */
const invalidArgument = 3;

/** Whether Temporal answered and took exception to this one snapshot; everything else is an outage. */
function concernsOnePerson(error: unknown): boolean {
  const cause = error instanceof Error && !isGrpcServiceError(error) ? error.cause : error;
  return isGrpcServiceError(cause) && Number(cause.code) === invalidArgument;
}

function relayMetrics(ledger: Ledger, registry: Registry) {
  const registers = [registry];
  const asleep = new Gauge({
    name: 'relay_asleep',
    help: 'People whose run ended and who wait to be woken',
    registers,
  });
  const oldest = new Gauge({
    name: 'relay_oldest_unsent_seconds',
    help: 'Age of the oldest change that the engine has not been given',
    registers,
  });
  new Gauge({
    name: 'relay_unsent',
    help: 'People whose newest state the engine has not been given',
    registers,
    async collect() {
      const lag = await outboxLag(ledger.db);
      this.set(lag.unsent);
      oldest.set(lag.oldestSeconds);
      asleep.set(lag.asleep);
    },
  });
  return {
    sent: new Counter({ name: 'relay_sent_total', help: 'Snapshots given to the engine', registers }),
    failed: new Counter({ name: 'relay_failed_total', help: 'Snapshots that could not be given', registers }),
  };
}
