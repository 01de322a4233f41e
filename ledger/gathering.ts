/** Many small wishes to the ledger made one: those that come while one statement is under way go together in the next. */

interface Wish<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes `work`, which does something for several items at once and answers in their order, into a function for one.
 * One call of `work` is under way at a time, with at most `most` items, in the order of coming; when it fails, it
 * fails for those items. Nobody waits longer than for the call that is under way and their own.
 */
export function gathered<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  most: number,
): (item: Item) => Promise<Result> {
  let waiting: Wish<Item, Result>[] = [];
  let busy = false;

  async function workOff(): Promise<void> {
    busy = true;
    while (waiting.length > 0) {
      const now = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        const results = await work(now.map(({ item }) => item));
        for (const [index, { resolve, reject }] of now.entries()) {
          if (index < results.length) resolve(results[index] as Result);
          else reject(new Error('fewer answers than wishes'));
        }
      } catch (error) {
        for (const { reject } of now) reject(error);
      }
    }
    busy = false;
  }

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!busy) void workOff();
    });
}
