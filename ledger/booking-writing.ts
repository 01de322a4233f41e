/**
 * The writing of a booking batch: one transaction in two statements. The first locks, slots by id and then people by
 * id. Only the second, which begins with the locks held and so sees all that was committed while the first waited,
 * takes the places: of each wish whose facts are still those it was decided on, in the order of asking.
 */
import { DatabaseError, type PoolClient, type QueryResult } from 'pg';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Mobile } from '../domain/person-number/mobile';
import type { TextLanguage } from '../domain/text-message/templates';
import type { SlotFacts } from './booking-facts';
import type { Right } from './booking-rights';
import type { AppointmentView } from './booking-views';
import type { CommandContext } from './citizen-command';
import { seal, type LedgerKeys } from './encryption';
import type { SiteView } from './site';
import { arrayOf } from './statement-arrays';

/** A wish that was found good on the facts of `rowVersion`. */
export interface PlaceToTake {
  readonly personKey: string;
  readonly slotId: number;
  readonly context: CommandContext;
  readonly slot: SlotFacts;
  readonly right: Right;
  readonly rowVersion: string;
  readonly mobile: Mobile;
  readonly language: TextLanguage;
  /** Given to the wish when it came in, so that what it wrote can be told from what others did. */
  readonly contactId: string;
  /** Trace of the request, as the outbox keeps it. */
  readonly traceParent: string | null;
}

/** `changed`: the person's facts are no longer those of the decision, and nothing was done. */
export type TakingAnswer =
  | { readonly answer: 'booked'; readonly appointmentNumber: string; readonly bookedAt: Instant }
  | { readonly answer: 'full' }
  | { readonly answer: 'changed' };

/** The transaction may or may not have been committed: the connection broke before the answer came. */
export class UnknownOutcome extends Error {
  constructor(override readonly cause: unknown) {
    super('the connection broke before the answer came');
  }
}

const lockStatement = {
  name: 'booking-lock',
  // People are locked when all slots are: the condition on the first makes the second wait for it.
  text: `
    with slots as materialized (
      select slot_id from slot where slot_id = any($1::bigint[]) order by slot_id for no key update
    ), people as materialized (
      select person_key from person where person_key = any($2::uuid[]) and (select count(*) from slots) >= 0
      order by person_key for no key update
    )
    select count(*) from people`,
};

