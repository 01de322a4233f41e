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

/** A number in the line, for the person of the tag and until then. */
export interface PlaceInLine {
  readonly personTag: Buffer;
  readonly number: number;
  readonly expiresAt: Date;
}

/**
 * Gives each a place, in their order: whoever has one that has not ended keeps it, the others get the next numbers, one
 * after the other. In one statement; those of several processes go one after another, since each takes the line's row.
 */
export async function takePlaces(
  db: LedgerDb,
  personTags: readonly Buffer[],
  lifeMs: number,
): Promise<readonly PlaceInLine[]> {
  const { rows } = await sql<PlaceInLine>`
    with asked as materialized (
      select tag, min(nth) as nth, not exists (
        select from waiting_room_place p where p.person_tag = tag and p.expires_at > clock_timestamp()) as is_new
      from unnest(${[...personTags]}::bytea[]) with ordinality as t (tag, nth) group by tag
    ), numbered as (
      update waiting_room set next_number = next_number + n.count
      from (select count(*) from asked where is_new) n
      returning next_number - n.count as first
    )
    insert into waiting_room_place as p (person_tag, number, expires_at)
    select tag, first + row_number() over (order by is_new desc, nth) - 1,
      clock_timestamp() + ${lifeMs} * interval '1 millisecond'
    from asked, numbered
    on conflict (person_tag) do update set
      number = case when p.expires_at > clock_timestamp() then p.number else excluded.number end,
      expires_at = case when p.expires_at > clock_timestamp() then p.expires_at else excluded.expires_at end
    returning person_tag as "personTag", number, expires_at as "expiresAt"
  `.execute(db);
  const places = new Map(rows.map((place) => [place.personTag.toString('hex'), place]));
  return personTags.map((tag) => {
    const place = places.get(tag.toString('hex'));
    if (!place) throw new Error('a place was asked for and not given');
    return place;
  });
}

/** The place of a person with these tags that was given first and has not ended: with two numbers one has one place. */
export async function findPlace(
  db: LedgerReader,
  personTags: readonly Buffer[],
): Promise<PlaceInLine | undefined> {
  const { rows } = await sql<PlaceInLine>`
    select person_tag as "personTag", number, expires_at as "expiresAt" from waiting_room_place
    where person_tag = any(${[...personTags]}::bytea[]) and expires_at > clock_timestamp()
    order by number limit 1
  `.execute(db);
  return rows[0];
}

/** Somebody came in on the place: it ends in so long, unless it would have before. */
export async function endPlace(db: LedgerReader, personTag: Buffer, inMs: number): Promise<void> {
  await sql`
    update waiting_room_place
    set expires_at = least(expires_at, clock_timestamp() + ${inMs} * interval '1 millisecond')
    where person_tag = ${personTag}
  `.execute(db);
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
    ), places as (
      delete from waiting_room_place where expires_at < clock_timestamp()
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
