/**
 * The textbook handler: a transaction a request that locks the slot with SELECT … FOR UPDATE, reads, decides by the
 * domain's rules and writes, one table after the other. Its statements are prepared; nothing in it is slow on purpose.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseError, type PoolClient } from 'pg';

import type { DoseGiven, InvitationGiven } from '../../../domain/booking/booking-rules';
import { addDays, taipeiInstant, type PlainDate } from '../../../domain/civil-time/plain-date';
import type { Stage } from '../../../domain/lifecycle/transitions';
import { parseMobile, type Mobile } from '../../../domain/person-number/mobile';
import { refused, type Outcome } from '../../../domain/refusal/refusals';
import type { Round } from '../../../domain/round/round';
import type { BookingWish } from '../../../ledger/booking';
import { alternativesFor } from '../../../ledger/booking-alternatives';
import type { BookedAppointment } from '../../../ledger/booking-batch';
import { rightTo } from '../../../ledger/booking-rights';
import { readAppointment } from '../../../ledger/booking-views';
import type { CommandContext } from '../../../ledger/citizen-command';
import type { Ledger } from '../../../ledger/database';
import { seal } from '../../../ledger/encryption';
import { getRound } from '../../../ledger/round';
import type { HandlerMaker } from './contender';

interface Slot {
  slot_id: number;
  round_id: string;
  site_id: string;
  product: string;
  session_date: PlainDate;
  starts_at: Date;
  ends_at: Date;
  capacity: number;
  booked: number;
}

type Result = { readonly number: string } | { readonly refused: Outcome<never> } | { readonly full: true };

/** Runs one prepared statement of the transaction. */
type Run = <R extends object>(name: string, text: string, values: readonly unknown[]) => Promise<R[]>;

