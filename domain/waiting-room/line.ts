/** The line (排隊) before the door: numbers in the order of coming, put in random order where a bell rang. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

import type { Instant } from '../civil-time/plain-date';

/** Everybody who waited when a bell rang was put in an order of chance. */
export interface Draw {
  /** The opening of a booking window or of registration. */
  readonly bellAt: Instant;
  /** Places from this one on, the first included, the end not. */
  readonly first: number;
  readonly end: number;
  /** Four 32-bit numbers, drawn when the bell rang: nobody could choose a number by it. */
  readonly seed: readonly number[];
}

/** A draw with its order worked out: who stood at `first + i` stands at `first + order[i]` afterwards. */
export interface DrawnOrder extends Draw {
  readonly order: Uint32Array;
}

/** Works out the order (Fisher–Yates): the same for the same draw, wherever and whenever. */
export function drawnOrder(draw: Draw): DrawnOrder {
  const generator = xoroshiro128plusFromState(draw.seed);
  const order = Uint32Array.from({ length: Math.max(0, draw.end - draw.first) }, (_, index) => index);
  for (let last = order.length - 1; last > 0; last -= 1) {
    const chosen = uniformInt(generator, 0, last);
    const moved = order[last] ?? 0;
    order[last] = order[chosen] ?? 0;
    order[chosen] = moved;
  }
  return { ...draw, order };
}

/** Where somebody stands: their number, as the draws since then moved it. Draws stand in the order of their bells. */
export function placeOf(number: number, draws: readonly DrawnOrder[]): number {
  return draws.reduce(
    (place, { first, end, order }) =>
      place >= first && place < end ? first + (order[place - first] ?? 0) : place,
    number,
  );
}
