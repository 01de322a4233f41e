/**
 * The sender of text messages: paced, in order of lanes, each text submitted under its own id. It holds few texts at
 * a time and records in batches what the gateway said of them; a sender that was killed leaves an unknown outcome for
 * those few only, which the next one settles as the protocol allows.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Registry } from 'prom-client';

import type { OutgoingSms, SmsGateway } from '../gateways/sms/port';
import { sendAgain } from '../gateways/sms/resubmission';
import type { Ledger } from '../ledger/database';
import { readTextsToSend } from '../ledger/text-message';
import { claimPaced, renewLeases, takeTurns, type ClaimedText } from '../ledger/text-message-dispatch';
import type { TextOutcome } from '../ledger/text-outcome';
import { awaitedReceipts } from '../ledger/text-receipt';
import type { WorkerLog } from './log';
import { Outage } from './outage';
import type { Running } from './process';
import { repeat } from './repeating';
import { deliveryMetrics } from './text-delivery-metrics';
import { OutcomeRecorder } from './text-outcomes';
import { recordReceiptsOf } from './text-receipts';

export interface TextDeliveryOptions {
  readonly ledger: Ledger;
  readonly gateway: SmsGateway;
  /** What the contract with the gateway allows all senders together. */
  readonly ratePerSecond: number;
  /**
   * Texts in hand without a recorded outcome: the most that a killed sender may leave to be repeated. Before a gateway
   * that can neither be asked nor recognises repeats, also the most that all senders together leave in doubt.
   */
  readonly window?: number;
  readonly log: WorkerLog;
  readonly metrics: Registry;
  /** How long a claim lasts unless it is renewed: so long after a sender's death its texts are taken up again. */
  readonly leaseMs?: number;
  readonly idleMs?: number;
}

const defaults = { window: 256, leaseMs: 15_000, idleMs: 200 } as const;
/** How far ahead turns are taken: a personal text waits no longer behind mass texts that were claimed before it. */
const aheadMs = 1_000;
/** Who comes later than this takes a new turn, so that what a pause delayed is not made up for in a rush. */
const latestMs = 100;
/** A claim is worth its statements only with so much of the window free. */
const worthwhileShare = 1 / 4;
const whileFullMs = 5;
/** Receipts older than this are no longer asked for after a restart. */
const receiptsWithinMs = 3 * 24 * 3_600_000;
/** A stopping sender whose ledger is away leaves its texts to the end of their lease. */
const giveUpAfterMs = 5_000;

/** A text that was claimed and whose outcome is not recorded yet. */
interface Held {
  readonly text: OutgoingSms;
  readonly claim: ClaimedText;
  /** By the process's own clock, which no step of the machine's changes. */
  turnAt: number;
  leaseEndsAt: number;
}

/** Starts sending; it goes on through outages of the gateway and of the ledger until it is stopped. */
export function startTextDelivery(options: TextDeliveryOptions): Running {
  const delivery = new TextDelivery(options);
  return { stop: () => delivery.stop() };
}

class TextDelivery {
  readonly #options: TextDeliveryOptions & typeof defaults;
  readonly #metrics;
  readonly #gatewayOutage: Outage;
  readonly #ledgerOutage: Outage;
  readonly #outcomes: OutcomeRecorder;
  readonly #held = new Map<string, Held>();
  readonly #waiting: Held[] = [];
  readonly #stopping = new AbortController();
  readonly #givingUp = new AbortController();
  readonly #claiming: Running;
  readonly #renewing: NodeJS.Timeout;
  readonly #removeListener: () => void;
  #dispatching: Promise<void> | undefined;
  #receiptsHandedOver = false;
  /** The gateway asked to be left alone until then. */
  #busyUntil = 0;

