import { createHash } from 'node:crypto';

import fc from 'fast-check';

import { nextDoor, type Door, type DoorLoad, type DoorRules } from './door';
import { askAgainAfter, estimateWait } from './estimate';
import { drawnOrder, placeOf, type Draw } from './line';

const bellAt = '2031-07-01T02:00:00.000Z';
const seeds = fc
  .array(fc.integer(), { minLength: 4, maxLength: 4 })
  .filter((seed) => seed.some((n) => n !== 0));

describe('the draw at a bell', () => {
  test('gives everybody who waited another place among those that they had, and nobody two', () => {
    const draw = fc.record({ first: fc.nat(1_000), count: fc.integer({ min: 1, max: 300 }), seed: seeds });
    fc.assert(
      fc.property(draw, ({ first, count, seed }) => {
        const drawn = drawnOrder({ bellAt, first, end: first + count, seed });
        const places = Array.from({ length: count }, (_, index) => placeOf(first + index, [drawn]));
        expect(places.toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, index) => first + index),
        );
        expect(placeOf(first - 1, [drawn])).toBe(first - 1);
        expect(placeOf(first + count, [drawn])).toBe(first + count);
      }),
    );
  });

  test('comes to the same order again from its published seed', () => {
    const draw: Draw = { bellAt, first: 7, end: 5_007, seed: [1, -2, 3, -4] };
    expect(drawnOrder(draw).order).toEqual(drawnOrder({ ...draw }).order);
    expect(drawnOrder({ ...draw, seed: [1, -2, 3, -5] }).order).not.toEqual(drawnOrder(draw).order);
  });

  test('favours no place: over many draws each of ten people stands at each place about as often', () => {
    const draws = 4_000;
    const counts = Array.from({ length: 10 }, () => Array<number>(10).fill(0));
    for (let seed = 1; seed <= draws; seed += 1) {
      const random = createHash('sha256').update(String(seed)).digest();
      const { order } = drawnOrder({
        bellAt,
        first: 0,
        end: 10,
        seed: [0, 4, 8, 12].map((at) => random.readInt32LE(at)),
      });
      for (const [person, place] of order.entries()) counts[person]![place]! += 1;
    }
    // Chi-squared of each row with nine degrees of freedom: above 35 once in some 17,000.
    const expected = draws / 10;
    for (const row of counts) {
      expect(row.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(35);
    }
  });

  test('of a later bell goes by the places that an earlier one gave', () => {
    const first = drawnOrder({ bellAt, first: 0, end: 100, seed: [1, 2, 3, 4] });
    const second = drawnOrder({ bellAt, first: 40, end: 150, seed: [5, 6, 7, 8] });
    const places = Array.from({ length: 150 }, (_, number) => placeOf(number, [first, second]));
    expect(new Set(places).size).toBe(150);
    // Whoever the first draw had let in is not moved any more.
    for (const [number, place] of places.entries()) {
      if (placeOf(number, [first]) < 40) expect(place).toBe(placeOf(number, [first]));
      else expect(place).toBeGreaterThanOrEqual(40);
    }
  });
});

const open: Door = {
  shutAt: null,
  nextNumber: 50,
  admitted: 50,
  movedAt: 0,
  calmSince: null,
  keptShut: false,
};
const shut: Door = { ...open, shutAt: 0, nextNumber: 1_000, admitted: 100, movedAt: 10_000 };
const quiet: DoorLoad = { now: 11_000, arrivalsPerSecond: 5, strained: false, msToBell: null };
const rules: DoorRules = { perSecond: 100, holdMs: 300_000 };

