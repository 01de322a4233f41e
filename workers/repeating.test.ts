import { setTimeout as pause } from 'node:timers/promises';

import { eventually } from '../test/support/eventually';
import { inLanes, repeat } from './repeating';

test('lanes take every item once, and no more at a time than they may', async () => {
  let atOnce = 0;
  let most = 0;
  const seen: number[] = [];
  await inLanes([...Array(20).keys()], 3, async (item) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    seen.push(item);
    await pause(1);
    atOnce -= 1;
    return true;
  });
  expect(most).toBe(3);
  expect(seen.sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
});

test('lanes stop taking items after a refusal, and end what is under way before they tell of an error', async () => {
  const seen: number[] = [];
  await inLanes([1, 2, 3, 4], 1, (item) => {
    seen.push(item);
    return Promise.resolve(item < 2);
  });
  expect(seen).toEqual([1, 2]);
  let ended = 0;
  const failing = inLanes([1, 2, 3, 4, 5, 6], 2, async (item) => {
    if (item === 1) throw new Error('broken');
    await pause(20);
    ended += 1;
    return true;
  });
  await expect(failing).rejects.toThrow('broken');
  expect(ended).toBe(1);
});

test('a loop outlives turns that throw, and stops after the turn under way', async () => {
  let turns = 0;
  const failures: unknown[] = [];
  const running = repeat(
    () => {
      turns += 1;
      return turns === 1 ? Promise.reject(new Error('once')) : Promise.resolve(1);
    },
    (error) => {
      failures.push(error);
      return 1;
    },
  );
  await eventually(
    () => turns,
    (count) => count > 2,
  );
  await running.stop();
  const stoppedAt = turns;
  expect(failures).toHaveLength(1);
  await pause(20);
  expect(turns).toBe(stoppedAt);
});
