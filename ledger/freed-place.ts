/** Places that were given back: held for the waiting list where somebody waits for them, else free for everybody. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import { nextOfferTimes } from '../domain/place-offer/place-offer-rules';
import { giveBack } from './booking-places';
import type { LedgerDb, LedgerTx } from './database';
import { isWaitedFor } from './waiting-list';

/**
 * Frees one place of the slot (locked by the caller). Where somebody waits for that product in that county and there
 * is time for them to answer, the place stays taken and a row says that it is to be offered: written with the change
 * that freed it, so that neither is ever without the other. Call only for an appointment that leaves the slot in the
 * same transaction.
 */
export async function freePlace(tx: LedgerTx, slotId: number, now: Instant): Promise<void> {
  const { rows } = await sql<{
    round_id: string;
    product: string;
    county_code: string;
    starts_at: Date;
    closed: boolean;
  }>`
    select s.round_id, s.product, t.county_code, s.starts_at, s.closed_at is not null as closed
    from slot s join site t using (site_id) where s.slot_id = ${slotId}
  `.execute(tx);
  const [slot] = rows;
  const wanted = slot && {
    roundId: slot.round_id,
    product: slot.product,
    countyCode: slot.county_code,
  };
  const inTime = slot !== undefined && nextOfferTimes(slot.starts_at.toISOString(), now) !== null;
  if (wanted && inTime && !slot.closed && (await isWaitedFor(tx, wanted))) {
    await tx.insertInto('freed_place').values({ slot_id: slotId }).execute();
  } else {
    await giveBack(tx, slotId);
  }
}

/** A held place of which the engine has to be told. */
export interface UntoldPlace {
  readonly freedPlaceId: string;
  readonly version: number;
}

/** Claims held places of which the engine does not know the newest, for as long as the lease lasts. */
export async function claimUntoldPlaces(
  db: LedgerDb,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
): Promise<readonly UntoldPlace[]> {
  const { rows } = await sql<{ freed_place_id: string; version: number }>`
    update freed_place f set lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where f.freed_place_id in (
      select u.freed_place_id from freed_place u
      where u.version > u.told_version and (u.lease_until is null or u.lease_until < clock_timestamp())
      order by u.freed_at limit ${limit} for update skip locked)
    returning f.freed_place_id, f.version
  `.execute(db);
  return rows.map((row) => ({ freedPlaceId: row.freed_place_id, version: row.version }));
}

/** Marks what the engine was told; a newer version stays to be told. */
export async function markPlacesTold(db: LedgerDb, told: readonly UntoldPlace[]): Promise<void> {
  if (told.length === 0) return;
  await sql`
    update freed_place f set told_version = greatest(f.told_version, t.version), lease_until = null
    from unnest(${told.map(({ freedPlaceId }) => freedPlaceId)}::uuid[], ${told.map(({ version }) => version)}::int[])
      as t (freed_place_id, version)
    where f.freed_place_id = t.freed_place_id
  `.execute(db);
}

/** Held places whose next step is overdue are told to the engine once more: their run may be lost. Answers how many. */
export async function pokeOverduePlaces(
  db: LedgerDb,
  { graceMs }: { readonly graceMs: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update freed_place set version = version + 1, pokes = least(pokes + 1, 1000)
    where ended_at is null and version = told_version
      and due_at <= ledger_now() - ${graceMs} * interval '1 millisecond'
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** How many places are held, and how long the oldest step of one has been due, in seconds. */
export async function heldPlaces(
  db: LedgerDb,
): Promise<{ readonly held: number; readonly overdueSeconds: number }> {
  const { rows } = await sql<{ held: number; overdue: number | null }>`
    select count(*) as held, extract(epoch from ledger_now() - min(due_at))::float8 as overdue
    from freed_place where ended_at is null
  `.execute(db);
  return { held: rows[0]?.held ?? 0, overdueSeconds: Math.max(0, rows[0]?.overdue ?? 0) };
}
