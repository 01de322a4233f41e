/** Choices that look random and are the same for the same seed, so that the demonstration set never changes by itself. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A source of choices; each one moves it on. */
export interface SeededChoice {
  /** A whole number, both ends included. */
  integer(from: number, to: number): number;
  /** One of the things; throws when there are none. */
  oneOf<T>(things: readonly T[]): T;
  /** True about once in `times`. */
  onceIn(times: number): boolean;
  /** `count` different things, in an order of chance. */
  several<T>(things: readonly T[], count: number): T[];
}

export function seededChoice(seed: number): SeededChoice {
  const generator = xoroshiro128plus(seed);
  const integer = (from: number, to: number): number => uniformInt(generator, from, to);
  const oneOf = <T>(things: readonly T[]): T => {
    if (things.length === 0) throw new RangeError('there is nothing to choose from');
    return things[integer(0, things.length - 1)] as T;
  };
  const several = <T>(things: readonly T[], count: number): T[] => {
    const left = [...things];
    return Array.from({ length: Math.min(count, left.length) }, () =>
      left.splice(integer(0, left.length - 1), 1),
    ).flat();
  };
  return { integer, oneOf, onceIn: (times) => integer(1, times) === 1, several };
}
