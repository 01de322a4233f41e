import fc from 'fast-check';

import { GivingWay } from './giving-way';

const lookEveryMs = 500;

/** Looks at a wait that depends on the pace, for so many looks; answers the last pace. */
function after(looks: number, waitAt: (perSecond: number) => number, pace = new GivingWay()): number {
  for (let look = 0; look < looks; look += 1) {
    pace.look({ slowMs: waitAt(pace.perSecond), actsPerSecond: 1 }, look * lookEveryMs);
  }
  return pace.perSecond;
}

/** A machine on which the wait grows once more than `room` go in a second; unlimited counts as far too many. */
const machine = (room: number) => (perSecond: number) =>
  10 + Math.max(0, Math.min(perSecond, 1_000) - room) * 2;

test('nobody acts: nothing is held back', () => {
  const pace = new GivingWay();
  pace.look(null, 0);
  expect(pace.perSecond).toBe(Infinity);
  expect(pace.take(0)).toBe(0);
  expect(pace.take(0)).toBe(0);
});

test('as soon as somebody acts it begins slowly, and takes what is left over', () => {
  const pace = new GivingWay();
  pace.look({ slowMs: 10, actsPerSecond: 1 }, 0);
  expect(pace.perSecond).toBeLessThanOrEqual(10);
  const settled = after(200, machine(40));
  expect(settled).toBeGreaterThan(20);
  expect(settled).toBeLessThan(60);
});

test('when those in front wait much longer it steps back at once, and never stops altogether', () => {
  const pace = new GivingWay();
  const before = after(60, () => 10, pace);
  pace.look({ slowMs: 100, actsPerSecond: 1 }, 31_000);
  expect(pace.perSecond).toBeLessThanOrEqual(before / 2);
  for (let look = 0; look < 40; look += 1)
    pace.look({ slowMs: 100, actsPerSecond: 1 }, 32_000 + look * lookEveryMs);
  expect(pace.perSecond).toBeGreaterThanOrEqual(5);
});

test('what people do now is carried however long they wait, but a bell is not', () => {
  const atLeast = (actsPerSecond: number) => {
    const pace = new GivingWay();
    pace.look({ slowMs: 10, actsPerSecond }, 0);
    for (let look = 1; look < 60; look += 1) pace.look({ slowMs: 500, actsPerSecond }, look * lookEveryMs);
    return pace.perSecond;
  };
  expect(atLeast(10)).toBeGreaterThan(10);
  expect(atLeast(5_000)).toBeLessThanOrEqual(20);
});

test('a machine that has become slower for good is not waited for', () => {
  const pace = new GivingWay();
  after(60, () => 10, pace);
  let now = 60 * lookEveryMs;
  for (; now < 20 * 60_000; now += lookEveryMs) pace.look({ slowMs: 30, actsPerSecond: 1 }, now);
  expect(pace.perSecond).toBeGreaterThan(100);
});

test('turns are a pace apart, and those missed are not made up for', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 50 }), (pauses) => {
      const pace = new GivingWay();
      pace.look({ slowMs: 10, actsPerSecond: 1 }, 0);
      const everyMs = 1_000 / pace.perSecond;
      let now = 1_000_000;
      let last = -Infinity;
      for (const waited of pauses) {
        now += waited;
        const goesAt = now + pace.take(now);
        expect(goesAt - last).toBeGreaterThanOrEqual(everyMs - 1e-6);
        last = goesAt;
        now = goesAt;
      }
    }),
  );
});
