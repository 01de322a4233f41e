/** What the ledger answered about obligations of one version: which are settled, and which to ask about later. */
import type { Obligation, ObligationAnswer } from '../../domain/lifecycle/obligations';

/** The engine's timers are accurate to about a second; asking again sooner would only cost history. */
const soonestMs = 1_000;
const latestMs = 60_000;

export class Answers {
  #version = 0;
  readonly #settled = new Set<string>();
  readonly #later = new Map<string, { readonly at: number; readonly times: number }>();

  /** Forgets the answers when the facts have changed: the new snapshot says itself what was met. */
  belongTo(version: number): void {
    if (version === this.#version) return;
    this.#version = version;
    this.#settled.clear();
    this.#later.clear();
  }

  /** Whether the ledger was asked and its answer leaves something out of account that the snapshot still names. */
  get anySettled(): boolean {
    return this.#settled.size > 0;
  }

  /** The unsettled obligation to ask about first. */
  nextOf(owed: readonly Obligation[]): Obligation | undefined {
    return owed
      .filter(({ occasion }) => !this.#settled.has(occasion))
      .sort((a, b) => this.notBefore(a) - this.notBefore(b))[0];
  }

  /** Ledger time in epoch milliseconds at which to ask: when it falls due, or later when the ledger said so. */
  notBefore({ occasion, dueAt }: Obligation): number {
    return this.#later.get(occasion)?.at ?? Date.parse(dueAt);
  }

  /**
   * Remembers an answer given at `now` (ledger time, epoch milliseconds). `notDue` means that the two clocks
   * differ: the ledger's instant counts, and each further time the wait doubles, from one second to a minute.
   */
  take({ occasion }: Obligation, answer: ObligationAnswer, now: number): void {
    switch (answer.answer) {
      case 'done':
      case 'alreadyDone':
      case 'notOwed':
        this.#settled.add(occasion);
        break;
      case 'notDue': {
        const times = (this.#later.get(occasion)?.times ?? 0) + 1;
        const backoffMs = Math.min(latestMs, soonestMs * 2 ** (times - 1));
        this.#later.set(occasion, { at: Math.max(Date.parse(answer.until), now + backoffMs), times });
        break;
      }
    }
  }
}
