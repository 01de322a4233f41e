import fc from 'fast-check';

import { holdNewest } from './held-snapshot';
import type { CitizenSnapshot } from './snapshot';

const snapshot = (version: number, clockOffsetMs = 0): CitizenSnapshot => ({
  version,
  clockOffsetMs,
  participations: [],
  nextDose: null,
  met: [],
});

describe('the snapshot that is held', () => {
  test('is the first one that comes', () => {
    const first = snapshot(3);
    expect(holdNewest(undefined, first)).toBe(first);
  });

  test('stays the very same object when a duplicate or a late one comes, so that nobody is woken', () => {
    const held = snapshot(7, 1_000);
    expect(holdNewest(held, snapshot(7, 1_000))).toBe(held);
    expect(holdNewest(held, snapshot(6, 1_000))).toBe(held);
    expect(holdNewest(held, snapshot(6, 0))).toBe(held);
  });

  test('takes a step of the clock although the version is the same', () => {
    expect(holdNewest(snapshot(7, 0), snapshot(7, 5_000))).toEqual(snapshot(7, 5_000));
  });

  test('is the one read last where the version is the same, since it tells what has become near', () => {
    const asleep = { ...snapshot(7), takenAt: '2031-07-01T04:00:00.000Z' };
    const woken = { ...snapshot(7), takenAt: '2031-07-09T04:00:00.000Z' };
    expect(holdNewest(asleep, woken)).toBe(woken);
    expect(holdNewest(woken, asleep)).toBe(woken);
    expect(holdNewest(woken, snapshot(7))).toBe(woken);
  });

  test('is the highest version with the furthest clock, in whatever order and how often they come', () => {
    const arrivals = fc.array(fc.tuple(fc.nat(20), fc.nat(5)), { minLength: 1 });
    fc.assert(
      fc.property(arrivals, (pairs) => {
        const held = pairs
          .map(([version, offset]) => snapshot(version, offset))
          .reduce<CitizenSnapshot | undefined>(holdNewest, undefined);
        expect(held?.version).toBe(Math.max(...pairs.map(([version]) => version)));
        expect(held?.clockOffsetMs).toBe(Math.max(...pairs.map(([, offset]) => offset)));
      }),
    );
  });
});
