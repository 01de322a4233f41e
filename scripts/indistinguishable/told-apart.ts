/** Can two samples of times be told apart? A permutation test on ranks, and how far apart their middles lie. */
import { seededChoice, type SeededChoice } from '../demo-data/seeded-choice';

export interface Comparison {
  /**
   * How likely a time of the second sample is longer than one of the first, 0 to 1: 0.5 where nothing can be told.
   * What somebody learns who may try once.
   */
  readonly secondIsLonger: number;
  /** Chance of ranks at least so uneven if both came from one source. At least 1 / (rounds + 1). */
  readonly chance: number;
  /** Median of the second minus median of the first, with the ends of its bootstrapped 99 % interval. */
  readonly medianDifferenceMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

const rounds = 9_999;
const resamples = 2_000;
/** Both samples and the seed of chance; the same seed gives the same figures. */
export function compare(first: readonly number[], second: readonly number[], seed: number): Comparison {
  if (first.length === 0 || second.length === 0) throw new RangeError('there is nothing to compare');
  const choice = seededChoice(seed);
  const ranks = ranksOf([...first, ...second]);
  const expected = (second.length * (ranks.length + 1)) / 2;
  const rankSum = sumFrom(ranks, first.length);
  const uneven = Math.abs(rankSum - expected);
  let asUneven = 0;
  for (let round = 0; round < rounds; round += 1) {
    shuffle(ranks, choice);
    if (Math.abs(sumFrom(ranks, first.length) - expected) >= uneven) asUneven += 1;
  }
  const differences = Array.from(
    { length: resamples },
    () => median(resampled(second, choice)) - median(resampled(first, choice)),
  ).sort((a, b) => a - b);
  return {
    secondIsLonger: (rankSum - (second.length * (second.length + 1)) / 2) / (first.length * second.length),
    chance: (asUneven + 1) / (rounds + 1),
    medianDifferenceMs: median(second) - median(first),
    fromMs: differences[Math.floor(resamples * 0.005)] ?? Number.NaN,
    toMs: differences[Math.ceil(resamples * 0.995) - 1] ?? Number.NaN,
  };
}

/** Place of each value among all, from 1; equal values share the middle of their places. */
function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let place = from; place <= to; place += 1) ranks[order[place] ?? 0] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}

function sumFrom(values: readonly number[], from: number): number {
  let sum = 0;
  for (let index = from; index < values.length; index += 1) sum += values[index] ?? 0;
  return sum;
}

function shuffle(values: number[], choice: SeededChoice): void {
  for (let last = values.length - 1; last > 0; last -= 1) {
    const other = choice.integer(0, last);
    [values[last], values[other]] = [values[other] ?? 0, values[last] ?? 0];
  }
}

function resampled(values: readonly number[], choice: SeededChoice): number[] {
  return values.map(() => choice.oneOf(values));
}

/** The value in the middle; of an even number the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
