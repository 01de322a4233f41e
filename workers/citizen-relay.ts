/**
 * The relay: carries people's snapshots from the ledger's outbox to their workflows. It may be killed at any
 * moment: what was not marked sent is claimed again when its lease ends, and a snapshot that comes twice does no harm.
 *
 * Claiming, sending and marking go on side by side, each in bulk where it can: the engine never waits for the ledger.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { isGrpcServiceError } from '@temporalio/client';
import type { Registry } from 'prom-client';

import { apiLoadWindowMs, readApiLoad } from '../ledger/api-load';
import {
  claimUnsent,
  lanes,
  markSent,
  releaseClaims,
  wakeSleepers,
  type Lane,
  type SentVersion,
  type UnsentCitizen,
} from '../ledger/citizen-outbox';
import type { Ledger } from '../ledger/database';
import { GivingWay } from './giving-way';
import { errorFields, type WorkerLog } from './log';
import { Outage } from './outage';
import type { Running } from './process';
import { relayMetrics, type RelayMetrics } from './relay-metrics';
import { repeat } from './repeating';
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
  /** People claimed ahead: a personal change waits at most for the mass ones that are on their way already. */
  readonly batch?: number;
  /** Signals on their way to Temporal at the same time. */
  readonly atOnce?: number;
}

const defaults = { leaseMs: 15_000, idleMs: 150, batch: 128, atOnce: 32 } as const;
/** Marks are gathered for so long: one statement, and one wait for the disk, serves many. */
const markEveryMs = 200;
/** The API says twice a second how it is doing; what is older is silence. */
const lookEveryMs = 500;
const silentAfterMs = 3_000;
/** Claimed ahead while giving way: more would only wait here, and keep another relay from it. */
const aheadSeconds = 2;

