/**
 * The process's own clock in the hands of a test. What is read for everybody is shown for a second, by
 * `performance.now()`: a test that waited for the second would be slow, and one that relied on being quicker would
 * fail on a busy machine. The ledger's clock and the timers go on as ever.
 */
import { setTimeout as pause } from 'node:timers/promises';

const machine = performance.now.bind(performance);
let aheadMs = 0;
let stoppedAt: number | undefined;

// An own member over the inherited one, on the object that every module and other test files of the process share.
performance.now = () => stoppedAt ?? machine() + aheadMs;
afterAll(() => Reflect.deleteProperty(performance, 'now'));

/** So much time goes by at once. */
export async function timePasses(ms: number): Promise<void> {
  aheadMs += ms;
  if (stoppedAt !== undefined) stoppedAt += ms;
  // lru-cache keeps the time for a millisecond.
  await pause(5);
}

/** Whatever is held for a second is read again after this. */
export const aSecondPasses = (): Promise<void> => timePasses(1_010);

/** No time passes while that is done, however busy the machine is, but what `timePasses` lets pass. */
export async function inOneInstant<T>(act: () => Promise<T>): Promise<T> {
  stoppedAt = performance.now();
  try {
    return await act();
  } finally {
    stoppedAt = undefined;
  }
}