describe('the door', () => {
  test('stays open while few come', () => {
    expect(nextDoor(open, quiet, rules)).toBe(open);
    expect(nextDoor(open, { ...quiet, arrivalsPerSecond: 100 }, rules)).toBe(open);
    expect(nextDoor(open, { ...quiet, strained: true }, rules)).toBe(open);
  });

  test.each([
    ['more come in a second than may', { ...quiet, arrivalsPerSecond: 101 }, open],
    ['those inside are too many already', { ...quiet, strained: true, arrivalsPerSecond: 11 }, open],
    ['operations ask for it', quiet, { ...open, keptShut: true }],
  ])('is shut when %s', (_, load, door) => {
    expect(nextDoor(door, load, rules)).toMatchObject({ shutAt: 11_000, admitted: 50, movedAt: 11_000 });
  });

  test('lets in as many as the rules say, whole people, and forgets no part of a second', () => {
    expect(nextDoor(shut, quiet, rules)).toMatchObject({ admitted: 200, movedAt: 11_000 });
    let door = shut;
    for (let now = 10_007; now <= 12_000; now += 7) door = nextDoor(door, { ...quiet, now }, rules);
    expect(door.admitted).toBeGreaterThanOrEqual(298);
    expect(door.admitted).toBeLessThanOrEqual(300);
  });

  test('lets nobody in while those inside are too many', () => {
    expect(nextDoor(shut, { ...quiet, strained: true }, rules)).toMatchObject({
      admitted: 100,
      movedAt: 11_000,
    });
  });

  test('lets nobody in during the minutes before an opening', () => {
    expect(nextDoor(shut, { ...quiet, msToBell: 300_000 }, rules).admitted).toBe(100);
    expect(nextDoor(shut, { ...quiet, msToBell: 300_001 }, rules).admitted).toBe(200);
  });

  test('does not make up for an outage in one flood', () => {
    expect(nextDoor(shut, { ...quiet, now: 3_600_000 }, rules).admitted).toBe(400);
  });

  test('opens again when the line was empty and few came for half a minute', () => {
    const empty = { ...shut, admitted: 1_000 };
    const calm = nextDoor(empty, quiet, rules);
    expect(calm).toMatchObject({ shutAt: 0, calmSince: 11_000 });
    expect(nextDoor(calm, { ...quiet, now: 40_999 }, rules).shutAt).toBe(0);
    expect(nextDoor(calm, { ...quiet, now: 41_000 }, rules).shutAt).toBeNull();
    expect(nextDoor(calm, { ...quiet, now: 41_000, arrivalsPerSecond: 60 }, rules)).toMatchObject({
      shutAt: 0,
      calmSince: null,
    });
    expect(nextDoor({ ...calm, keptShut: true }, { ...quiet, now: 41_000 }, rules).shutAt).toBe(0);
  });

  test('never lets in more people than have a number', () => {
    const door = fc.record({
      ahead: fc.nat(500),
      ms: fc.nat(20_000),
      perSecond: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(door, ({ ahead, ms, perSecond }) => {
        const before = { ...shut, nextNumber: shut.admitted + ahead };
        const after = nextDoor(before, { ...quiet, now: before.movedAt + ms }, { ...rules, perSecond });
        expect(after.admitted).toBeLessThanOrEqual(after.nextNumber);
        expect(after.admitted - before.admitted).toBeLessThanOrEqual(
          (Math.min(ms, 3_000) / 1_000) * perSecond,
        );
      }),
    );
  });
});

describe('what somebody in line is told', () => {
  const standing = { heldSeconds: 0, inDraw: false, waiting: 5_000 };
  test('is the range between the fastest and the slowest that was measured', () => {
    const told = estimateWait(1_000, { lately: 100, justNow: 50, allowed: 100 }, standing);
    expect(told.fromSeconds).toBe(8);
    expect(told.toSeconds).toBe(26);
  });

  test('is wider before anything was measured', () => {
    expect(estimateWait(1_000, { lately: null, justNow: null, allowed: 100 }, standing)).toEqual({
      fromSeconds: 7,
      toSeconds: 17,
    });
  });

  test('has no end when the line stands still', () => {
    expect(estimateWait(1_000, { lately: 100, justNow: 0, allowed: 100 }, standing).toSeconds).toBeNull();
  });

  test('before a draw reaches from the first place to the last', () => {
    const told = estimateWait(
      10,
      { lately: null, justNow: null, allowed: 100 },
      {
        heldSeconds: 60,
        inDraw: true,
        waiting: 7_000,
      },
    );
    expect(told).toEqual({ fromSeconds: 60, toSeconds: 162 });
  });

  test('all who wait together ask no more often than a process answers, and who is near the door asks soon', () => {
    const waiting = 50_000;
    const pace = { lately: 100, justNow: 100, allowed: 100 };
    const after = Array.from({ length: waiting }, (_, ahead) =>
      askAgainAfter({
        fromSeconds: estimateWait(ahead, pace, { ...standing, waiting }).fromSeconds,
        waiting,
        perSecond: 100,
        asksPerSecond: 1_000,
        secondsToDraw: null,
        share: (ahead * 0.618) % 1,
      }),
    );
    expect(after.reduce((sum, seconds) => sum + 1 / seconds, 0)).toBeLessThan(1_050);
    expect(Math.max(...after.slice(0, 500))).toBeLessThanOrEqual(8);
    expect(Math.max(...after)).toBeLessThanOrEqual(95);
  });

  test('they ask after the draw and not all at once', () => {
    const ask = (share: number) =>
      askAgainAfter({
        fromSeconds: 30,
        waiting: 50_000,
        perSecond: 100,
        asksPerSecond: 1_000,
        secondsToDraw: 30,
        share,
      });
    expect([ask(0), ask(0.5), ask(0.99)]).toEqual([31, 56, 81]);
  });
});
