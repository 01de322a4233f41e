/**
 * The best plain handler: one prepared statement a request, committed by itself, with all duties in it. The rules stand
 * in SQL, the slot is taken by a conditional update, and a second booking of one person is left to the unique index.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseError } from 'pg';

import type { PlainDate } from '../../../domain/civil-time/plain-date';
import { parseMobile } from '../../../domain/person-number/mobile';
import { refused, type Refusal } from '../../../domain/refusal/refusals';
import { alternativesFor } from '../../../ledger/booking-alternatives';
import { seal } from '../../../ledger/encryption';
import type { SiteView } from '../../../ledger/site';
import type { BookingHandler, HandlerMaker } from './contender';

const statement = {
  name: 'plain-booking',
  text: `
    with facts as materialized (
      select p.person_key, s.slot_id, s.round_id, s.product, s.site_id, s.session_date, s.starts_at, s.ends_at,
        part.stage, i.opens_at, i.closes_at, i.product as invited_product, i.dose_number,
        date_trunc('milliseconds', ledger_now()) as now,
        exists (select from ended_session e where e.session_id = $3::uuid) as session_ended,
        answer.request_hash, answer.outcome,
        (select a.appointment_number from appointment a
          where a.person_key = p.person_key and a.status = 'booked' limit 1) as standing_number
      from person p
      join slot s on s.slot_id = $2::bigint
      left join participation part on part.person_key = p.person_key and part.round_id = s.round_id
      left join invitation i on i.person_key = p.person_key and i.round_id = s.round_id
      left join idempotent_answer answer on answer.person_key = p.person_key and answer.idempotency_key = $4::text
      where p.person_key = $1::uuid
    ), place as materialized (
      update slot s set booked = s.booked + 1 from facts f
      where s.slot_id = f.slot_id and s.booked < s.capacity
        and not f.session_ended and f.request_hash is null and f.standing_number is null
        and f.stage = 'invited' and f.invited_product = f.product
        and f.opens_at <= f.now and f.now < f.closes_at and f.now < f.starts_at
      returning f.person_key, f.round_id, f.product, f.dose_number, s.slot_id, s.site_id, f.now,
        public_number('2', nextval('appointment_ordinal')) as appointment_number
    ), versioned as (
      update person p set version = p.version + 1 from place where p.person_key = place.person_key
      returning p.person_key, p.version
    ), reachable as (
      insert into contact (contact_id, person_key, mobile_cipher, language, given_at)
      select $5::uuid, person_key, $6::bytea, $7::text, now from place
    ), staged as (
      update participation p set stage = 'booked', last_act = 'book', stage_since = place.now
      from place where p.person_key = place.person_key and p.round_id = place.round_id
    ), arranged as (
      insert into appointment (appointment_number, person_key, round_id, dose_number, product, slot_id, contact_id,
        status, booked_at, arranged_at)
      select appointment_number, person_key, round_id, dose_number, product, slot_id, $5::uuid, 'booked', now, now
      from place
    ), told as (
      insert into text_message (person_key, purpose, occasion, contact_id, parameters, created_at)
      select place.person_key, 'appointmentBooked', appointment_number, $5::uuid,
        jsonb_build_object('appointmentNumber', appointment_number, 'siteId', place.site_id, 'product', place.product,
          'doseNumber', place.dose_number, 'startsAt', f.starts_at, 'endsAt', f.ends_at), place.now
      from place join facts f using (person_key)
    ), marked as (
      insert into citizen_outbox as o (person_key, version, lane, next_due_at)
      select v.person_key, v.version, 'personal',
        ((f.session_date - 1)::timestamp at time zone 'Asia/Taipei')
      from versioned v join facts f using (person_key)
      on conflict (person_key) do update set version = excluded.version, lane = 'personal',
        changed_at = case when o.version > o.sent_version then o.changed_at else clock_timestamp() end,
        next_due_at = least(o.next_due_at, excluded.next_due_at), asleep = false, pokes = 0
    ), audited as (
      insert into audit_entry (person_key, version, act, actor, channel, detail)
      select v.person_key, v.version, 'book', $8::text, $9::text,
        jsonb_build_object('appointmentNumber', place.appointment_number, 'slotId', place.slot_id)
      from versioned v join place using (person_key)
    ), answered as (
      insert into idempotent_answer (person_key, idempotency_key, request_hash, outcome)
      select person_key, $4::text, $10::bytea, jsonb_build_object('appointmentNumber', appointment_number)
      from place where $4::text is not null
    )
    select f.*, place.appointment_number, t.name_zh as "nameZh", t.name_en as "nameEn", t.county_code as "countyCode",
      t.district_code as "districtCode", t.address_zh as "addressZh", t.address_en as "addressEn", t.phone,
      t.note_zh as "noteZh", t.note_en as "noteEn"
    from facts f join site t using (site_id) left join place using (person_key)`,
};

interface Row extends Omit<SiteView, 'siteId'> {
  slot_id: number;
  round_id: string;
  product: string;
  site_id: string;
  session_date: PlainDate;
  starts_at: Date;
  ends_at: Date;
  stage: string | null;
  invited_product: string | null;
  opens_at: Date | null;
  closes_at: Date | null;
  dose_number: number;
  now: Date;
  session_ended: boolean;
  request_hash: Buffer | null;
  outcome: { appointmentNumber: string } | null;
  standing_number: string | null;
  appointment_number: string | null;
}

export const plainBooking: HandlerMaker = (ledger, pool) => {
  const book: BookingHandler = async (context, wish) => {
    const parsed = parseMobile(wish.mobile);
    if (!('mobile' in parsed)) return refused({ code: 'mobileInvalid' });
    const contactId = randomUUID();
    const { key = null, requestHash = null } = context.idempotency ?? {};
    const { personKey, sessionId = null, actor, channel } = context;
    const cipher = seal(ledger.keys, contactId, parsed.mobile);
    const values = [
      ...[personKey, wish.slotId, sessionId, key, contactId, cipher, wish.language, actor, channel],
      requestHash,
    ];
    const { rows } = await pool.query<Row>({ ...statement, values }).catch((error: unknown) => {
      // The person's other request was first: asked again, the statement sees what it did.
      if (error instanceof DatabaseError && error.code === '23505')
        return pool.query<Row>({ ...statement, values });
      throw error;
    });
    const [row] = rows;
    if (!row) return refused({ code: 'slotUnknown' });
    if (row.session_ended) return refused({ code: 'sessionEnded' });
    if (row.request_hash && requestHash && !row.request_hash.equals(requestHash)) {
      return refused({ code: 'idempotencyKeyReused' });
    }
    const appointmentNumber = row.appointment_number ?? row.outcome?.appointmentNumber;
    if (appointmentNumber === undefined) {
      const refusal = refusalOf(row);
      if (refusal) return refused(refusal);
      return refused({ code: 'slotFull', alternatives: await alternativesFor(ledger, row.slot_id, null) });
    }
    return {
      ok: true,
      value: { appointmentNumber, appointment: viewOf(row, appointmentNumber, parsed.mobile) },
    };
  };
  return book;
};

function refusalOf(row: Row): Refusal | undefined {
  if (row.standing_number !== null) return { code: 'alreadyBooked', appointmentNumber: row.standing_number };
  if (row.stage !== 'invited' || !row.opens_at || !row.closes_at) return { code: 'notInvited' };
  if (row.now < row.opens_at) return { code: 'bookingNotOpenYet', opensAt: row.opens_at.toISOString() };
  if (row.now >= row.closes_at) return { code: 'bookingClosed', closedAt: row.closes_at.toISOString() };
  if (row.invited_product !== row.product) {
    return { code: 'slotOfOtherProduct', product: row.invited_product ?? '' };
  }
  return row.now >= row.starts_at ? { code: 'slotPast' } : undefined;
}

function viewOf(row: Row, appointmentNumber: string, mobile: string) {
  const at = row.now.toISOString();
  const { nameZh, nameEn, countyCode, districtCode, addressZh, addressEn, phone, noteZh, noteEn } = row;
  const site = { nameZh, nameEn, countyCode, districtCode, addressZh, addressEn, phone, noteZh, noteEn };
  return {
    appointmentNumber,
    status: 'booked' as const,
    bookedAt: at,
    arrangedAt: at,
    endedAt: null,
    doseNumber: row.dose_number,
    product: row.product,
    slotId: row.slot_id,
    siteId: row.site_id,
    site: { siteId: row.site_id, ...site },
    sessionDate: row.session_date,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    mobile,
    roundId: row.round_id,
    closedFor: null,
  };
}
