/** One ring of the bell: many wishes at a fixed rate, and what became of them. */

export interface BellWish {
  readonly personKey: string;
  readonly slotId: number;
}

export interface BellRing {
  readonly ports: readonly number[];
  /** Requests a second, whatever the answers do. */
  readonly rate: number;
  readonly wishes: readonly BellWish[];
  /** Browsers in all; a request that finds none free waits, and its time counts. */
  readonly connections: number;
  /** Base64. */
  readonly sessionKey: string;
}

/** An acknowledged booking; `ms` from the instant at which the request should have left, `atMs` from the first of all. */
interface Acknowledged extends BellWish {
  readonly number: string;
  readonly ms: number;
  readonly atMs: number;
}

export interface BellResult {
  readonly booked: Acknowledged[];
  readonly refused: { readonly ms: number; readonly atMs: number }[];
  readonly failed: { readonly status: number; readonly code: string }[];
  tookMs: number;
}

/** The value below which this share of the sorted values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Bookings a second while places last: acceptances up to the one after which a twentieth is left, by their time. */
export function bookingsPerSecond({ booked }: BellResult): number {
  const times = booked.map(({ atMs }) => atMs);
  return (times.length * 0.95) / (quantile(times, 0.95) / 1000);
}

/** Refusals a second once no place was left. */
export function refusalsPerSecond({ booked, refused, tookMs }: BellResult): number {
  const soldOutMs = Math.max(...booked.map(({ atMs }) => atMs));
  return refused.filter(({ atMs }) => atMs > soldOutMs).length / ((tookMs - soldOutMs) / 1000);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
