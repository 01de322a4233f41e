/** Closures (a typhoon day): proposed with a preview, confirmed by a second operator, opened again. */
import { sql } from 'kysely';

import { rebookUntil, type ClosureReason, type ClosureScope } from '../domain/closure/closure';
import { addDays, taipeiInstant, type Instant, type PlainDate } from '../domain/civil-time/plain-date';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import { ledgerNow } from './clock';
import { inScope, previewClosure, type ClosurePreview } from './closure-preview';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { recordOperatorAct } from './operator-audit';

export interface ClosureWish extends ClosureScope {
  /** A name of the operators' choice, e.g. `typhoon-0724`; it is the workflow's too. */
  readonly closureId: string;
  readonly reason: ClosureReason;
}

/** How far a closure is. `underWay`: closed, its appointments are being cancelled. */
export type ClosureState = 'proposed' | 'underWay' | 'carriedOut' | 'reopened';

export interface ClosureView extends ClosureWish {
  readonly state: ClosureState;
  readonly proposedBy: string;
  readonly proposedAt: Instant;
  readonly confirmedBy: string | null;
  readonly confirmedAt: Instant | null;
  readonly carriedOutAt: Instant | null;
  readonly reopenedAt: Instant | null;
  /** Until when those whose appointments it cancelled may book again; null before it is confirmed. */
  readonly rebookUntil: Instant | null;
  /** Windows that it closed; null before it is confirmed. */
  readonly windows: number | null;
  /** Appointments that it has cancelled so far, and those that it will yet. */
  readonly cancelled: number;
  readonly toCancel: number;
}

export interface PreviewedClosure {
  readonly closure: ClosureView;
  readonly preview: ClosurePreview;
}

interface ClosureRow {
  closure_id: string;
  reason: ClosureReason;
  county_codes: string[];
  district_codes: string[];
  site_ids: string[];
  dates: PlainDate[];
  proposed_by: string;
  proposed_at: Date;
  confirmed_by: string | null;
  confirmed_at: Date | null;
  carried_out_at: Date | null;
  reopened_at: Date | null;
  rebook_until: Date | null;
  windows: number | null;
}

const columns = sql`x.closure_id, x.reason, x.county_codes, x.district_codes, x.site_ids, x.dates::text[] as dates,
  x.proposed_by, x.proposed_at, x.confirmed_by, x.confirmed_at, x.carried_out_at, x.reopened_at, x.rebook_until, x.windows`;

/**
 * Proposes a closure, or changes a proposal, and shows what it would do; nothing is closed yet. Refuses with
 * `closureConfirmed`, `closureInPast` (a day before today) and `closureEmpty`.
 */
export async function proposeClosure(
  ledger: Ledger,
  operatorId: string,
  wish: ClosureWish,
): Promise<Outcome<PreviewedClosure>> {
  const proposal = await ledger.db.transaction().execute(async (tx): Promise<Outcome<ClosurePreview>> => {
    const known = await lockClosure(tx, wish.closureId);
    if (known?.confirmed_at) return refused({ code: 'closureConfirmed' });
    if (await isPast(tx, wish.dates)) return refused({ code: 'closureInPast' });
    const preview = await previewClosure(tx, wish);
    if (preview.windows === 0) return refused({ code: 'closureEmpty' });
    const scope = {
      reason: wish.reason,
      county_codes: [...wish.countyCodes],
      district_codes: [...wish.districtCodes],
      site_ids: [...wish.siteIds],
      dates: [...wish.dates],
      proposed_by: operatorId,
    };
    await tx
      .insertInto('closure')
      .values({ closure_id: wish.closureId, ...scope })
      .onConflict((conflict) =>
        conflict.column('closure_id').doUpdateSet({ ...scope, proposed_at: sql<Date>`ledger_now()` }),
      )
      .execute();
    const { closureId, reason } = wish;
    const { windows, appointments, digest } = preview;
    await recordOperatorAct(tx, operatorId, 'proposeClosure', {
      ...{ closureId, reason, windows, appointments, digest },
    });
    return accepted(preview);
  });
  if (!proposal.ok) return proposal;
  return accepted({ closure: await getClosure(ledger.db, wish.closureId), preview: proposal.value });
}

/**
 * Closes the windows at once and for good measure in the same transaction; the workflow `closure/<id>` then cancels
 * their appointments. `digest` and `atMost` are what the second operator saw: other windows, or more appointments than
 * that, and it is refused with `closureDiffers`. Refuses also with `closureUnknown`, `secondOperatorNeeded`,
 * `closureInPast`, `closureEmpty`. Confirming again what is confirmed changes nothing.
 */
