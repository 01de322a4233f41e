/** Readings of the ledger that many people ask for at once: made once, shared, and never more than a second old. */
import { LRUCache } from 'lru-cache';

/** A list of places is at most a second old when it is read, the way to the reader included; a booking asks the ledger. */
const freshForMs = 950;

/** Something read, and until when it may be shown (in the time of `performance.now()`). */
export interface Fresh<Value> {
  readonly value: Value;
  readonly until: number;
}

export interface ReadingOptions<Value> {
  /** How much may be held, in the unit of `sizeOf`; what was asked for longest ago goes first. */
  readonly mostHeld: number;
  readonly sizeOf: (value: Value) => number;
}

/**
 * Makes `read` answer everybody who asks for the same within a second with one reading; those who come while it is
 * being read wait for it. The second counts from before the reading began, so a slow one is shown for less long.
 * A reading that fails fails for all who waited, and the next one tries again.
 */
export function freshReadings<Wish extends object, Value>(
  read: (wish: Wish) => Promise<Value>,
  { mostHeld, sizeOf }: ReadingOptions<Value>,
): (wish: Wish) => Promise<Fresh<Value>> {
  const held = new LRUCache<string, Fresh<Value>, () => Promise<Value>>({
    maxSize: mostHeld,
    sizeCalculation: ({ value }) => 1 + sizeOf(value),
    ttl: freshForMs,
    // Someone waits for it even when others pushed it out meanwhile.
    ignoreFetchAbort: true,
    fetchMethod: async (_key, _stale, { options, context }) => {
      const until = performance.now() + freshForMs;
      const value = await context();
      options.ttl = Math.max(1, Math.floor(until - performance.now()));
      return { value, until };
    },
  });
  return async (wish) => {
    const fresh = await held.fetch(keyOf(wish), { context: () => read(wish) });
    if (!fresh) throw new Error('a reading came to nothing');
    return fresh;
  };
}

/** The same for the same wish, in whatever order it was put together. */
function keyOf(wish: object): string {
  return JSON.stringify(wish, Object.keys(wish).toSorted());
}
