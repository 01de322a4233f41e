/** The window of submissions that may wait for an answer at once; the rest queue here, for a while. */

interface Waiter {
  readonly enter: (entered: boolean) => void;
  readonly deadline: NodeJS.Timeout;
}

/**
 * Bounds what is unacknowledged: on plain SMPP this is also the most that a broken connection can repeat.
 * While the window is shut (no connection) nobody enters; who waits longer than `patienceMs` is turned away.
 */
export class SubmissionWindow {
  private inFlight = 0;
  private open = false;
  private readonly waiting = new Set<Waiter>();
  private readonly whenEmpty: (() => void)[] = [];

  constructor(
    private readonly maxInFlight: number,
    private readonly patienceMs: number,
  ) {}

  /** Resolves true with a place taken, false when none came free in time. Each true needs one `leave`. */
  enter(): Promise<boolean> {
    if (this.open && this.inFlight < this.maxInFlight) {
      this.inFlight += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        enter: resolve,
        deadline: setTimeout(() => {
          this.waiting.delete(waiter);
          resolve(false);
        }, this.patienceMs),
      };
      this.waiting.add(waiter);
    });
  }

  leave(): void {
    this.inFlight -= 1;
    this.admit();
    if (this.inFlight === 0) {
      this.whenEmpty.splice(0).forEach((resolve) => resolve());
    }
  }

  /** Lets waiters in again, in the order in which they came. */
  unlock(): void {
    this.open = true;
    this.admit();
  }

  lock(): void {
    this.open = false;
  }

  /** Turns away everybody who waits and resolves when nothing is in flight any more. */
  drain(): Promise<void> {
    this.lock();
    for (const waiter of this.waiting) {
      this.dismiss(waiter, false);
    }
    return this.inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.whenEmpty.push(resolve));
  }

  private admit(): void {
    for (const waiter of this.waiting) {
      if (!this.open || this.inFlight >= this.maxInFlight) {
        return;
      }
      this.inFlight += 1;
      this.dismiss(waiter, true);
    }
  }

  private dismiss(waiter: Waiter, entered: boolean): void {
    this.waiting.delete(waiter);
    clearTimeout(waiter.deadline);
    waiter.enter(entered);
  }
}
