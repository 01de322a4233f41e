/**
 * The relay's pace while people act. It is background work: like LEDBAT (RFC 6817) it takes what is left over, judged
 * by how much longer those in front wait than they do at their best, and not by how fast it could go itself.
 */

/** What is seen of those in front. */
export interface Seen {
  /** How long they wait now, in milliseconds. */
  readonly slowMs: number;
  /** What they do in a second: each act is work for the relay too. */
  readonly actsPerSecond: number;
}

/** Waits this much longer than at best are nobody's concern… */
const tolerated = { factor: 1.4, ms: 3 };
/** …and those this much longer call for a real step back. */
const pressing = { factor: 2, ms: 10 };

/** However long they wait, so much goes on: what people do now, up to a bell, and a little of what waits. */
const least = { perSecond: 5, withActs: 20 };
const firstPerSecond = 10;
const mostPerSecond = 2_000;
/** The best wait is remembered so long: afterwards the machine or the work may have become another. */
const bestWithinMs = 10 * 60_000;

/** Steps a second, for a look every half second. */
const growth = { factor: 1.1, perSecond: 1 };
const retreat = { gentle: 0.85, hard: 0.5 };

export class GivingWay {
  #perSecond = Infinity;
  #best: { slowMs: number; at: number }[] = [];
  #nextAt = 0;

  /** People a second; infinite while nobody acts. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Takes a look; `null` when nobody acts, and there is nobody to give way to. `now` in epoch milliseconds. */
  look(seen: Seen | null, now: number): void {
    if (seen === null) {
      this.#perSecond = Infinity;
      return;
    }
    const best = this.#bestWait(seen.slowMs, now);
    const over = (limit: { factor: number; ms: number }) => seen.slowMs > best * limit.factor + limit.ms;
    if (this.#perSecond === Infinity) this.#perSecond = firstPerSecond;
    else if (over(pressing)) this.#perSecond *= retreat.hard;
    else if (over(tolerated)) this.#perSecond *= retreat.gentle;
    else this.#perSecond = this.#perSecond * growth.factor + growth.perSecond;
    const floor = Math.min(least.withActs, least.perSecond + seen.actsPerSecond);
    this.#perSecond = Math.min(mostPerSecond, Math.max(floor, this.#perSecond));
  }

  /** How many milliseconds from `now` on the next one may go; its turn is taken. */
  take(now: number): number {
    if (this.#perSecond === Infinity) return 0;
    const everyMs = 1_000 / this.#perSecond;
    // Turns missed while there was nothing to do are gone.
    this.#nextAt = Math.max(this.#nextAt, now - everyMs) + everyMs;
    return Math.max(0, this.#nextAt - now);
  }

  #bestWait(slowMs: number, now: number): number {
    this.#best = this.#best.filter(({ at, slowMs: kept }) => at > now - bestWithinMs && kept < slowMs);
    this.#best.push({ slowMs, at: now });
    return Math.min(...this.#best.map((kept) => kept.slowMs));
  }
}
