/** A throw-away instance of all of Yiyue on synthetic people, with everything that is needed to look into it. */
import { setTimeout as pause } from 'node:timers/promises';

import type { Instant } from '../../domain/civil-time/plain-date';
import type { TextPurpose } from '../../domain/text-message/templates';
import type { InboxMessage } from '../../gateways/sms/simulator';
import { ledgerNow } from '../../ledger/clock';
import { openLedger, type Ledger } from '../../ledger/database';
import { parseLedgerKeys } from '../../ledger/encryption';
import { SteppingClock } from '../../workers/stepping-clock';
import { openTemporalClient, type TemporalClient } from '../../workers/temporal-client';
import { loadDemonstrationRound } from '../demo-data/load';
import { startStack, type Environment, type PartName, type Stack } from '../runtime/stack';
import { makeThrowAwayFolder } from '../runtime/throw-away';

/** What a phone received, with what it was sent for. */
export interface ReceivedText extends InboxMessage {
  /** Undefined for a text that the ledger knows nothing of. */
  readonly purpose: TextPurpose | undefined;
  readonly occasion: string | undefined;
}

export interface InstanceOptions {
  /** Fills the database; the demonstration's rounds and people unless said otherwise. */
  readonly loadData?: (databaseUrl: string) => Promise<void>;
  /** Settings of its processes besides the usual ones. */
  readonly given?: Environment;
  readonly say?: (progress: string) => void;
  readonly abort?: AbortSignal;
}

/** How long parts may take until they are of use again after one of them was killed. */
const usableWithinMs = 30_000;
/** How long the engine may take to come to rest, with outages of some parts in between. */
const restWithinMs = 45_000;
/** A page of the SMS centre's inbox. */
const inboxPage = 1_000;

/** Starts everything in a folder of its own that goes with it, whatever ends us. */
export async function openInstance(options: InstanceOptions = {}): Promise<Instance> {
  const home = await makeThrowAwayFolder('yiyue-demo-');
  const stack = await startStack({
    home,
    mode: 'demonstration',
    durable: false,
    headless: true,
    throwAway: true,
    loadData: options.loadData ?? ((databaseUrl) => loadDemonstrationRound(databaseUrl)),
    ...(options.given ? { given: options.given } : {}),
    ...(options.say ? { say: options.say } : {}),
    ...(options.abort ? { abort: options.abort } : {}),
  });
  return new Instance(home, stack);
}

export class Instance {
  readonly ledger: Ledger;
  readonly temporal: TemporalClient;
  readonly clock: SteppingClock;

  constructor(
    readonly home: string,
    readonly stack: Stack,
  ) {
    const { settings, databaseUrl, temporal } = stack;
    this.ledger = openLedger({
      databaseUrl,
      keys: parseLedgerKeys(settings.YIYUE_DATA_KEYS ?? '', settings.YIYUE_INDEX_KEY ?? ''),
      maxConnections: 4,
      applicationName: 'yiyue-demo',
    });
    this.temporal = openTemporalClient(temporal);
    this.clock = new SteppingClock({
      mode: 'demonstration',
      ledger: this.ledger,
      temporal: this.temporal,
      taskQueue: 'citizen',
      restWithinMs,
    });
  }

  /** Address of pages and API. */
  get url(): string {
    return this.stack.url;
  }

  now(): Promise<Instant> {
    return ledgerNow(this.ledger.db);
  }

  /** What a phone received after the text of that sequence number, in the order of its coming; all phones without one. */
  async received(mobile?: string, after = 0): Promise<readonly ReceivedText[]> {
    const url = new URL(this.stack.smsInboxUrl ?? '');
    if (mobile !== undefined) url.searchParams.set('mobile', mobile);
    url.searchParams.set('after', String(after));
    url.searchParams.set('limit', String(inboxPage));
    const { messages } = (await (await fetch(url)).json()) as { messages: InboxMessage[] };
    const ids = messages.flatMap(({ textMessageId }) => textMessageId ?? []);
    const rows =
      ids.length === 0
        ? []
        : await this.ledger.db
            .selectFrom('text_message')
            .select(['text_message_id', 'purpose', 'occasion'])
            .where('text_message_id', 'in', ids)
            .execute();
    const byId = new Map(rows.map((row) => [row.text_message_id, row]));
    return messages.map((message) => {
      const row = byId.get(message.textMessageId ?? '');
      return { ...message, purpose: row?.purpose as TextPurpose | undefined, occasion: row?.occasion };
    });
  }

  /** Kills one part without warning and leaves it dead. */
  async crash(part: PartName): Promise<void> {
    await this.stack.process(part).kill('SIGKILL');
  }

  /** Starts a part again and waits until API, ledger and engine are of use. */
  async revive(part: PartName): Promise<void> {
    await this.stack.process(part).start();
    await this.untilUsable();
  }

  /** Waits until API, ledger and engine answer. Throws the last reason when they do not within half a minute. */
  async untilUsable(): Promise<void> {
    await persistently(async () => {
      const answer = await fetch(`${this.url}/healthz`, { signal: AbortSignal.timeout(2_000) });
      if (!answer.ok) throw new Error(`the API answers ${String(answer.status)}`);
    });
    await persistently(() => this.now());
    await persistently(() => this.temporal.call((client) => client.workflowService.getSystemInfo({})));
  }

  /** Stops all processes and removes the folder. */
  async close(): Promise<void> {
    await this.temporal.close().catch(() => undefined);
    await this.ledger.close().catch(() => undefined);
    await this.stack.stop();
  }
}

/** Repeats what fails while parts come up. */
export async function persistently<T>(work: () => Promise<T>, withinMs = usableWithinMs): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(100);
    }
  }
}