/** An instant as texts are told it, and as the domain writes it. */
const asInstant = (column: string) =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const takeStatement = {
  name: 'booking-take',
  text: `
    with asked as materialized (
      select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::smallint[], $5::uuid[], $6::bytea[], $7::text[],
          $8::timestamptz[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::uuid[],
          $15::text[], $16::bytea[], $17::text[]) with ordinality
        as a (person_key, slot_id, row_version, dose_number, contact_id, mobile_cipher, language,
          valid_until, to_make, opens_at, closes_at, actor, channel, session_id,
          idempotency_key, request_hash, trace_parent, place)
    ), judged as (
      -- To the millisecond, as it is told: an answer rebuilt from the row is then the same.
      select a.*, m.now, p.version + 1 as version,
        p.xmin = a.row_version::xid and m.now < a.valid_until
          -- Asked row by row: what "exists" asks may be answered by reading the whole table.
          and (select true from ended_session e where e.session_id = a.session_id) is null
          and (select true from idempotent_answer i
            where i.person_key = a.person_key and i.idempotency_key = a.idempotency_key) is null as holds
      from asked a cross join (select date_trunc('milliseconds', ledger_now()) as now offset 0) m
      join person p using (person_key)
    ), ranked as (
      select j.*, row_number() over (partition by slot_id, holds order by place) as rank from judged j
    ), answered as materialized (
      select r.*, s.round_id, s.product, s.site_id, s.session_date, s.starts_at, s.ends_at,
        case when r.holds and r.rank <= s.capacity - s.booked
          then public_number('2', nextval('appointment_ordinal')) end as appointment_number
      from ranked r join slot s using (slot_id)
    ), taken as materialized (
      -- Once for all that follows: joins between the results of one statement know no index.
      select * from answered where appointment_number is not null
    ), counted as (
      update slot s set booked = s.booked + n.places
      from (select slot_id, count(*)::integer as places from taken group by slot_id) n where s.slot_id = n.slot_id
    ), versioned as (
      update person p set version = t.version from taken t where p.person_key = t.person_key
    ), reachable as (
      insert into contact (contact_id, person_key, mobile_cipher, language, given_at)
      select contact_id, person_key, mobile_cipher, language, now from taken
    ), joined as (
      insert into participation (person_key, round_id, dose_number, stage, last_act, stage_since)
      select person_key, round_id, dose_number, 'invited', 'invite', now from taken
      where to_make = 'participationAndInvitation'
    ), invited as (
      insert into invitation (person_key, round_id, product, dose_number, opens_at, closes_at)
      select person_key, round_id, product, dose_number, opens_at, closes_at from taken where to_make <> 'nothing'
      -- Someone who cancelled may come back for another product of the round.
      on conflict (person_key, round_id) do update set product = excluded.product,
        dose_number = excluded.dose_number, opens_at = excluded.opens_at, closes_at = excluded.closes_at
    ), staged as (
      update participation p set stage = 'booked', last_act = 'book', stage_since = t.now, dose_number = t.dose_number
      from taken t where p.person_key = t.person_key and p.round_id = t.round_id
    ), arranged as (
      insert into appointment (appointment_number, person_key, round_id, dose_number, product, slot_id, contact_id,
        status, booked_at, arranged_at)
      select appointment_number, person_key, round_id, dose_number, product, slot_id, contact_id, 'booked', now, now
      from taken
    ), told as (
      insert into text_message (person_key, purpose, occasion, contact_id, parameters, created_at)
      select person_key, 'appointmentBooked', appointment_number, contact_id,
        jsonb_build_object('appointmentNumber', appointment_number, 'siteId', site_id, 'product', product,
          'doseNumber', dose_number, 'startsAt', ${asInstant('starts_at')}, 'endsAt', ${asInstant('ends_at')}), now
      from taken
    ), marked as (
      insert into citizen_outbox as o (person_key, version, lane, next_due_at, trace_parent)
      -- Nothing about an appointment falls due earlier than on the day before it.
      select person_key, version, 'personal', (session_date - 1)::timestamp at time zone 'Asia/Taipei', trace_parent
      from taken
      on conflict (person_key) do update set version = excluded.version, lane = 'personal',
        -- Who already waits for the relay keeps the place in the queue.
        changed_at = case when o.version > o.sent_version then o.changed_at else clock_timestamp() end,
        -- A lower bound: what was owed before is owed no earlier, and of the appointment nothing before its own.
        next_due_at = least(o.next_due_at, excluded.next_due_at), asleep = false, pokes = 0,
        trace_parent = excluded.trace_parent
    ), audited as (
      insert into audit_entry (person_key, version, act, actor, channel, detail)
      select person_key, version, 'book', actor, channel,
        jsonb_build_object('appointmentNumber', appointment_number, 'slotId', slot_id)
      from taken
    ), kept as (
      insert into idempotent_answer (person_key, idempotency_key, request_hash, outcome)
      select person_key, idempotency_key, request_hash, jsonb_build_object('appointmentNumber', appointment_number)
      from taken where idempotency_key is not null
    )
    select appointment_number, now, holds from answered order by place`,
};

/**
 * A participation made by the statement before cannot be changed by it too, and the lifecycle knows no way from
 * nothing to booked: who had none was invited there, and is booked here.
 */
const stageStatement = {
  name: 'booking-stage',
  text: `
    update participation p set stage = 'booked', last_act = 'book', stage_since = a.booked_at
    from unnest($1::uuid[], $2::uuid[]) as w (person_key, contact_id)
    join appointment a on a.person_key = w.person_key and a.contact_id = w.contact_id
    where p.person_key = a.person_key and p.round_id = a.round_id and p.stage = 'invited'`,
};

interface TakenRow {
  appointment_number: string | null;
  now: Date;
  holds: boolean;
}

/**
 * Takes the places, each for another person, and answers in their order. Sent in one go: nobody waits for this
 * process while the slots are locked. Throws what the database refuses, and `UnknownOutcome` when the connection
 * broke after all was sent.
 */
export async function takePlaces(
  client: PoolClient,
  keys: LedgerKeys,
  places: readonly PlaceToTake[],
): Promise<readonly TakingAnswer[]> {
  const newcomers = places.filter(({ right }) => right.toMake === 'participationAndInvitation');
  const taking = { ...takeStatement, values: takeValues(keys, places) };
  const taken = await inOneTransaction(client, [
    { ...lockStatement, values: lockValues(places) },
    taking,
    ...(newcomers.length > 0 ? [{ ...stageStatement, values: stageValues(newcomers) }] : []),
  ]);
  return answersOf(taken[1]?.rows ?? []);
}

function answersOf(rows: readonly TakenRow[]): readonly TakingAnswer[] {
  return rows.map((row) => {
    if (row.appointment_number !== null) {
      return {
        answer: 'booked',
        appointmentNumber: row.appointment_number,
        bookedAt: row.now.toISOString(),
      };
    }
    return { answer: row.holds ? 'full' : 'changed' };
  });
}

/**
 * Takes all of the places or none: what was taken is given back in the same transaction unless each was. Asks step by
 * step, so that this process can decide between the taking and its commit. Throws like `takePlaces`.
 */