export async function confirmClosure(
  ledger: Ledger,
  operatorId: string,
  wish: { readonly closureId: string; readonly digest: string; readonly atMost: number },
): Promise<Outcome<ClosureView>> {
  const { closureId } = wish;
  const outcome = await ledger.db.transaction().execute(async (tx): Promise<Outcome<null>> => {
    const row = await lockClosure(tx, closureId);
    if (!row) return refused({ code: 'closureUnknown' });
    if (row.confirmed_at) return accepted(null);
    if (row.proposed_by === operatorId) return refused({ code: 'secondOperatorNeeded' });
    if (await isPast(tx, row.dates)) return refused({ code: 'closureInPast' });
    const scope = { closureId, reason: row.reason, ...scopeOf(row) };
    // Whoever is booking in one of them now is waited for; who comes later finds it closed.
    await sql`select count(*) from (
      select from slot s where ${inScope(scope)} order by s.slot_id for no key update) locked`.execute(tx);
    const { windows, appointments, digest } = await previewClosure(tx, scope);
    if (windows === 0) return refused({ code: 'closureEmpty' });
    if (digest !== wish.digest || appointments > wish.atMost) {
      return refused({ code: 'closureDiffers', digest, appointments });
    }
    const lastDay = row.dates.toSorted().at(-1) ?? '';
    const until = rebookUntil(await ledgerNow(tx), taipeiInstant(addDays(lastDay, 1), 0));
    await sql`
      with closed as (
        update slot s set closed_at = ledger_now(), closure_id = ${closureId} where ${inScope(scope)} returning s.round_id
      ), concerned as (
        select coalesce(array_agg(distinct round_id), '{}') as round_ids, count(*) as windows from closed
      ), told as (
        -- Their windows are open longer now.
        update round r set changed_at = ledger_now() from concerned c where r.round_id = any(c.round_ids)
      )
      update closure x set confirmed_by = ${operatorId}, confirmed_at = ledger_now(), windows = c.windows,
        round_ids = c.round_ids, rebook_until = ${until}::timestamptz
      from concerned c where x.closure_id = ${closureId}
    `.execute(tx);
    await recordOperatorAct(tx, operatorId, 'confirmClosure', { closureId, windows, appointments, digest });
    return accepted(null);
  });
  return outcome.ok ? accepted(await getClosure(ledger.db, closureId)) : outcome;
}

/**
 * Opens what is still to come of the windows again, with the places that they had. Who was cancelled is not booked
 * again by it; they may book anew. Refuses with `closureUnknown`, `closureNotConfirmed`, `closureUnderWay`.
 */
export async function reopenClosure(
  ledger: Ledger,
  operatorId: string,
  closureId: string,
): Promise<Outcome<ClosureView>> {
  const outcome = await ledger.db.transaction().execute(async (tx): Promise<Outcome<null>> => {
    const row = await lockClosure(tx, closureId);
    if (!row) return refused({ code: 'closureUnknown' });
    if (!row.confirmed_at) return refused({ code: 'closureNotConfirmed' });
    if (!row.carried_out_at) return refused({ code: 'closureUnderWay' });
    if (row.reopened_at) return accepted(null);
    const toCome = sql`s.closure_id = ${closureId} and s.starts_at > ledger_now()`;
    await sql`select count(*) from (
      select from slot s where ${toCome} order by s.slot_id for no key update) locked`.execute(tx);
    const { rows } = await sql`
      update slot s set closed_at = null, closure_id = null, capacity = capacity_when_open, capacity_when_open = null
      where ${toCome} returning s.slot_id
    `.execute(tx);
    await sql`update closure set reopened_at = ledger_now() where closure_id = ${closureId}`.execute(tx);
    await recordOperatorAct(tx, operatorId, 'reopenClosure', { closureId, windows: rows.length });
    return accepted(null);
  });
  return outcome.ok ? accepted(await getClosure(ledger.db, closureId)) : outcome;
}

/** A closure with what it would do where it is only proposed. */
export async function findClosure(
  db: LedgerReader,
  closureId: string,
): Promise<{ readonly closure: ClosureView; readonly preview: ClosurePreview | null } | undefined> {
  const closure = (await readClosures(db, closureId))[0];
  if (!closure) return undefined;
  return { closure, preview: closure.confirmedAt === null ? await previewClosure(db, closure) : null };
}

async function getClosure(db: LedgerReader, closureId: string): Promise<ClosureView> {
  const [closure] = await readClosures(db, closureId);
  if (!closure) throw new Error('a closure that was just written is there');
  return closure;
}

/** All closures, or the one named, the newest first. */
export async function readClosures(
  db: LedgerReader,
  closureId: string | null = null,
): Promise<readonly ClosureView[]> {
  const { rows } = await sql<ClosureRow & { cancelled: number; to_cancel: number }>`
    select ${columns},
      (select count(*) from appointment a where a.closure_id = x.closure_id) as cancelled,
      (select count(*) from slot s join appointment a on a.slot_id = s.slot_id and a.status = 'booked'
        where s.closure_id = x.closure_id) as to_cancel
    from closure x where ${closureId}::text is null or x.closure_id = ${closureId}
    order by x.proposed_at desc, x.closure_id limit 100
  `.execute(db);
  return rows.map((row) => ({
    closureId: row.closure_id,
    reason: row.reason,
    ...scopeOf(row),
    state: stateOf(row),
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at.toISOString(),
    confirmedBy: row.confirmed_by,
    confirmedAt: row.confirmed_at?.toISOString() ?? null,
    carriedOutAt: row.carried_out_at?.toISOString() ?? null,
    reopenedAt: row.reopened_at?.toISOString() ?? null,
    rebookUntil: row.rebook_until?.toISOString() ?? null,
    windows: row.windows,
    cancelled: row.cancelled,
    toCancel: row.to_cancel,
  }));
}

function stateOf(row: ClosureRow): ClosureState {
  if (!row.confirmed_at) return 'proposed';
  if (!row.carried_out_at) return 'underWay';
  return row.reopened_at ? 'reopened' : 'carriedOut';
}

const scopeOf = (row: ClosureRow): ClosureScope => ({
  countyCodes: row.county_codes,
  districtCodes: row.district_codes,
  siteIds: row.site_ids,
  dates: row.dates,
});

async function lockClosure(tx: LedgerTx, closureId: string): Promise<ClosureRow | undefined> {
  const { rows } = await sql<ClosureRow>`
    select ${columns} from closure x where x.closure_id = ${closureId} for update
  `.execute(tx);
  return rows[0];
}

async function isPast(db: LedgerReader, dates: readonly PlainDate[]): Promise<boolean> {
  const { rows } = await sql<{ past: boolean }>`
    select exists (select from unnest(${[...dates]}::date[]) d (day) where d.day < ledger_today()) as past
  `.execute(db);
  return rows[0]?.past ?? false;
}
