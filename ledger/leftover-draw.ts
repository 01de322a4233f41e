/**
 * The draw for the leftover doses of a day in a district: its seed is committed to before anybody asks, revealed when
 * the first site phones, and decides the order of the tickets, which anyone can work out again.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import { leftoverDays, type LeftoverResult } from '../domain/leftover/leftover-rules';
import { ledgerNow } from './clock';
import type { Ledger, LedgerReader } from './database';
import { seal, unseal } from './encryption';

export interface Draw {
  readonly leftoverDrawId: string;
  readonly day: PlainDate;
  readonly districtCode: string;
  /** SHA-256 of the seed's text, hexadecimal. */
  readonly commitment: string;
  readonly committedAt: Instant;
  /** Null until the first site of the district phones. */
  readonly drawnAt: Instant | null;
}

interface DrawRow {
  leftover_draw_id: string;
  day: PlainDate;
  district_code: string;
  seed_cipher: Buffer;
  commitment: Buffer;
  committed_at: Date;
  drawn_at: Date | null;
}

const seedBytes = 32;
const sha256 = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/** A ticket with the hash that gives it its place: SHA-256 over `<seed>/<ticket>`, hexadecimal. */
export interface DrawnTicket {
  readonly ticket: string;
  readonly hash: string;
}

/** The order of the tickets by that seed: the smallest hash first. */
export function drawnOrder(seed: string, tickets: readonly string[]): readonly DrawnTicket[] {
  return tickets
    .map((ticket) => ({ ticket, hash: sha256(`${seed}/${ticket}`).toString('hex') }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
}

/** The draw of that day and district, made with its commitment where it is not there yet. */
export async function ensureDraw(
  ledger: Pick<Ledger, 'keys'>,
  db: LedgerReader,
  day: PlainDate,
  districtCode: string,
): Promise<Draw> {
  const seed = randomBytes(seedBytes).toString('hex');
  const id = randomUUID();
  await db
    .insertInto('leftover_draw')
    .values({
      leftover_draw_id: id,
      day,
      district_code: districtCode,
      seed_cipher: seal(ledger.keys, id, seed),
      commitment: sha256(seed),
    })
    .onConflict((conflict) => conflict.constraint('leftover_draw_once').doNothing())
    .execute();
  const draw = await findDraw(db, day, districtCode);
  if (!draw) throw new Error('a draw that was made is there');
  return draw;
}

/** Commits to the seeds of today and tomorrow wherever doses are given. Answers how many draws were made. */
export async function commitDraws(ledger: Ledger): Promise<number> {
  const days = leftoverDays(await ledgerNow(ledger.db));
  const { rows } = await sql<{ day: PlainDate; district_code: string }>`
    select distinct s.session_date as day, t.district_code
    from round r join slot s using (round_id) join site t using (site_id)
    where r.closed_at is null and s.session_date = any(${[...days]}::date[])
      and not exists (select from leftover_draw d where d.day = s.session_date and d.district_code = t.district_code)
  `.execute(ledger.db);
  for (const { day, district_code } of rows) await ensureDraw(ledger, ledger.db, day, district_code);
  return rows.length;
}

/** The draw, if it was committed to. */
export async function findDraw(
  db: LedgerReader,
  day: PlainDate,
  districtCode: string,
): Promise<Draw | undefined> {
  const row = await drawRow(db, sql`day = ${day}::date and district_code = ${districtCode}`);
  return row && drawOf(row);
}

async function drawRow(db: LedgerReader, which: ReturnType<typeof sql>): Promise<DrawRow | undefined> {
  const { rows } = await sql<DrawRow>`select * from leftover_draw where ${which}`.execute(db);
  return rows[0];
}

const drawOf = (row: DrawRow): Draw => ({
  leftoverDrawId: row.leftover_draw_id,
  day: row.day,
  districtCode: row.district_code,
  commitment: row.commitment.toString('hex'),
  committedAt: row.committed_at.toISOString(),
  drawnAt: row.drawn_at?.toISOString() ?? null,
});

/** Reveals the seed for good: from here on nobody asks or steps back. Waits for who is asking just now. */
export async function revealDraw(tx: LedgerReader, leftoverDrawId: string): Promise<void> {
  await sql`select from leftover_draw where leftover_draw_id = ${leftoverDrawId}::uuid for update`.execute(
    tx,
  );
  await sql`update leftover_draw set drawn_at = ledger_now()
    where leftover_draw_id = ${leftoverDrawId}::uuid and drawn_at is null`.execute(tx);
}

/** The tickets of a draw that was revealed, in its order. */
export async function orderedTickets(
  ledger: Pick<Ledger, 'keys'>,
  db: LedgerReader,
  leftoverDrawId: string,
): Promise<{ readonly seed: string; readonly tickets: readonly DrawnTicket[] }> {
  const row = await drawRow(db, sql`leftover_draw_id = ${leftoverDrawId}::uuid`);
  if (!row?.drawn_at) throw new Error('the seed of a draw stays sealed until it is drawn');
  const seed = unseal(ledger.keys, row.leftover_draw_id, row.seed_cipher);
  const asked = await db
    .selectFrom('leftover_request')
    .select('ticket')
    .where('leftover_draw_id', '=', leftoverDrawId)
    .where('withdrawn_at', 'is', null)
    .execute();
  const tickets = drawnOrder(
    seed,
    asked.map(({ ticket }) => ticket),
  );
  return { seed, tickets };
}

/** A ticket as everybody may read it; `phoned` while its turn is under way, null before it. */
export interface PublishedTicket extends DrawnTicket {
  readonly place: number;
  readonly outcome: LeftoverResult | 'phoned' | null;
}

/** What is published of a draw: the commitment always, seed and order once it is drawn. Nothing personal. */
export interface PublishedDraw extends Omit<Draw, 'leftoverDrawId'> {
  readonly seed: string | null;
  /** How many asked. */
  readonly asked: number;
  readonly tickets: readonly PublishedTicket[];
}

/** Undefined where no draw was committed to. */
export async function readPublishedDraw(
  ledger: Ledger,
  day: PlainDate,
  districtCode: string,
): Promise<PublishedDraw | undefined> {
  const draw = await findDraw(ledger.db, day, districtCode);
  if (!draw) return undefined;
  const { leftoverDrawId, ...published } = draw;
  if (draw.drawnAt === null) {
    const { rows } = await sql<{ asked: number }>`select count(*) as asked from leftover_request
      where leftover_draw_id = ${leftoverDrawId}::uuid and withdrawn_at is null`.execute(ledger.db);
    return { ...published, seed: null, asked: rows[0]?.asked ?? 0, tickets: [] };
  }
  const { seed, tickets } = await orderedTickets(ledger, ledger.db, leftoverDrawId);
  const outcomes = await outcomesOf(ledger.db, leftoverDrawId);
  return {
    ...published,
    seed,
    asked: tickets.length,
    tickets: tickets.map((drawn, index) => ({
      ...drawn,
      place: index + 1,
      outcome: outcomes.get(drawn.ticket) ?? null,
    })),
  };
}

/** What came of each ticket: of several sites the one that reached the person counts before one that passed them over. */
async function outcomesOf(
  db: LedgerReader,
  leftoverDrawId: string,
): Promise<ReadonlyMap<string, LeftoverResult | 'phoned'>> {
  const { rows } = await sql<{ ticket: string; result: LeftoverResult | null }>`
    select n.ticket, n.result from leftover_turn n join leftover_call c using (leftover_call_id)
    where c.leftover_draw_id = ${leftoverDrawId}::uuid
    order by n.result is not distinct from 'passedOver' desc
  `.execute(db);
  return new Map(rows.map(({ ticket, result }) => [ticket, result ?? 'phoned']));
}
