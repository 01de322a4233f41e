/** Waits for what takes its time. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Reads again and again until the value holds. Throws with the last value, or with the last error, when it does not
 * within `withinMs`.
 */
export async function eventually<T>(
  read: () => T | Promise<T>,
  holds: (value: T) => boolean,
  withinMs = 45_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const tried = await Promise.resolve()
      .then(read)
      .then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
    if ('value' in tried && holds(tried.value)) return tried.value;
    if (Date.now() > deadline) {
      throw 'error' in tried ? tried.error : new Error(`still ${JSON.stringify(tried.value)}`);
    }
    await pause(20);
  }
}
