/** What a round's calendar is worked out from, and when the next thing falls due anywhere in the ledger. */
import { sql } from 'kysely';

import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import { roundCalendar, type RoundCalendarFacts } from '../domain/round/round-calendar';
import { ledgerNow } from './clock';
import type { LedgerReader } from './database';

export interface RoundCalendarRecord {
  readonly roundId: string;
  readonly calendar: RoundCalendarFacts;
  readonly closed: boolean;
  /** The stepping clock's offset; 0 in production. */
  readonly clockOffsetMs: number;
}

/** The calendar facts of one round. Throws when there is none of that id. */
export async function getRoundCalendar(db: LedgerReader, roundId: string): Promise<RoundCalendarRecord> {
  const [record] = await readRoundCalendars(db, roundId);
  if (!record) throw new Error(`there is no round ${roundId}`);
  return record;
}

/** The calendar facts of every round, or of the one named. */
export async function readRoundCalendars(
  db: LedgerReader,
  roundId: string | null = null,
): Promise<readonly RoundCalendarRecord[]> {
  const { rows } = await sql<{
    round_id: string;
    registration_opens_at: Date | null;
    registration_ends_at: Date | null;
    settles_at: Date | null;
    closed: boolean;
    offset_ms: number;
    windows_close_at: Date[];
    session_dates: PlainDate[];
  }>`
    select r.round_id, r.registration_opens_at, r.registration_ends_at, r.settles_at, r.closed_at is not null as closed, c.offset_ms,
      array(select w.closes_at from booking_window w where w.round_id = r.round_id
        union select x.rebook_until from closure x where r.round_id = any(x.round_ids) order by 1) as windows_close_at,
      array(select distinct s.session_date::text from slot s where s.round_id = r.round_id order by 1) as session_dates
    from round r, ledger_clock c
    where ${roundId}::text is null or r.round_id = ${roundId}
    order by r.round_id
  `.execute(db);
  return rows.map((row) => ({
    roundId: row.round_id,
    closed: row.closed,
    clockOffsetMs: row.offset_ms,
    calendar: {
      registrationOpensAt: row.registration_opens_at?.toISOString() ?? null,
      registrationEndsAt: row.registration_ends_at?.toISOString() ?? null,
      settlesAt: row.settles_at?.toISOString() ?? null,
      windowsCloseAt: row.windows_close_at.map((at) => at.toISOString()),
      sessionDates: row.session_dates,
    },
  }));
}

/** The earliest instant after the ledger's now at which anything falls due: to a person, with a held place, in an open round. */
export async function nextDueInstant(db: LedgerReader): Promise<Instant | null> {
  const now = await ledgerNow(db);
  const { rows } = await sql<{ due: Date | null }>`
    select least(
      (select min(next_due_at) from citizen_outbox where next_due_at > ${now}::timestamptz),
      (select min(due_at) from card_account_case where due_at > ${now}::timestamptz),
      (select min(due_at) from freed_place where ended_at is null and due_at > ${now}::timestamptz)) as due
  `.execute(db);
  const rounds = await readRoundCalendars(db);
  const instants = rounds
    .filter(({ closed }) => !closed)
    .flatMap(({ calendar }) => roundCalendar(calendar).map(({ at }) => Date.parse(at)))
    .concat(rows[0]?.due?.getTime() ?? [])
    .filter((at) => at > Date.parse(now));
  return instants.length === 0 ? null : new Date(Math.min(...instants)).toISOString();
}

/** What has not come to rest yet. */
export interface Unrest {
  /** People whose newest state the engine has not been given. */
  readonly unsent: number;
  /** People to whom something is due and not yet done. */
  readonly due: number;
  /** Freed places of which the engine was not told, or whose next step is due. */
  readonly places: number;
  /** Applications for a card account of which the engine was not told, or whose next step is due. */
  readonly applications: number;
  /** Closures whose appointments are still being cancelled. */
  readonly closures: number;
  /** Texts that the gateway has not taken. */
  readonly texts: number;
}

/** Counts what is still under way at the ledger's now. */
export async function readUnrest(db: LedgerReader): Promise<Unrest> {
  const { rows } = await sql<Unrest>`
    select
      (select count(*) from citizen_outbox where version > sent_version) as unsent,
      (select count(*) from citizen_outbox where next_due_at <= ledger_now()) as due,
      (select count(*) from freed_place where version > told_version
        or (ended_at is null and due_at <= ledger_now())) as places,
      (select count(*) from card_account_case where version > told_version or due_at <= ledger_now()) as applications,
      (select count(*) from closure where confirmed_at is not null and carried_out_at is null) as closures,
      (select count(*) from text_message where status in ('queued', 'submitting', 'unknown')) as texts
  `.execute(db);
  const [row] = rows;
  if (!row) throw new Error('an aggregate without GROUP BY has one row');
  return row;
}
