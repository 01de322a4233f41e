import { inOneInstant, timePasses } from '../test/support/passing-time';
import { freshReadings } from './fresh-readings';

/** A reading that takes a while and tells how often it was made. */
function counted(tookMs = 5) {
  let times = 0;
  const read = async ({ of }: { readonly of: string; readonly and?: string }): Promise<string[]> => {
    times += 1;
    const now = times;
    await timePasses(tookMs);
    if (of === 'nothing') throw new Error('away');
    return [`${of} ${String(now)}`];
  };
  return { read, times: () => times };
}
const some = { mostHeld: 10, sizeOf: (list: readonly string[]) => list.length };

test('everybody who asks for the same at once is answered by one reading', async () => {
  const { read, times } = counted();
  const readings = freshReadings(read, some);
  const asked = await Promise.all([
    readings({ of: 'a', and: 'b' }),
    readings({ and: 'b', of: 'a' }),
    readings({ of: 'a', and: 'b' }),
  ]);
  expect(new Set(asked.map(({ value }) => value[0]))).toEqual(new Set(['a 1']));
  expect(times()).toBe(1);
});

test('what is asked for after a second is read anew, and the second counts from before the reading', async () => {
  const { read, times } = counted(300);
  const readings = freshReadings(read, some);
  await inOneInstant(async () => {
    const startedAt = performance.now();
    const { until } = await readings({ of: 'a' });
    expect(until).toBeLessThanOrEqual(startedAt + 1_000);
    await timePasses(until - performance.now() - 10);
    expect((await readings({ of: 'a' })).value).toEqual(['a 1']);
    await timePasses(20);
    expect((await readings({ of: 'a' })).value).toEqual(['a 2']);
  });
  expect(times()).toBe(2);
});

test('a failure is told to all who waited and is not kept', async () => {
  const { read, times } = counted();
  const readings = freshReadings(read, some);
  const asked = await Promise.allSettled([readings({ of: 'nothing' }), readings({ of: 'nothing' })]);
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(readings({ of: 'nothing' })).rejects.toThrow('away');
  expect(times()).toBe(2);
});

test('however many different things are asked for, only so much is held', async () => {
  const { read, times } = counted();
  const readings = freshReadings(read, some);
  const wishes = Array.from({ length: 100 }, (_, n) => ({ of: String(n) }));
  const asked = await Promise.all(wishes.map((wish) => readings(wish)));
  expect(asked.map(({ value }) => value[0]?.split(' ')[0])).toEqual(wishes.map(({ of }) => of));
  await readings({ of: '0' });
  expect(times()).toBe(101);
});