export async function takeAllPlaces(
  client: PoolClient,
  keys: LedgerKeys,
  places: readonly PlaceToTake[],
): Promise<readonly TakingAnswer[]> {
  const ask = ({ name, text }: Pick<Statement, 'name' | 'text'>, values: readonly string[]) =>
    client.query<TakenRow>({ name, text, values: [...values] });
  await client.query('begin');
  let answers: readonly TakingAnswer[];
  try {
    await ask(lockStatement, lockValues(places));
    answers = answersOf((await ask(takeStatement, takeValues(keys, places))).rows);
    const newcomers = places.filter(({ right }) => right.toMake === 'participationAndInvitation');
    if (newcomers.length > 0) await ask(stageStatement, stageValues(newcomers));
  } catch (error) {
    if (!isLost(error)) await client.query('rollback');
    throw error;
  }
  if (answers.some(({ answer }) => answer !== 'booked')) {
    await client.query('rollback');
    return answers;
  }
  try {
    await client.query('commit');
  } catch (error) {
    throw new UnknownOutcome(error);
  }
  return answers;
}

/** The appointment as it stands right after it was made, without asking for it. */
export function bookedView(
  { slot, right, mobile }: PlaceToTake,
  site: SiteView,
  { appointmentNumber, bookedAt }: Extract<TakingAnswer, { answer: 'booked' }>,
): AppointmentView {
  return {
    appointmentNumber,
    status: 'booked',
    bookedAt,
    arrangedAt: bookedAt,
    endedAt: null,
    doseNumber: right.doseNumber,
    product: slot.product,
    slotId: slot.slot_id,
    siteId: slot.site_id,
    site,
    sessionDate: slot.session_date,
    startsAt: slot.starts_at.toISOString(),
    endsAt: slot.ends_at.toISOString(),
    mobile,
    roundId: slot.round_id,
    closedFor: null,
  };
}

/** Waits until nobody holds any of these locks: a transaction whose outcome is unknown has then ended. */
export async function waitForHolders(
  client: PoolClient,
  wishes: readonly { readonly slotId: number; readonly personKey: string }[],
): Promise<void> {
  const values = lockValues(wishes);
  await inOneTransaction(client, [{ ...lockStatement, values }]);
}

interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly (string | null)[];
}

async function inOneTransaction(
  client: PoolClient,
  statements: readonly Statement[],
): Promise<readonly QueryResult[]> {
  const answers = await Promise.allSettled([
    client.query('begin'),
    ...statements.map(({ name, text, values }) => client.query({ name, text, values: [...values] })),
    client.query('commit'),
  ]);
  // After the first that failed the others only say that the transaction is over.
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed) throw isLost(failed.reason) ? new UnknownOutcome(failed.reason) : failed.reason;
  return answers.slice(1, -1).flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

/** The connection broke or the server ended it: what was under way may have been done. */
export function isLost(error: unknown): boolean {
  if (error instanceof UnknownOutcome) return true;
  if (error instanceof DatabaseError) return /^(08|57P)/.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  // The driver tells of a broken connection in words, the system by a code.
  return (
    'syscall' in error || /^(Connection terminated|Client has encountered a connection)/.test(error.message)
  );
}

function lockValues(
  wishes: readonly { readonly slotId: number; readonly personKey: string }[],
): readonly string[] {
  return [
    arrayOf([...new Set(wishes.map(({ slotId }) => slotId))]),
    arrayOf(wishes.map(({ personKey }) => personKey)),
  ];
}

function stageValues(places: readonly PlaceToTake[]): readonly string[] {
  return [
    arrayOf(places.map(({ personKey }) => personKey)),
    arrayOf(places.map(({ contactId }) => contactId)),
  ];
}

function takeValues(keys: LedgerKeys, places: readonly PlaceToTake[]): readonly string[] {
  const column = (value: (place: PlaceToTake) => string | number | Buffer | null): string =>
    arrayOf(places.map(value));
  return [
    column(({ personKey }) => personKey),
    column(({ slotId }) => slotId),
    column(({ rowVersion }) => rowVersion),
    column(({ right }) => right.doseNumber),
    column(({ contactId }) => contactId),
    column(({ contactId, mobile }) => seal(keys, contactId, mobile)),
    column(({ language }) => language),
    column(({ right, slot }) => earlier(right.window.closesAt, slot.starts_at.toISOString())),
    column(({ right }) => right.toMake),
    column(({ right }) => right.window.opensAt),
    column(({ right }) => right.window.closesAt),
    column(({ context }) => context.actor),
    column(({ context }) => context.channel),
    column(({ context }) => context.sessionId ?? null),
    column(({ context }) => context.idempotency?.key ?? null),
    column(({ context }) => context.idempotency?.requestHash ?? null),
    column(({ traceParent }) => traceParent),
  ];
}

const earlier = (a: Instant, b: Instant): Instant => (Date.parse(a) < Date.parse(b) ? a : b);
