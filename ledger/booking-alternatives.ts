/**
 * The windows offered in place of a full one, none older than a second. When a hot window fills, refusals must not be
 * dearer than bookings: all who are refused within a second share what one of them asked.
 */
import type { Instant } from '../domain/civil-time/plain-date';
import type { FreeSlot } from '../domain/refusal/refusals';
import type { Ledger } from './database';
import { alternativesTo } from './site';

/** How many free windows someone is offered who lost the race for a place. */
const alternativesOffered = 3;
const freshForMs = 1_000;

interface Offered {
  readonly slots: Promise<readonly FreeSlot[]>;
  readonly askedAt: number;
}

const offeredBy = new WeakMap<Ledger, Map<string, Offered>>();

/** Free windows instead of `slotId`, starting not before `from`. */
export async function alternativesFor(
  ledger: Ledger,
  slotId: number,
  from: Instant | null,
): Promise<readonly FreeSlot[]> {
  const offered = offeredBy.get(ledger) ?? new Map<string, Offered>();
  offeredBy.set(ledger, offered);
  const key = `${String(slotId)} ${from ?? ''}`;
  const known = offered.get(key);
  if (known && performance.now() - known.askedAt < freshForMs) return known.slots;
  const slots = alternativesTo(ledger.db, slotId, { from, limit: alternativesOffered });
  offered.set(key, { slots, askedAt: performance.now() });
  setTimeout(() => offered.delete(key), freshForMs).unref();
  slots.catch(() => offered.delete(key));
  return slots;
}
