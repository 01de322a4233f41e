/** Answers that take the same time whatever they say, so that nobody reads from the clock what the words keep. */
import { setTimeout as pause } from 'node:timers/promises';

/** Does the work and answers after `floorMs`, or after a whole multiple of it when the work takes longer; failures too. */
export async function inEqualTime<T>(floorMs: number, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  try {
    return await work();
  } finally {
    const taken = performance.now() - begun;
    await pause(floorMs * Math.max(1, Math.ceil(taken / floorMs)) - taken);
  }
}
