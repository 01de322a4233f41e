/** What operations see of the text sender. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import type { Ledger } from '../ledger/database';
import { textCounts } from '../ledger/text-message-dispatch';
import { countRefused } from '../ledger/text-outcome';
import { countWithoutReceipt } from '../ledger/text-receipt';

/** A phone that was off for a day may still answer; after this nobody counts on a receipt. */
const receiptOverdueMs = 24 * 3_600_000;

export function deliveryMetrics(ledger: Ledger, registry: Registry, held: () => number) {
  const registers = [registry];
  const oldest = new Gauge({
    name: 'texts_oldest_waiting_seconds',
    help: 'Age of the oldest text message not yet accepted by the gateway',
    registers,
  });
  const repeats = new Gauge({
    name: 'texts_repeats',
    help: 'Submissions in the ledger by which a citizen may have got a text twice',
    registers,
  });
  new Gauge({
    name: 'texts_waiting',
    help: 'Text messages not yet accepted by the gateway, by state',
    labelNames: ['status'],
    registers,
    async collect() {
      const counts = await textCounts(ledger.db);
      this.set({ status: 'queued' }, counts.queued);
      this.set({ status: 'submitting' }, counts.submitting);
      this.set({ status: 'unknown' }, counts.unknown);
      oldest.set(counts.oldestSeconds);
      repeats.set(counts.repeats);
    },
  });
  new Gauge({
    name: 'texts_without_receipt',
    help: 'Text messages accepted more than a day ago of which the gateway never said what became of them',
    registers,
    async collect() {
      this.set(await countWithoutReceipt(ledger.db, receiptOverdueMs));
    },
  });
  new Gauge({
    name: 'texts_refused',
    help: 'Text messages that the gateway refused for good, for a number that does not exist say',
    registers,
    async collect() {
      this.set(await countRefused(ledger.db));
    },
  });
  new Gauge({
    name: 'texts_unacknowledged',
    help: 'Text messages in this sender’s hands without a recorded outcome',
    registers,
    collect() {
      this.set(held());
    },
  });
  return {
    outcomes: new Counter({
      name: 'text_submissions_total',
      help: 'Submissions to the gateway by their outcome',
      labelNames: ['outcome'],
      registers,
    }),
    receipts: new Counter({
      name: 'text_receipts_total',
      help: 'Delivery receipts by what became of them',
      labelNames: ['answer'],
      registers,
    }),
    repeats: new Counter({
      name: 'text_possible_repeats_total',
      help: 'Submissions by which a citizen may have got a text twice',
      registers,
    }),
    answerSeconds: new Histogram({
      name: 'text_submission_seconds',
      help: 'From handing a text to the gateway until its outcome stands in the ledger',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
  };
}