export const textbookBooking: HandlerMaker = (ledger, pool) => {
  const rounds = new Map<string, { readonly round: Round; readonly readAt: number }>();
  const roundOf = async (roundId: string): Promise<Round> => {
    const held = rounds.get(roundId);
    if (held && performance.now() - held.readAt < 1_000) return held.round;
    const round = await getRound(ledger.db, roundId);
    rounds.set(roundId, { round, readAt: performance.now() });
    return round;
  };

  const once = async (context: CommandContext, wish: BookingWish, mobile: Mobile): Promise<Result> => {
    const client: PoolClient = await pool.connect();
    const run: Run = async (name, text, values) =>
      (await client.query({ name: `textbook-${name}`, text, values: [...values] })).rows;
    try {
      await client.query('begin');
      const result = await inTransaction(run, ledger, roundOf, context, wish, mobile);
      await client.query('number' in result ? 'commit' : 'rollback');
      return result;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };

  return async (context, wish): Promise<Outcome<BookedAppointment>> => {
    const parsed = parseMobile(wish.mobile);
    if (!('mobile' in parsed)) return refused({ code: 'mobileInvalid' });
    const result = await once(context, wish, parsed.mobile).catch((error: unknown) => {
      const again = error instanceof DatabaseError && ['40P01', '23505'].includes(error.code ?? '');
      if (again) return once(context, wish, parsed.mobile);
      throw error;
    });
    if ('refused' in result) return result.refused;
    if ('full' in result) {
      return refused({ code: 'slotFull', alternatives: await alternativesFor(ledger, wish.slotId, null) });
    }
    const appointment = await readAppointment(ledger, context.personKey, result.number);
    if (!appointment) throw new Error('an appointment that was committed can be read');
    return { ok: true, value: { appointmentNumber: result.number, appointment } };
  };
};

async function inTransaction(
  run: Run,
  ledger: Ledger,
  roundOf: (roundId: string) => Promise<Round>,
  context: CommandContext,
  wish: BookingWish,
  mobile: Mobile,
): Promise<Result> {
  const { personKey, sessionId = null, idempotency } = context;
  const [slot] = await run<Slot>('slot', 'select * from slot where slot_id = $1 for update', [wish.slotId]);
  if (!slot) return { refused: refused({ code: 'slotUnknown' }) };
  const [person] = await run<{ birth_date: PlainDate; priority_groups: number[]; now: Date }>(
    'person',
    `select birth_date, priority_groups, date_trunc('milliseconds', ledger_now()) as now
      from person where person_key = $1 for update`,
    [personKey],
  );
  if (!person) return { refused: refused({ code: 'sessionRequired' }) };
  const ended = await run('session', 'select from ended_session where session_id = $1', [sessionId]);
  if (ended.length > 0) return { refused: refused({ code: 'sessionEnded' }) };
  if (idempotency) {
    const [answer] = await run<{ request_hash: Buffer; outcome: { appointmentNumber: string } }>(
      'answer',
      'select request_hash, outcome from idempotent_answer where person_key = $1 and idempotency_key = $2',
      [personKey, idempotency.key],
    );
    if (answer && !answer.request_hash.equals(idempotency.requestHash)) {
      return { refused: refused({ code: 'idempotencyKeyReused' }) };
    }
    if (answer) return { number: answer.outcome.appointmentNumber };
  }
  const now = person.now.toISOString();
  const right = rightTo('book', slot, {
    standing: await standingOf(run, personKey, slot.round_id),
    round: await roundOf(slot.round_id),
    person: { birthDate: person.birth_date, priorityGroups: person.priority_groups },
    now,
  });
  if ('refusal' in right) return { refused: refused(right.refusal) };
  if (slot.booked >= slot.capacity) return { full: true };
  return { number: await write(run, ledger, context, wish, mobile, slot, right.doseNumber, now) };
}

async function standingOf(run: Run, personKey: string, roundId: string) {
  const [part] = await run<{ stage: Stage; product: string | null; opens_at: Date; closes_at: Date }>(
    'participation',
    `select p.stage, i.product, i.opens_at, i.closes_at from participation p
      left join invitation i using (person_key, round_id) where p.person_key = $1 and p.round_id = $2`,
    [personKey, roundId],
  );
  const doses = await run<DoseGiven>(
    'doses',
    `select dose_number as "doseNumber", product, given_on as "givenOn" from dose where person_key = $1`,
    [personKey],
  );
  const live = await run<{ appointmentNumber: string; roundId: string; doseNumber: number }>(
    'live',
    `select appointment_number as "appointmentNumber", round_id as "roundId", dose_number as "doseNumber"
      from appointment where person_key = $1 and status = 'booked'`,
    [personKey],
  );
  const invitation: InvitationGiven | null =
    part && part.product !== null
      ? {
          product: part.product,
          opensAt: part.opens_at.toISOString(),
          closesAt: part.closes_at.toISOString(),
        }
      : null;
  return { stage: part?.stage ?? null, invitation, doses, live, consents: [], mixedIntent: false };
}

async function write(
  run: Run,
  ledger: Ledger,
  { personKey, actor, channel, idempotency }: CommandContext,
  { language }: BookingWish,
  mobile: Mobile,
  slot: Slot,
  doseNumber: number,
  now: string,
): Promise<string> {
  const contactId = randomUUID();
  const { slot_id: slotId, round_id: roundId, product } = slot;
  await run('count', 'update slot set booked = booked + 1 where slot_id = $1', [slotId]);
  await run(
    'contact',
    'insert into contact (contact_id, person_key, mobile_cipher, language, given_at) values ($1, $2, $3, $4, $5)',
    [contactId, personKey, seal(ledger.keys, contactId, mobile), language, now],
  );
  await run(
    'stage',
    `update participation set stage = 'booked', last_act = 'book', stage_since = $3
      where person_key = $1 and round_id = $2`,
    [personKey, roundId, now],
  );
  const [made] = await run<{ appointment_number: string }>(
    'appointment',
    `insert into appointment (person_key, round_id, dose_number, product, slot_id, contact_id, status, booked_at,
      arranged_at) values ($1, $2, $3, $4, $5, $6, 'booked', $7, $7) returning appointment_number`,
    [personKey, roundId, doseNumber, product, slotId, contactId, now],
  );
  const appointmentNumber = made?.appointment_number ?? '';
  const times = { startsAt: slot.starts_at.toISOString(), endsAt: slot.ends_at.toISOString() };
  await run(
    'text',
    `insert into text_message (person_key, purpose, occasion, contact_id, parameters)
      values ($1, 'appointmentBooked', $2, $3, $4)`,
    [
      ...[personKey, appointmentNumber, contactId],
      JSON.stringify({ appointmentNumber, siteId: slot.site_id, product, doseNumber, ...times }),
    ],
  );
  const [versioned] = await run<{ version: number }>(
    'version',
    'update person set version = version + 1 where person_key = $1 returning version',
    [personKey],
  );
  await run(
    'audit',
    'insert into audit_entry (person_key, version, act, actor, channel, detail) values ($1, $2, $3, $4, $5, $6)',
    [personKey, versioned?.version, 'book', actor, channel, JSON.stringify({ appointmentNumber, slotId })],
  );
  await run(
    'outbox',
    `insert into citizen_outbox as o (person_key, version, lane, next_due_at) values ($1, $2, 'personal', $3)
      on conflict (person_key) do update set version = excluded.version, lane = 'personal',
        changed_at = case when o.version > o.sent_version then o.changed_at else clock_timestamp() end,
        next_due_at = least(o.next_due_at, excluded.next_due_at), asleep = false, pokes = 0`,
    [personKey, versioned?.version, taipeiInstant(addDays(slot.session_date, -1), 0)],
  );
  if (idempotency) {
    await run(
      'keep',
      `insert into idempotent_answer (person_key, idempotency_key, request_hash, outcome) values ($1, $2, $3, $4)`,
      [personKey, idempotency.key, idempotency.requestHash, JSON.stringify({ appointmentNumber })],
    );
  }
  return appointmentNumber;
}
