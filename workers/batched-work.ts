/** Gathers single pieces of work into batches: what comes while one batch is under way goes into the next. */
import { setTimeout as pause } from 'node:timers/promises';

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

export interface BatchedWorkOptions<T, R> {
  /** Does a batch and answers one result an item, in their order. A rejection is every item's. */
  readonly work: (items: readonly T[]) => Promise<readonly R[]>;
  /** Items of the same key never share a batch; the later one goes into a later one. */
  readonly keyOf: (item: T) => string;
  readonly largest: number;
  /** How long the first item of a batch waits for company. */
  readonly lingerMs: number;
}

/** One batch at a time, so items are worked on in about the order in which they came. */
export class BatchedWork<T, R> {
  #waiting: Waiting<T, R>[] = [];
  #running: Promise<void> | undefined;

  constructor(private readonly options: BatchedWorkOptions<T, R>) {}

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run().finally(() => (this.#running = undefined));
    });
  }

  /** Resolves when everything that was added until now has ended. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < this.options.largest) await pause(this.options.lingerMs);
      await this.#work(this.#nextBatch());
    }
  }

  #nextBatch(): readonly Waiting<T, R>[] {
    const keys = new Set<string>();
    const batch: Waiting<T, R>[] = [];
    const left: Waiting<T, R>[] = [];
    for (const waiting of this.#waiting) {
      const key = this.options.keyOf(waiting.item);
      const fits = batch.length < this.options.largest && !keys.has(key);
      (fits ? batch : left).push(waiting);
      keys.add(key);
    }
    this.#waiting = left;
    return batch;
  }

  async #work(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.options.work(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, n) => {
        const result = results[n];
        if (result === undefined) reject(new Error('a batch answered fewer results than it had items'));
        else resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
