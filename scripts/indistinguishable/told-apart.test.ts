import { seededChoice } from '../demo-data/seeded-choice';
import { compare, median } from './told-apart';

/** Times around `ms` with the long tail that answers have. */
function times(ms: number, count: number, seed: number): number[] {
  const choice = seededChoice(seed);
  return Array.from({ length: count }, () => {
    const tail = choice.onceIn(20) ? choice.integer(0, 30_000) : 0;
    return ms + (choice.integer(0, 2_000) + tail) / 1_000;
  });
}

test('two samples of one source are not told apart, though their tails be long', () => {
  const chances = Array.from(
    { length: 10 },
    (_, run) => compare(times(350, 100, run), times(350, 100, 100 + run), 1).chance,
  );
  expect(chances.filter((chance) => chance < 0.01).length).toBeLessThanOrEqual(1);
  const { fromMs, toMs, secondIsLonger } = compare(times(350, 100, 7), times(350, 100, 8), 1);
  expect(fromMs).toBeLessThanOrEqual(0);
  expect(toMs).toBeGreaterThanOrEqual(0);
  expect(Math.abs(secondIsLonger - 0.5)).toBeLessThan(0.12);
});

test('half a millisecond in a spread of two is found, and told which way', () => {
  const slower = compare(times(350, 150, 3), times(350.5, 150, 4), 1);
  expect(slower.chance).toBeLessThan(0.001);
  expect(slower.secondIsLonger).toBeGreaterThan(0.6);
  expect(slower.fromMs).toBeGreaterThan(0);
  expect(compare(times(350.5, 150, 4), times(350, 150, 3), 1).secondIsLonger).toBeLessThan(0.4);
});

test('samples without overlap are always told apart, equal ones never', () => {
  expect(compare([1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14], 1)).toMatchObject({ secondIsLonger: 1 });
  expect(compare([5, 5, 5], [5, 5, 5], 1)).toMatchObject({ secondIsLonger: 0.5, chance: 1 });
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
