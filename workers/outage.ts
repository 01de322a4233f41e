/** Tells an outage of an outside system once when it begins and once when it is over, and how long to wait meanwhile. */
import { errorFields, type WorkerLog } from './log';

const firstMs = 250;

/** Growing pauses from a quarter of a second to `longestMs`. */
export class Outage {
  #failures = 0;

  constructor(
    private readonly system: string,
    private readonly log: WorkerLog,
    private readonly longestMs = 5_000,
  ) {}

  get lasts(): boolean {
    return this.#failures > 0;
  }

  /** Notes a failure and answers for how many milliseconds to leave the system alone. */
  failed(error: unknown): number {
    if (this.#failures === 0) this.log.warn(`${this.system} is away; waiting for it`, errorFields(error));
    this.#failures += 1;
    return Math.min(this.longestMs, firstMs * 2 ** Math.min(this.#failures - 1, 10));
  }

  /** Notes that the system answered. */
  over(): void {
    if (this.#failures > 0) this.log.info(`${this.system} is back`, { attempt: this.#failures });
    this.#failures = 0;
  }
}
