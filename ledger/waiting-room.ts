/** The waiting room as the ledger keeps it for all processes: the line, who leads it, what each process sees. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Door, DoorLoad } from '../domain/waiting-room/door';
import type { Draw } from '../domain/waiting-room/line';
import type { Ledger, LedgerDb, LedgerReader } from './database';

/** What one process saw in its last second. */
export interface DoorReport {
  readonly processId: string;
  readonly arrivalsPerSecond: number;
  readonly strained: boolean;
}

export interface WaitingRoom extends Door, Omit<DoorLoad, 'msToBell'> {
  /** The ledger's time, by which bells ring. */
  readonly ledgerNow: Instant;
  /** Openings up to then have rung. */
  readonly rungThrough: Instant;
  /** Draws that still move somebody, in the order of their bells. */
  readonly draws: readonly Draw[];
  /** Processes that reported lately. */
  readonly processes: number;
}

/** What the process that leads decides; `bell`: an opening that rings now, with a seed drawn now. */
export interface DoorDecision {
  readonly door: Door;
  readonly bell?: { readonly at: Instant; readonly seed: readonly number[] };
}

/** A process that was not heard of for so long leads no more and counts no more. */
const silenceMs = 3_000;

/**
 * Reports what this process saw and asks whether it leads: the one that led last, until it falls silent; then whoever
 * asks first.
 */
export async function reportAtDoor(db: LedgerDb, report: DoorReport): Promise<{ readonly leads: boolean }> {
  const { rows } = await sql`
    with reported as (
      insert into waiting_room_report (process_id, arrivals_per_second, strained)
      values (${report.processId}, ${report.arrivalsPerSecond}, ${report.strained})
      on conflict (process_id) do update set reported_at = clock_timestamp(),
        arrivals_per_second = excluded.arrivals_per_second, strained = excluded.strained
    )
    update waiting_room
    set leader = ${report.processId}, leads_until = clock_timestamp() + ${silenceMs} * interval '1 millisecond'
    where leader = ${report.processId} or leads_until is null or leads_until < clock_timestamp()
    returning 1
  `.execute(db);
  return { leads: rows.length > 0 };
}

/** The room as it is. */
export async function readWaitingRoom(db: LedgerReader): Promise<WaitingRoom> {
  return roomOf((await roomRow(db, false))[0]);
}

/** Lets the leading process decide how it goes on, with the line locked. Answers the room as it is then. */
export async function moveWaitingRoom(
  ledger: Ledger,
  processId: string,
  decide: (room: WaitingRoom) => DoorDecision,
): Promise<WaitingRoom> {
  return ledger.db.transaction().execute(async (tx) => {
    const row = (await roomRow(tx, true))[0];
    const room = roomOf(row);
    // It may have been silent too long meanwhile, and another one leads.
    if (row?.leader !== processId) return room;
    const { door, bell } = decide(room);
    if (bell && room.admitted < room.nextNumber) {
      await sql`insert into waiting_room_draw (bell_at, first_place, end_place, seed)
        values (${bell.at}, ${room.admitted}, ${room.nextNumber}, ${[...bell.seed]}::integer[])
        on conflict do nothing`.execute(tx);
    }
    const begins = room.shutAt === null && door.shutAt !== null;
    if (begins || bell || !isSame(door, room)) {
      await sql`
        update waiting_room set shut_at = ${dateOf(door.shutAt)}, admitted = ${door.admitted},
          moved_at = ${dateOf(door.movedAt)}, calm_since = ${dateOf(door.calmSince)},
          rung_through = ${begins || bell ? room.ledgerNow : room.rungThrough}`.execute(tx);
    }
    return roomOf((await roomRow(tx, false))[0]);
  });
}

/** Gives out `count` numbers, one after the other, and answers the first. */
export async function takeNumbers(db: LedgerDb, count: number): Promise<number> {
  const { rows } = await sql<{ first: number }>`
    update waiting_room set next_number = next_number + ${count} returning next_number - ${count} as first
  `.execute(db);
  const [row] = rows;
  if (!row) throw new Error('there is no waiting room');
  return Number(row.first);
}

/** Operations keep the line, or leave it to the load again. */
export async function keepShut(db: LedgerReader, kept: boolean): Promise<void> {
  await sql`update waiting_room set kept_shut = ${kept}`.execute(db);
}

/** Removes what no ticket can need any more. Answers how many rows. */
export async function sweepWaitingRoom(ledger: Ledger, ticketLifeMs: number): Promise<number> {
  const { numAffectedRows } = await sql`
    with reports as (
      delete from waiting_room_report where reported_at < clock_timestamp() - interval '1 hour'
    )
    delete from waiting_room_draw where drawn_at < clock_timestamp() - ${ticketLifeMs} * interval '1 millisecond'
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}

interface RoomRow {
  shut_at: Date | null;
  kept_shut: boolean;
  next_number: number;
  admitted: number;
  moved_at: Date;
  calm_since: Date | null;
  rung_through: Date;
  leader: string | null;
  now: Date;
  ledger_now: Date;
  processes: number;
  arrivals: number;
  strained: boolean;
  draws: { bellAt: string; first: number; end: number; seed: number[] }[] | null;
}

async function roomRow(db: LedgerReader, locked: boolean): Promise<readonly RoomRow[]> {
  const { rows } = await sql<RoomRow>`
    select w.shut_at, w.kept_shut, w.next_number, w.admitted, w.moved_at, w.calm_since, w.rung_through, w.leader,
      clock_timestamp() as now, ledger_now() as ledger_now, seen.*,
      (select json_agg(json_build_object('bellAt', d.bell_at, 'first', d.first_place, 'end', d.end_place,
          'seed', d.seed) order by d.drawn_at, d.bell_at)
        from waiting_room_draw d where d.end_place > w.admitted) as draws
    from waiting_room w
    cross join lateral (
      select count(*)::int as processes, coalesce(sum(arrivals_per_second), 0) as arrivals,
        coalesce(bool_or(strained), false) as strained
      from waiting_room_report
      where reported_at > clock_timestamp() - ${silenceMs} * interval '1 millisecond'
    ) seen
    ${locked ? sql`for no key update of w` : sql``}
  `.execute(db);
  return rows;
}

function roomOf(row: RoomRow | undefined): WaitingRoom {
  if (!row) throw new Error('there is no waiting room');
  return {
    shutAt: row.shut_at?.getTime() ?? null,
    keptShut: row.kept_shut,
    nextNumber: row.next_number,
    admitted: row.admitted,
    movedAt: row.moved_at.getTime(),
    calmSince: row.calm_since?.getTime() ?? null,
    now: row.now.getTime(),
    ledgerNow: row.ledger_now.toISOString(),
    rungThrough: row.rung_through.toISOString(),
    processes: row.processes,
    arrivalsPerSecond: row.arrivals,
    strained: row.strained,
    draws: (row.draws ?? []).map((draw) => ({ ...draw, bellAt: new Date(draw.bellAt).toISOString() })),
  };
}

function isSame(a: Door, b: Door): boolean {
  return (
    a.shutAt === b.shutAt &&
    a.admitted === b.admitted &&
    a.movedAt === b.movedAt &&
    a.calmSince === b.calmSince
  );
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