/** Starts the relay; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startRelay(options: RelayOptions): Running {
  const relay = new Relay(options);
  return relay.start();
}

class Relay {
  readonly #options: Required<RelayOptions>;
  readonly #metrics: RelayMetrics;
  readonly #temporalOutage: Outage;
  readonly #ledgerOutage: Outage;
  readonly #pace = new GivingWay();
  /** Claimed and waiting for their turn. */
  readonly #waiting: Record<Lane, UnsentCitizen[]> = { personal: [], mass: [] };
  #sent: SentVersion[] = [];
  /** When Temporal answered last, by `performance.now()`. */
  #answeredAt = -Infinity;
  #stopping = false;
  /** Senders pass one at a time, as the pace allows. */
  #turn: Promise<void> = Promise.resolve();
  /** Wakes a sender when somebody was claimed, and the claimer when there is room again. */
  #wakeSenders: (() => void)[] = [];
  #wakeClaimer: (() => void) | undefined;

  constructor(options: RelayOptions) {
    this.#options = { ...defaults, ...options };
    this.#metrics = relayMetrics(options.ledger, options.metrics);
    this.#temporalOutage = new Outage('Temporal', options.log);
    this.#ledgerOutage = new Outage('the ledger', options.log);
  }

  start(): Running {
    const failed = (error: unknown) => this.#ledgerOutage.failed(error);
    const loops = [
      repeat(() => this.#claim(), failed),
      repeat(() => this.#mark(), failed),
      repeat(
        () => this.#look(),
        () => lookEveryMs,
      ),
    ];
    const senders = Array.from({ length: this.#options.atOnce }, () => this.#send());
    return {
      stop: async () => {
        this.#stopping = true;
        this.#wakeClaimer?.();
        for (const wake of this.#wakeSenders.splice(0)) wake();
        await Promise.all([...senders, ...loops.map((loop) => loop.stop())]);
        // What was sent is marked, what was not is free for another relay; where the ledger is away, leases end.
        await this.#mark().catch(failed);
        await this.#letGo().catch(failed);
      },
    };
  }

  /** One look into the outbox: who was changed by a person goes before whom a whole round's step changed. */
  async #claim(): Promise<number> {
    const { ledger, idleMs, leaseMs } = this.#options;
    if (this.#temporalOutage.lasts) {
      const waitMs = await this.#untilTemporalAnswers();
      if (waitMs > 0) return waitMs;
    }
    const most = this.#claimsAhead();
    const woken = await wakeSleepers(ledger.db, most);
    let claimed = 0;
    for (const lane of lanes) {
      const room = most - this.#waiting.personal.length - this.#waiting.mass.length;
      // Whoever claimed mass work while personal work waits would let that wait longer.
      if (room <= 0 && lane === 'mass') continue;
      const limit = lane === 'personal' ? Math.max(room, this.#options.atOnce) : room;
      if (this.#waiting[lane].length >= limit) continue;
      const people = await claimUnsent(ledger.db, { limit, leaseMs, lane });
      this.#waiting[lane].push(...people);
      claimed += people.length;
      for (const wake of this.#wakeSenders.splice(0, people.length)) wake();
    }
    this.#ledgerOutage.over();
    if (claimed === 0 && woken === 0) return idleMs;
    await this.#untilRoom(idleMs);
    return 0;
  }

  #claimsAhead(): number {
    const { batch } = this.#options;
    const { perSecond } = this.#pace;
    return Number.isFinite(perSecond) ? Math.min(batch, Math.ceil(perSecond * aheadSeconds)) : batch;
  }

  /** Until half of what was claimed is on its way, at most `longestMs`. */
  async #untilRoom(longestMs: number): Promise<void> {
    if (this.#stopping || this.#hasRoom()) return;
    const timeout = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => (this.#wakeClaimer = resolve)),
      pause(longestMs, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
    this.#wakeClaimer = undefined;
  }

  #hasRoom(): boolean {
    return this.#waiting.personal.length + this.#waiting.mass.length <= this.#claimsAhead() / 2;
  }

  /** One of the senders: the next person, at the pace that is left to us, until the relay stops. */
  async #send(): Promise<void> {
    while (!this.#stopping) {
      if (this.#waiting.personal.length + this.#waiting.mass.length === 0) {
        await new Promise<void>((resolve) => this.#wakeSenders.push(resolve));
        continue;
      }
      // Who goes is decided after the wait: somebody of the personal lane may have come meanwhile.
      await (this.#turn = this.#turn.then(() => this.#nextTurn()));
      const lane = this.#waiting.personal.length > 0 ? 'personal' : 'mass';
      const citizen = this.#waiting[lane].shift();
      if (this.#wakeClaimer && this.#hasRoom()) this.#wakeClaimer();
      if (citizen) await this.#carry(citizen, lane);
    }
  }

  async #nextTurn(): Promise<void> {
    if (this.#stopping || this.#waiting.personal.length + this.#waiting.mass.length === 0) return;
    const waitMs = this.#pace.take(Date.now());
    if (waitMs > 0) await pause(waitMs);
  }

  async #carry(citizen: UnsentCitizen, lane: Lane): Promise<void> {
    const { temporal, taskQueue, log } = this.#options;
    const { personKey, version, snapshot } = citizen;
    const began = performance.now();
    try {
      await within(citizen.traceParent, () =>
        temporal.call((client) => signalCitizen(client, taskQueue, personKey, snapshot)),
      );
      this.#sent.push(citizen);
      this.#metrics.sent.inc({ lane });
      this.#answeredAt = performance.now();
      this.#temporalOutage.over();
    } catch (error) {
      this.#metrics.failed.inc();
      if (concernsOnePerson(error)) {
        log.error('a snapshot was refused', { personKey, version, ...errorFields(error) });
        return;
      }
      this.#waiting[lane].push(citizen);
      // A call from before the last answer tells of an outage that is over.
      const waitMs = this.#answeredAt > began ? 0 : this.#temporalOutage.failed(error);
      await this.#letGo().catch((failure: unknown) => this.#ledgerOutage.failed(failure));
      await pause(waitMs);
    }
  }

  /** Leaves everybody who was claimed and not sent free at once, for us later or for another relay now. */
  async #letGo(): Promise<void> {
    const left = lanes.flatMap((lane) => this.#waiting[lane].splice(0));
    await releaseClaims(
      this.#options.ledger.db,
      left.map(({ personKey }) => personKey),
    );
  }

  async #mark(): Promise<number> {
    const sent = this.#sent.splice(0);
    try {
      await markSent(this.#options.ledger.db, sent);
    } catch (error) {
      this.#sent.unshift(...sent);
      throw error;
    }
    return markEveryMs;
  }

  /** After an outage nobody is claimed before Temporal answers, so that no lease holds anybody back then. */
  async #untilTemporalAnswers(): Promise<number> {
    const { temporal } = this.#options;
    try {
      await temporal.call((client) => client.workflowService.getSystemInfo({}));
      await temporal.call((client) =>
        client.workflowService.describeNamespace({ namespace: client.options.namespace }),
      );
      this.#answeredAt = performance.now();
      this.#temporalOutage.over();
      return 0;
    } catch (error) {
      return this.#temporalOutage.failed(error);
    }
  }

  async #look(): Promise<number> {
    const load = await readApiLoad(this.#options.ledger.db, silentAfterMs);
    const seen = load && {
      slowMs: load.slowMs,
      actsPerSecond: (load.acts * 1_000) / apiLoadWindowMs,
    };
    this.#pace.look(seen, Date.now());
    this.#metrics.pace(this.#pace.perSecond, load?.slowMs ?? 0);
    return lookEveryMs;
  }
}

/** Goes on with the trace of the change, where it is traced. */
function within<T>(traceParent: string | null, work: () => Promise<T>): Promise<T> {
  if (traceParent === null) return work();
  return context.with(propagation.extract(ROOT_CONTEXT, { traceparent: traceParent }), work);
}

/** gRPC's code for a request that is wrong in itself. */
const invalidArgument = 3;

/** Whether Temporal answered and took exception to this one snapshot; everything else is an outage. */
function concernsOnePerson(error: unknown): boolean {
  const cause = error instanceof Error && !isGrpcServiceError(error) ? error.cause : error;
  return isGrpcServiceError(cause) && Number(cause.code) === invalidArgument;
}
