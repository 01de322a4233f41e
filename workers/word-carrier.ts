/** Tells the engine of what operators said: it stands in the ledger first, so an outage of the engine only delays it. */
import type { WorkerLog } from './log';
import { Outage } from './outage';
import type { Running } from './process';
import { repeat } from './repeating';

export interface WordCarrierOptions<Word> {
  readonly log: WorkerLog;
  /** Between two looks. */
  readonly idleMs?: number;
  /** What the engine was not told yet, the longest waiting first. */
  untold(): Promise<readonly Word[]>;
  /** Tells the engine; any number of times does no harm. */
  tell(word: Word): Promise<void>;
  markTold(word: Word): Promise<void>;
}

const idleByDefaultMs = 500;

/** Starts the carrier; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startWordCarrier<Word>(options: WordCarrierOptions<Word>): Running {
  const { log, idleMs = idleByDefaultMs } = options;
  const temporalOutage = new Outage('Temporal', log);
  const ledgerOutage = new Outage('the ledger', log);

  async function turn(): Promise<number> {
    const words = await options.untold();
    ledgerOutage.over();
    for (const word of words) {
      try {
        await options.tell(word);
      } catch (error) {
        return temporalOutage.failed(error);
      }
      temporalOutage.over();
      await options.markTold(word);
    }
    return idleMs;
  }

  return repeat(turn, (error) => ledgerOutage.failed(error));
}
