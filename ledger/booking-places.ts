/** The places of a window: taken and given back under the slot's lock, so that it is never oversold. */
import { sql } from 'kysely';

import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import { refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import { alternativesFor } from './booking-alternatives';
import { citizenCommand, type CommandContext, type Decision, type LockedPerson } from './citizen-command';
import type { Ledger, LedgerReader, LedgerTx } from './database';

/** A slot as read under its lock. */
export interface LockedSlot {
  readonly slot_id: number;
  readonly round_id: string;
  readonly site_id: string;
  readonly product: string;
  readonly session_date: PlainDate;
  readonly starts_at: Date;
  readonly ends_at: Date;
  /** Null while the authority has not closed it. */
  readonly closed_at: Date | null;
  readonly left: number;
}

/** Refuses because the window is full; what is offered instead starts not before `from`. */
export type RefuseFull = (from: Instant | null) => { readonly refusal: Refusal };

/**
 * Runs `decide` for a place in `slotId`, with that slot, `otherSlots` and the person locked. A slot that is already
 * full is not locked, so that those who are refused do not queue with those who book. `slotFull` comes back with the
 * next free windows, looked up when the locks are gone.
 */
export async function withPlaceIn<T>(
  ledger: Ledger,
  context: CommandContext,
  slotId: number,
  otherSlots: readonly number[],
  decide: (tx: LedgerTx, person: LockedPerson, slot: LockedSlot, full: RefuseFull) => Promise<Decision<T>>,
): Promise<Outcome<T>> {
  const wasFull = (await findLockedSlot(ledger.db, slotId))?.left === 0;
  const locks = wasFull ? otherSlots : [slotId, ...otherSlots];
  let offerFrom: Instant | null = null;
  const refuseFull: RefuseFull = (from) => {
    offerFrom = from;
    return { refusal: { code: 'slotFull', alternatives: [] } };
  };
  const outcome = await citizenCommand<T>(ledger, context, locks, async (tx, person) => {
    // Only this statement, begun with the locks held, sees what was committed while they were waited for.
    const slot = await findLockedSlot(tx, slotId);
    if (!slot) return { refusal: { code: 'slotUnknown' } };
    return decide(tx, person, wasFull ? { ...slot, left: 0 } : slot, refuseFull);
  });
  if (outcome.ok || outcome.refusal.code !== 'slotFull') return outcome;
  return refused({ code: 'slotFull', alternatives: await alternativesFor(ledger, slotId, offerFrom) });
}

async function findLockedSlot(db: LedgerReader, slotId: number): Promise<LockedSlot | undefined> {
  const { rows } = await sql<LockedSlot>`
    select slot_id, round_id, site_id, product, session_date, starts_at, ends_at, closed_at,
      greatest(capacity - booked, 0) as "left"
    from slot where slot_id = ${slotId}
  `.execute(db);
  return rows[0];
}

/** Takes one place if there is one; a slot that was not locked because it was full is left alone. */
export async function takePlace(tx: LedgerTx, slot: LockedSlot): Promise<boolean> {
  if (slot.left === 0) return false;
  const { rows } = await sql`
    update slot set booked = booked + 1 where slot_id = ${slot.slot_id} and booked < capacity returning slot_id
  `.execute(tx);
  return rows.length === 1;
}

/** Gives one place back. Call only for an appointment that was booked and, in the same transaction, leaves the slot. */
export async function giveBack(tx: LedgerTx, slotId: number): Promise<void> {
  await sql`update slot set booked = booked - 1 where slot_id = ${slotId}`.execute(tx);
}