  constructor(options: TextDeliveryOptions) {
    this.#options = { ...defaults, ...options } as TextDeliveryOptions & typeof defaults;
    const { ledger, gateway, log, leaseMs } = this.#options;
    this.#metrics = deliveryMetrics(ledger, options.metrics, () => this.#held.size);
    this.#gatewayOutage = new Outage('the SMS gateway', log);
    this.#ledgerOutage = new Outage('the ledger', log);
    const giveUp = this.#givingUp.signal;
    this.#outcomes = new OutcomeRecorder({ ledger, log, outage: this.#ledgerOutage, giveUp });
    this.#removeListener = recordReceiptsOf({
      ledger,
      gateway,
      outcomesRecorded: () => this.#outcomes.settled(),
      told: (answer) => this.#metrics.receipts.inc({ answer }),
    });
    this.#renewing = setInterval(() => void this.#renew(), leaseMs / 3);
    this.#claiming = repeat(
      () => this.#claim(),
      (error) => this.#ledgerOutage.failed(error),
    );
  }

  /** Gives back what was not submitted, waits for answers that are due, and records them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#claiming.stop();
    const givingUp = setTimeout(() => this.#givingUp.abort(), giveUpAfterMs);
    await this.#dispatching;
    while (this.#held.size > 0) await pause(whileFullMs);
    await this.#outcomes.settled();
    clearTimeout(givingUp);
    clearInterval(this.#renewing);
    this.#removeListener();
  }

  /** Takes as many texts as there is room for; answers after how many milliseconds to look again. */
  async #claim(): Promise<number> {
    const { ledger, gateway, window, leaseMs, ratePerSecond, idleMs } = this.#options;
    if (!this.#receiptsHandedOver) {
      gateway.expectReceipts(await awaitedReceipts(ledger.db, receiptsWithinMs));
      this.#receiptsHandedOver = true;
    }
    const health = gateway.health();
    if (!health.ready)
      return this.#gatewayOutage.failed(Object.assign(new Error('not ready'), { code: health.reason }));
    this.#gatewayOutage.over();
    const now = performance.now();
    if (now < this.#busyUntil) return this.#busyUntil - now;
    const room = window - this.#held.size;
    if (room < Math.ceil(window * worthwhileShare)) return whileFullMs;

    const { texts, startsInMs, everyMs } = await claimPaced(ledger.db, {
      limit: room,
      leaseMs,
      ratePerSecond,
      aheadMs,
      ...(gateway.canQuery || gateway.dedupeMemoryMs > 0 ? {} : { inDoubtAtMost: window }),
    });
    const firstTurnAt = performance.now() + startsInMs;
    const toSend = await readTextsToSend(
      ledger,
      texts.map(({ textMessageId }) => textMessageId),
    );
    const byId = new Map(toSend.map((text) => [text.textMessageId, text]));
    texts.forEach((claim, place) => {
      const text = byId.get(claim.textMessageId);
      if (!text) return;
      const held = { text, claim, turnAt: firstTurnAt + place * everyMs, leaseEndsAt: now + leaseMs };
      this.#held.set(text.textMessageId, held);
      this.#waiting.push(held);
    });
    this.#dispatching ??= this.#dispatch().finally(() => (this.#dispatching = undefined));
    this.#ledgerOutage.over();
    return texts.length === room ? 0 : idleMs;
  }

  /** Submits what waits, each text in its turn. */
  async #dispatch(): Promise<void> {
    const { signal } = this.#stopping;
    for (let held = this.#waiting.shift(); held; held = this.#waiting.shift()) {
      await this.#untilTurn(held, signal);
      if (signal.aborted || !this.#options.gateway.health().ready) {
        void this.#record(held, { kind: 'unsent', textMessageId: held.text.textMessageId });
      } else if (performance.now() > held.leaseEndsAt) {
        // This process stood still for so long that another one may have the text by now.
        this.#held.delete(held.text.textMessageId);
      } else {
        void this.#submit(held);
      }
    }
  }

  async #untilTurn(held: Held, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const now = performance.now();
      if (now > Math.max(held.turnAt, this.#busyUntil) + latestMs) await this.#takeNewTurns(held);
      const waitMs = Math.max(held.turnAt, this.#busyUntil) - performance.now();
      if (waitMs <= 0) return;
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** For the text whose turn was missed and for all behind it. */
  async #takeNewTurns(held: Held): Promise<void> {
    const { ledger, ratePerSecond } = this.#options;
    const late = [held, ...this.#waiting];
    try {
      const firstAt = performance.now() + (await takeTurns(ledger.db, late.length, ratePerSecond));
      late.forEach((one, place) => (one.turnAt = firstAt + (place * 1_000) / ratePerSecond));
    } catch (error) {
      // What is submitted cannot be recorded now either.
      held.turnAt = performance.now() + this.#ledgerOutage.failed(error);
    }
  }

  async #submit(held: Held): Promise<void> {
    const { gateway } = this.#options;
    const { text, claim } = held;
    const recorded = this.#metrics.answerSeconds.startTimer();
    const { outcome, mayHaveRepeated } =
      claim.unknownForMs === null
        ? { outcome: await gateway.send(text), mayHaveRepeated: false }
        : await sendAgain(gateway, text, claim.unknownForMs);
    this.#metrics.outcomes.inc({ outcome: outcome.kind });
    if (mayHaveRepeated) this.#metrics.repeats.inc();
    const { textMessageId } = text;
    switch (outcome.kind) {
      case 'accepted':
      case 'duplicate': {
        const { gatewayMessageId } = outcome;
        const segments = outcome.kind === 'accepted' ? { segments: outcome.segments } : {};
        await this.#record(held, {
          kind: 'accepted',
          textMessageId,
          gatewayMessageId,
          mayHaveRepeated,
          ...segments,
        });
        gateway.expectReceipts([{ gatewayMessageId, textMessageId }]);
        break;
      }
      case 'rejected':
        this.#options.log.warn('the gateway refused a text', { textMessageId, code: outcome.code });
        await this.#record(held, { ...outcome, textMessageId });
        break;
      case 'throttled':
        this.#busyUntil = Math.max(this.#busyUntil, performance.now() + outcome.retryAfterMs);
        await this.#record(held, { ...outcome, textMessageId });
        break;
      case 'unknown':
        await this.#record(held, { ...outcome, textMessageId, mayHaveRepeated });
        break;
      default:
        throw new Error(`no such outcome: ${String(outcome satisfies never)}`);
    }
    recorded();
  }

  async #record(held: Held, outcome: TextOutcome): Promise<void> {
    await this.#outcomes.record(outcome);
    this.#held.delete(held.text.textMessageId);
  }

  /** Keeps what waits for a slow gateway from being taken for lost. */
  async #renew(): Promise<void> {
    const { ledger, leaseMs } = this.#options;
    const now = performance.now();
    const ageing = [...this.#held.values()].filter(
      ({ leaseEndsAt }) => leaseEndsAt > now && leaseEndsAt < now + (leaseMs * 2) / 3,
    );
    if (ageing.length === 0) return;
    try {
      await renewLeases(
        ledger.db,
        ageing.map(({ text }) => text.textMessageId),
        leaseMs,
      );
      for (const held of ageing) held.leaseEndsAt = now + leaseMs;
    } catch (error) {
      this.#ledgerOutage.failed(error);
    }
  }
}
