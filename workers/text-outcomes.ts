/** Records in batches what the gateway said, and lets no answer be lost to an outage of the ledger. */
import { setTimeout as pause } from 'node:timers/promises';

import type { Ledger } from '../ledger/database';
import { recordOutcomes, type TextOutcome } from '../ledger/text-outcome';
import { BatchedWork } from './batched-work';
import { errorFields, type WorkerLog } from './log';
import type { Outage } from './outage';

const largestBatch = 500;
/** Long enough for company at a thousand texts a second, short beside a round trip to any gateway. */
const lingerMs = 10;

export interface OutcomeRecorderParts {
  readonly ledger: Ledger;
  readonly outage: Outage;
  readonly log: WorkerLog;
  /** Once it aborts, what cannot be recorded is left to the end of its lease. */
  readonly giveUp: AbortSignal;
}

/** `record` resolves when the outcome stands in the ledger, or was given up. */
export class OutcomeRecorder {
  readonly #batches: BatchedWork<TextOutcome, true>;

  constructor(private readonly parts: OutcomeRecorderParts) {
    this.#batches = new BatchedWork({
      work: (outcomes) => this.#persist(outcomes),
      keyOf: ({ textMessageId }) => textMessageId,
      largest: largestBatch,
      lingerMs,
    });
  }

  async record(outcome: TextOutcome): Promise<void> {
    await this.#batches.add(outcome);
  }

  /** Resolves when everything that was handed in until now is recorded. */
  settled(): Promise<void> {
    return this.#batches.settled();
  }

  async #persist(outcomes: readonly TextOutcome[]): Promise<readonly true[]> {
    const { ledger, outage, giveUp } = this.parts;
    for (;;) {
      try {
        await recordOutcomes(ledger.db, outcomes);
        outage.over();
        break;
      } catch (error) {
        if (isRefusedData(error)) {
          await this.#apart(outcomes, error);
          break;
        }
        const waitMs = outage.failed(error);
        if (giveUp.aborted) break;
        await pause(waitMs, undefined, { signal: giveUp }).catch(() => undefined);
      }
    }
    return outcomes.map(() => true);
  }

  /** One answer that the ledger refuses, senseless bytes of a gateway say, holds up none of the others. */
  async #apart(outcomes: readonly TextOutcome[], error: unknown): Promise<void> {
    if (outcomes.length === 1) {
      const [{ textMessageId } = { textMessageId: '' }] = outcomes;
      this.parts.log.error('the ledger refuses an outcome', { textMessageId, ...errorFields(error) });
      return;
    }
    const middle = Math.ceil(outcomes.length / 2);
    await this.#persist(outcomes.slice(0, middle));
    await this.#persist(outcomes.slice(middle));
  }
}

/** SQLSTATE classes 22 (data exception) and 23 (integrity constraint): the same statement fails again. */
function isRefusedData(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^2[23]/.test(code);
}
