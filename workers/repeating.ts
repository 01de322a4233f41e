/** A loop that runs until it is stopped: one turn after the other, with the pause that each turn asks for. */
import { setTimeout as pause } from 'node:timers/promises';

import type { Running } from './process';

/**
 * Runs `turn` again and again; it answers after how many milliseconds the next one is to begin. A turn that throws
 * is handed to `failed`, which answers the pause. `stop` lets the turn under way finish.
 */
export function repeat(turn: () => Promise<number>, failed: (error: unknown) => number): Running {
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const waitMs = await turn().catch(failed);
      if (waitMs > 0) await pause(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/**
 * Calls `work` for every item, at most `atOnce` at a time; stops taking items once `work` answered false or threw.
 * Rejects with the first error after everything under way has ended.
 */
export async function inLanes<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<boolean>,
): Promise<void> {
  let next = 0;
  let goOn = true;
  const lane = async () => {
    while (goOn) {
      const item = items[next];
      next += 1;
      if (item === undefined) return;
      goOn = (await work(item).catch(giveUp)) && goOn;
    }
  };
  const giveUp = (error: unknown): never => {
    goOn = false;
    throw error;
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  const failure = lanes.find((ended) => ended.status === 'rejected');
  if (failure) throw failure.reason;
}
