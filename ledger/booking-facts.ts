/**
 * What a batch of booking wishes is decided on: each person with what they have and hold, in one statement and so as
 * of one instant, and the windows asked for. Nothing is locked here; the writing finds out whether it still holds.
 */
import type { PoolClient } from 'pg';

import type { PersonFacts } from '../domain/booking/booking-rules';
import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import type { Stage } from '../domain/lifecycle/transitions';
import type { LockedSlot } from './booking-places';
import type { Standing } from './booking-rights';
import { arrayOf } from './statement-arrays';

/** A wish as far as facts are looked up for it. */
export interface WishedByPerson {
  readonly personKey: string;
  readonly slotId: number;
  readonly idempotencyKey: string | null;
  readonly sessionId: string | null;
}

/** A window asked for; `left` as last committed, `roundChangedAt` tells a copy of the round that is out of date. */
export interface SlotFacts extends LockedSlot {
  readonly roundChangedAt: number;
}

/** What holds for one wish. */
export interface WishFacts {
  /** Null: the ledger knows no such person. */
  readonly person: PersonFacts | null;
  /**
   * Version of the person's row in PostgreSQL. Whatever changes the facts of a person writes that row in the same
   * transaction, so that while it is the same the facts are too.
   */
  readonly rowVersion: string;
  readonly standing: Standing;
  /** The contact of each live appointment: it tells which wish made it. */
  readonly contactIds: readonly string[];
  readonly sessionEnded: boolean;
  /** The acceptance that stands under the wish's key. */
  readonly answered: { readonly requestHash: Buffer; readonly appointmentNumber: string } | null;
}

export interface BatchFacts {
  readonly now: Instant;
  readonly slots: ReadonlyMap<number, SlotFacts>;
  /** In the order of the wishes. */
  readonly wishes: readonly WishFacts[];
}

const slotsStatement = {
  name: 'booking-slots',
  text: `
    select w.slot_id, ledger_now() as now, s.round_id, s.site_id, s.product, s.session_date, s.starts_at, s.ends_at, s.closed_at,
      greatest(s.capacity - s.booked, 0) as left, r.changed_at as round_changed_at
    from unnest($1::bigint[]) w (slot_id) left join slot s using (slot_id) left join round r using (round_id)`,
};

/** Each person's rows are looked up one by one: planned while a table is still small, a join to it may read all of it. */
const wishesStatement = {
  name: 'booking-wishes',
  text: `
    select p.birth_date, p.priority_groups, p.xmin::text as row_version, part.stage, i.product, i.opens_at, i.closes_at,
      (select json_agg(json_build_object('doseNumber', d.dose_number, 'product', d.product, 'givenOn', d.given_on))
        from dose d where d.person_key = w.person_key) as doses,
      (select json_agg(json_build_object('product', c.product, 'consentedOn', c.consented_on))
        from parental_consent c where c.person_key = w.person_key and c.revoked_at is null) as consents,
      (select r.mixed_intent from registration r
        where r.person_key = w.person_key and r.round_id = s.round_id and r.withdrawn_at is null) as mixed_intent,
      (select json_agg(json_build_object('appointmentNumber', a.appointment_number, 'roundId', a.round_id,
          'doseNumber', a.dose_number, 'contactId', a.contact_id))
        from appointment a where a.person_key = w.person_key and a.status = 'booked') as live,
      (select json_build_object('requestHash', encode(x.request_hash, 'hex'), 'outcome', x.outcome)
        from idempotent_answer x
        where x.person_key = w.person_key and x.idempotency_key = w.idempotency_key) as answered,
      (select true from ended_session e where e.session_id = w.session_id) as session_ended
    from unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[]) with ordinality
      as w (person_key, slot_id, idempotency_key, session_id, place)
    left join person p on p.person_key = w.person_key
    left join slot s on s.slot_id = w.slot_id
    left join participation part on part.person_key = w.person_key and part.round_id = s.round_id
    left join invitation i on i.person_key = w.person_key and i.round_id = s.round_id
    order by w.place`,
};

interface SlotRow extends LockedSlot {
  now: Date;
  round_changed_at: Date;
}

interface WishRow {
  birth_date: PlainDate | null;
  priority_groups: number[];
  row_version: string;
  stage: Stage | null;
  product: string | null;
  opens_at: Date | null;
  closes_at: Date | null;
  doses: Standing['doses'] | null;
  consents: Standing['consents'] | null;
  mixed_intent: boolean | null;
  live: (Standing['live'][number] & { contactId: string })[] | null;
  answered: { requestHash: string; outcome: { appointmentNumber: string } } | null;
  session_ended: true | null;
}

/** Reads the facts of all wishes, of which each is another person's. */
export async function readBatchFacts(
  client: PoolClient,
  wishes: readonly WishedByPerson[],
): Promise<BatchFacts> {
  const slotIds = [...new Set(wishes.map(({ slotId }) => slotId))];
  const [slots, people] = await Promise.all([
    client.query<SlotRow>({ ...slotsStatement, values: [arrayOf(slotIds)] }),
    client.query<WishRow>({
      ...wishesStatement,
      values: [
        arrayOf(wishes.map(({ personKey }) => personKey)),
        arrayOf(wishes.map(({ slotId }) => slotId)),
        arrayOf(wishes.map(({ idempotencyKey }) => idempotencyKey)),
        arrayOf(wishes.map(({ sessionId }) => sessionId)),
      ],
    }),
  ]);
  const [first] = slots.rows;
  if (!first) throw new Error('each window asked for has a row, known or not');
  return {
    now: first.now.toISOString(),
    slots: new Map(
      slots.rows
        .filter(({ round_id }) => round_id !== null)
        .map((row) => [row.slot_id, { ...row, roundChangedAt: row.round_changed_at.getTime() }]),
    ),
    wishes: people.rows.map(wishFacts),
  };
}

function wishFacts(row: WishRow): WishFacts {
  const { product, opens_at, closes_at } = row;
  const live = row.live ?? [];
  return {
    person:
      row.birth_date === null ? null : { birthDate: row.birth_date, priorityGroups: row.priority_groups },
    rowVersion: row.row_version,
    standing: {
      stage: row.stage,
      invitation:
        product !== null && opens_at && closes_at
          ? { product, opensAt: opens_at.toISOString(), closesAt: closes_at.toISOString() }
          : null,
      doses: row.doses ?? [],
      consents: row.consents ?? [],
      mixedIntent: row.mixed_intent ?? false,
      live,
    },
    contactIds: live.map(({ contactId }) => contactId),
    sessionEnded: row.session_ended ?? false,
    answered: row.answered && {
      requestHash: Buffer.from(row.answered.requestHash, 'hex'),
      appointmentNumber: row.answered.outcome.appointmentNumber,
    },
  };
}
