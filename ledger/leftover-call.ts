/** A site begins to phone with the doses that it has left at closing time: that makes the draw of its district. */
import { sql } from 'kysely';

import { addMs, taipeiDateOf, type Instant } from '../domain/civil-time/plain-date';
import { comeWithinMs, leftoverCallFrom } from '../domain/leftover/leftover-rules';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import type { StationContext } from './attendance';
import { ledgerNow } from './clock';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { ensureDraw, revealDraw } from './leftover-draw';
import type { SlotGiven } from './place-rights';

/** A site's call with what has come of it. */
export interface LeftoverCall {
  readonly leftoverCallId: string;
  readonly product: string;
  readonly openedAt: Instant;
  readonly doses: number;
  /** How many said that they come. */
  readonly promised: number;
  readonly districtCode: string;
}

/** A call with its draw and its slot. */
export interface CallRow extends SlotGiven {
  leftover_call_id: string;
  leftover_draw_id: string;
  district_code: string;
  opened_at: Date;
  capacity: number;
  booked: number;
}

const callView = (row: CallRow): LeftoverCall => ({
  leftoverCallId: row.leftover_call_id,
  product: row.product,
  openedAt: row.opened_at.toISOString(),
  doses: row.capacity,
  promised: row.booked,
  districtCode: row.district_code,
});

/** Calls by a condition on `c` (the call) and `d` (its draw). */
export async function callRows(db: LedgerReader, which: ReturnType<typeof sql>): Promise<readonly CallRow[]> {
  const { rows } = await sql<CallRow>`
    select c.leftover_call_id, c.leftover_draw_id, c.opened_at, d.district_code, s.slot_id, s.round_id, s.site_id,
      s.product, s.session_date, s.starts_at, s.ends_at, s.capacity, s.booked
    from leftover_call c join leftover_draw d using (leftover_draw_id) join slot s using (slot_id)
    where ${which} order by c.opened_at
  `.execute(db);
  return rows;
}

/** The site's calls of today. */
export async function readLeftoverCalls(ledger: Ledger, siteId: string): Promise<readonly LeftoverCall[]> {
  const rows = await callRows(ledger.db, sql`c.site_id = ${siteId} and d.day = ledger_today()`);
  return rows.map(callView);
}

/**
 * Begins to phone for today's leftover doses of a product, which makes the draw of the district; asked again it sets
 * how many doses there are, those promised among them. Refuses with `leftoverNotThere` (the site gives none of it
 * today), `leftoverTooEarly`, `leftoverDosesPromised`.
 */
export async function openLeftoverCall(
  ledger: Ledger,
  context: StationContext,
  wish: { readonly siteId: string; readonly product: string; readonly doses: number },
): Promise<Outcome<LeftoverCall>> {
  const { siteId, product, doses } = wish;
  const now = await ledgerNow(ledger.db);
  const ofToday = sql`c.site_id = ${siteId} and c.product = ${product} and d.day = ${taipeiDateOf(now)}::date`;
  const [existing] = await callRows(ledger.db, ofToday);
  if (!existing) {
    const made = await beginCall(ledger, context, wish, now);
    if (!made.ok) return made;
  } else {
    const { numAffectedRows } = await sql`
      update slot set capacity = ${doses} where slot_id = ${existing.slot_id} and booked <= ${doses}
    `.execute(ledger.db);
    if (numAffectedRows !== 1n) return refused({ code: 'leftoverDosesPromised', promised: existing.booked });
  }
  const [row] = await callRows(ledger.db, ofToday);
  if (!row) throw new Error('a call that was opened is there');
  return accepted(callView(row));
}

async function beginCall(
  ledger: Ledger,
  context: StationContext,
  { siteId, product, doses }: { readonly siteId: string; readonly product: string; readonly doses: number },
  now: Instant,
): Promise<Outcome<null>> {
  const day = taipeiDateOf(now);
  return ledger.db.transaction().execute(async (tx): Promise<Outcome<null>> => {
    const { rows } = await sql<{ round_id: string; district_code: string; last_ends_at: Date }>`
      select s.round_id, t.district_code, (select max(a.ends_at) from slot a
          where a.site_id = s.site_id and a.session_date = s.session_date and not a.leftover) as last_ends_at
      from slot s join site t using (site_id) join round r using (round_id)
      where s.site_id = ${siteId} and s.session_date = ${day}::date and s.product = ${product} and not s.leftover
        and s.closed_at is null
        and r.closed_at is null
      order by r.loaded_at desc limit 1
    `.execute(tx);
    const [session] = rows;
    if (!session) return refused({ code: 'leftoverNotThere' });
    const opensAt = leftoverCallFrom(session.last_ends_at.toISOString());
    if (Date.parse(now) < Date.parse(opensAt)) return refused({ code: 'leftoverTooEarly', opensAt });
    const draw = await ensureDraw(ledger, tx, day, session.district_code);
    await revealDraw(tx, draw.leftoverDrawId);
    const slot = await tx
      .insertInto('slot')
      .values({
        round_id: session.round_id,
        site_id: siteId,
        product,
        session_date: day,
        // It has begun by the time anybody reads of it, so that nobody books it.
        starts_at: now,
        ends_at: addMs(now, comeWithinMs),
        capacity: doses,
        leftover: true,
      })
      .returning('slot_id')
      .executeTakeFirstOrThrow();
    const call = await tx
      .insertInto('leftover_call')
      .values({ leftover_draw_id: draw.leftoverDrawId, site_id: siteId, slot_id: slot.slot_id, product })
      .onConflict((conflict) => conflict.constraint('leftover_call_once').doNothing())
      .returning('leftover_call_id')
      .executeTakeFirst();
    if (!call) return accepted(null);
    await noteStationAct(tx, context, null, 'openLeftoverCall', {
      leftoverCallId: call.leftover_call_id,
      siteId,
      product,
      doses,
    });
    return accepted(null);
  });
}

type StationAct = 'openLeftoverCall' | 'discloseMobile' | 'phoneLeftover';

/** Into the history, without a new version: the engine owes nothing for it. */
export async function noteStationAct(
  tx: LedgerTx,
  context: StationContext,
  personKey: string | null,
  act: StationAct,
  detail: Readonly<Record<string, string | number>>,
): Promise<void> {
  await tx
    .insertInto('audit_entry')
    .values({
      person_key: personKey,
      act,
      actor: context.actor,
      channel: context.channel,
      detail: JSON.stringify(detail),
    })
    .execute();
}
