/** What operations see of the relay: how far behind each lane is, how fast it goes and for whom it slows down. */
import { Counter, Gauge, type Registry } from 'prom-client';

import { countAsleep, lanes, outboxLag, type Lane } from '../ledger/citizen-outbox';
import type { Ledger } from '../ledger/database';

/** Counting sleepers reads an index of a whole country. */
const asleepEveryMs = 60_000;

export interface RelayMetrics {
  readonly sent: Counter<'lane'>;
  readonly failed: Counter;
  /** Called at each scrape for what is only known then. */
  pace(perSecond: number, slowMs: number): void;
}

/** Registers the relay's metrics; the ledger is asked at each scrape. */
export function relayMetrics(ledger: Ledger, registry: Registry): RelayMetrics {
  const registers = [registry];
  const asleep = new Gauge({
    name: 'relay_asleep',
    help: 'People whose run ended and who are woken when something falls due',
    registers,
  });
  const oldest = new Gauge({
    name: 'relay_oldest_unsent_seconds',
    help: 'Age of the oldest change that the engine has not been given',
    labelNames: ['lane'],
    registers,
  });
  let asleepReadAt = -Infinity;
  new Gauge({
    name: 'relay_unsent',
    help: 'People whose newest state the engine has not been given',
    labelNames: ['lane'],
    registers,
    async collect() {
      const lag = await outboxLag(ledger.db);
      for (const lane of lanes) {
        this.set({ lane }, lag.lanes[lane].unsent);
        oldest.set({ lane }, lag.lanes[lane].oldestSeconds);
      }
      if (performance.now() - asleepReadAt < asleepEveryMs) return;
      asleepReadAt = performance.now();
      asleep.set(await countAsleep(ledger.db));
    },
  });
  const pace = new Gauge({
    name: 'relay_pace_per_second',
    help: 'People a second that the relay allows itself; -1 while it gives way to nobody',
    registers,
  });
  const waits = new Gauge({
    name: 'relay_api_slow_seconds',
    help: 'How long nine of ten acts take, as the API reported it last; 0 while nobody acts',
    registers,
  });
  const sent = new Counter({
    name: 'relay_sent_total',
    help: 'Snapshots given to the engine',
    labelNames: ['lane'],
    registers,
  });
  for (const lane of lanes) sent.inc({ lane } satisfies Record<'lane', Lane>, 0);
  return {
    sent,
    failed: new Counter({
      name: 'relay_failed_total',
      help: 'Snapshots that could not be given',
      registers,
    }),
    pace: (perSecond, slowMs) => {
      pace.set(Number.isFinite(perSecond) ? perSecond : -1);
      waits.set(slowMs / 1_000);
    },
  };
}
