/**
 * The sender of text messages: paced, in order of lanes, each text submitted under its own id. What the gateway
 * says is recorded before anything else happens to the text; a sender that was killed leaves an unknown outcome,
 * which the next one settles as the protocol allows.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import { RateLimiterMemory, RateLimiterQueue } from 'rate-limiter-flexible';

import type { OutgoingSms, SendOutcome, SmsGateway } from '../gateways/sms/port';
import { sendAgain } from '../gateways/sms/resubmission';
import type { Ledger } from '../ledger/database';
import { readTextsToSend } from '../ledger/text-message';
import {
  awaitedReceipts,
  claimTexts,
  recordAccepted,
  recordReceipt,
  recordRejected,
  recordThrottled,
  recordUnknown,
  textCounts,
  type ClaimedText,
} from '../ledger/text-message-dispatch';
import type { WorkerLog } from './log';
import { Outage } from './outage';
import type { Running } from './process';
import { inLanes, repeat } from './repeating';

export interface TextDeliveryOptions {
  readonly ledger: Ledger;
  readonly gateway: SmsGateway;
  /** What the contract with the gateway allows. */
  readonly ratePerSecond: number;
  readonly log: WorkerLog;
  readonly metrics: Registry;
  /** How long a claim lasts; must be longer than pacing and submitting a batch takes. */
  readonly leaseMs?: number;
  readonly idleMs?: number;
  readonly batch?: number;
  /** Submissions whose answer is awaited at the same time. */
  readonly atOnce?: number;
}

const defaults = { leaseMs: 60_000, idleMs: 200, batch: 200, atOnce: 32 } as const;
/** Receipts older than this are no longer asked for after a restart. */
const receiptsWithinMs = 3 * 24 * 3_600_000;

/** Starts sending; it goes on through outages of the gateway and of the ledger until it is stopped. */
export function startTextDelivery(options: TextDeliveryOptions): Running {
  const { ledger, gateway, log } = options;
  const { leaseMs, idleMs, atOnce } = { ...defaults, ...options };
  // No more than can be sent within half a lease, or the last of a batch would be taken for lost.
  const batch = Math.max(
    1,
    Math.min(options.batch ?? defaults.batch, Math.floor((options.ratePerSecond * leaseMs) / 2_000)),
  );
  const tokens = new RateLimiterQueue(new RateLimiterMemory({ points: options.ratePerSecond, duration: 1 }));
  const metrics = deliveryMetrics(ledger, options.metrics);
  const gatewayOutage = new Outage('the SMS gateway', log);
  const ledgerOutage = new Outage('the ledger', log);

  const removeListener = gateway.onReceipt(async (receipt) => {
    metrics.receipts.inc({ answer: await recordReceipt(ledger.db, receipt) });
  });
  let receiptsHandedOver = false;
  let stopping = false;

  async function turn(): Promise<number> {
    if (!receiptsHandedOver) {
      gateway.expectReceipts(await awaitedReceipts(ledger.db, receiptsWithinMs));
      receiptsHandedOver = true;
    }
    const health = gateway.health();
    if (!health.ready)
      return gatewayOutage.failed(Object.assign(new Error('not ready'), { code: health.reason }));
    gatewayOutage.over();
    const claimed = await claimTexts(ledger.db, { limit: batch, leaseMs });
    const texts = await readTextsToSend(
      ledger,
      claimed.map(({ textMessageId }) => textMessageId),
    );
    const byId = new Map(texts.map((text) => [text.textMessageId, text]));
    await inLanes(claimed, atOnce, async (claim) => {
      const text = byId.get(claim.textMessageId);
      if (text) await (stopping ? giveBack(text) : deliver(text, claim));
      return true;
    });
    ledgerOutage.over();
    return claimed.length === batch ? 0 : idleMs;
  }

  async function deliver(text: OutgoingSms, claim: ClaimedText): Promise<void> {
    await tokens.removeTokens(1);
    const { outcome, mayHaveRepeated } =
      claim.unknownForMs === null
        ? { outcome: await gateway.send(text), mayHaveRepeated: false }
        : await sendAgain(gateway, text, claim.unknownForMs);
    metrics.outcomes.inc({ outcome: outcome.kind });
    if (mayHaveRepeated) metrics.repeats.inc();
    await record(text.textMessageId, outcome, mayHaveRepeated);
  }

  /** What was claimed and not submitted is free for the next sender at once, and of no unknown outcome. */
  function giveBack({ textMessageId }: OutgoingSms): Promise<void> {
    return recordThrottled(ledger.db, textMessageId, 0);
  }

  async function record(
    textMessageId: string,
    outcome: SendOutcome,
    mayHaveRepeated: boolean,
  ): Promise<void> {
    switch (outcome.kind) {
      case 'accepted':
      case 'duplicate': {
        const { gatewayMessageId } = outcome;
        const segments = outcome.kind === 'accepted' ? { segments: outcome.segments } : {};
        await recordAccepted(ledger.db, [{ textMessageId, gatewayMessageId, mayHaveRepeated, ...segments }]);
        gateway.expectReceipts([{ gatewayMessageId, textMessageId }]);
        return;
      }
      case 'rejected':
        log.warn('the gateway refused a text', { textMessageId, code: outcome.code });
        return recordRejected(ledger.db, textMessageId, outcome);
      case 'throttled':
        return recordThrottled(ledger.db, textMessageId, outcome.retryAfterMs);
      case 'unknown':
        return recordUnknown(ledger.db, textMessageId, { reason: outcome.reason, mayHaveRepeated });
      default:
        throw new Error(`no such outcome: ${String(outcome satisfies never)}`);
    }
  }

  const sending = repeat(turn, (error) => ledgerOutage.failed(error));
  return {
    stop: async () => {
      stopping = true;
      await sending.stop();
      removeListener();
    },
  };
}

function deliveryMetrics(ledger: Ledger, registry: Registry) {
  const registers = [registry];
  const oldest = new Gauge({
    name: 'texts_oldest_waiting_seconds',
    help: 'Age of the oldest text message not yet accepted by the gateway',
    registers,
  });
  new Gauge({
    name: 'texts_waiting',
    help: 'Text messages not yet accepted by the gateway, by state',
    labelNames: ['status'],
    registers,
    async collect() {
      const { queued, submitting, unknown, oldestSeconds } = await textCounts(ledger.db);
      this.set({ status: 'queued' }, queued);
      this.set({ status: 'submitting' }, submitting);
      this.set({ status: 'unknown' }, unknown);
      oldest.set(oldestSeconds);
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
  };
}
