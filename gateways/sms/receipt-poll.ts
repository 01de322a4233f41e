/** Asks a gateway that pushes nothing, again and again, how the accepted texts have ended. */
import type { StatusRow } from './http-answers';
import type { AwaitedReceipt } from './port';
import type { ReceiptListeners } from './receipt-listeners';

export interface ReceiptPollSettings {
  readonly everyMs: number;
  /** After this long without an end the text is no longer asked about; there will be no receipt. */
  readonly giveUpAfterMs: number;
}

interface Awaited {
  readonly textMessageId: string;
  readonly since: number;
}

/** The gateway answers for at most a hundred ids a call. */
const idsPerCall = 100;

/**
 * Each round asks about every awaited text, in the order of acceptance. The list lives in memory; after a
 * restart the sender hands the open ones over again (`expectReceipts`).
 */
export class ReceiptPoll {
  private readonly awaited = new Map<string, Awaited>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly settings: ReceiptPollSettings,
    private readonly ask: (gatewayMessageIds: readonly string[]) => Promise<readonly StatusRow[]>,
    private readonly listeners: ReceiptListeners,
  ) {}

  expect({ gatewayMessageId, textMessageId }: AwaitedReceipt): void {
    if (!this.awaited.has(gatewayMessageId)) {
      this.awaited.set(gatewayMessageId, { textMessageId, since: Date.now() });
    }
    this.schedule();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(): void {
    if (this.timer === undefined && !this.closed && this.awaited.size > 0) {
      this.timer = setTimeout(() => {
        this.running = this.round().finally(() => {
          this.timer = undefined;
          this.schedule();
        });
      }, this.settings.everyMs);
    }
  }

  private async round(): Promise<void> {
    const ids = [...this.awaited.keys()];
    for (let start = 0; start < ids.length && !this.closed; start += idsPerCall) {
      for (const row of await this.ask(ids.slice(start, start + idsPerCall))) {
        await this.take(row);
      }
    }
    const oldest = Date.now() - this.settings.giveUpAfterMs;
    for (const [id, { since }] of this.awaited) {
      if (since < oldest) {
        this.awaited.delete(id);
      }
    }
  }

  private async take({ gatewayMessageId, receipt, at }: StatusRow): Promise<void> {
    const awaited = this.awaited.get(gatewayMessageId);
    if (!awaited || receipt === undefined) {
      return;
    }
    const { textMessageId } = awaited;
    const taken = await this.listeners.take({
      gatewayMessageId,
      textMessageId,
      status: receipt,
      at: at ?? new Date(),
    });
    if (taken) {
      this.awaited.delete(gatewayMessageId);
    }
  }
}
