/** The faults that a test can order from the simulated SMS centre, each for a number of texts. */

/** What can go wrong; the number says how many of the next texts it happens to. */
export const faultNames = [
  /** Taken in, and never answered. */
  'timeoutAfterAccept',
  /** Taken in, and the connection cut instead of an answer. */
  'cutAfterAccept',
  /** Lost before it was taken in, and never answered. */
  'timeoutBeforeAccept',
  /** Refused for now. */
  'throttle',
  'receiptsLate',
  'receiptsDoubled',
  /** No receipt until the centre is started again. */
  'receiptsNever',
  /** The text does not reach the phone: the receipt says so. */
  'receiptsFailed',
  /** Ahead of the true receipt comes one of senseless bytes (SMPP only). */
  'receiptsGarbled',
] as const;

export type FaultName = (typeof faultNames)[number];

/** An order; counts that are left out stay as they are, `rejectNumber` adds to the refused numbers. */
export interface FaultOrder extends Partial<Record<FaultName, number>> {
  readonly rejectNumber?: string | readonly string[];
  /** How late `receiptsLate` makes a receipt. */
  readonly receiptsLateByMs?: number;
}

export interface FaultState extends Readonly<Record<FaultName, number>> {
  readonly rejectNumber: readonly string[];
  readonly receiptsLateByMs: number;
}

const usuallyLateByMs = 3_000;

export class Faults {
  private readonly counts = new Map<FaultName, number>();
  private readonly rejected = new Set<string>();
  private lateByMs = usuallyLateByMs;

  order(order: FaultOrder): void {
    for (const name of faultNames) {
      const count = order[name];
      if (count !== undefined) {
        this.counts.set(name, count);
      }
    }
    const numbers = order.rejectNumber ?? [];
    (typeof numbers === 'string' ? [numbers] : numbers).forEach((mobile) => this.rejected.add(mobile));
    this.lateByMs = order.receiptsLateByMs ?? this.lateByMs;
  }

  clear(): void {
    this.counts.clear();
    this.rejected.clear();
    this.lateByMs = usuallyLateByMs;
  }

  /** Whether the fault strikes now; uses one of its count up. */
  strikes(name: FaultName): boolean {
    const left = this.counts.get(name) ?? 0;
    if (left <= 0) {
      return false;
    }
    this.counts.set(name, left - 1);
    return true;
  }

  rejects(mobile: string): boolean {
    return this.rejected.has(mobile);
  }

  get receiptsLateByMs(): number {
    return this.lateByMs;
  }

  state(): FaultState {
    const counts = Object.fromEntries(faultNames.map((name) => [name, this.counts.get(name) ?? 0]));
    return {
      ...(counts as Record<FaultName, number>),
      rejectNumber: [...this.rejected],
      receiptsLateByMs: this.lateByMs,
    };
  }
}
