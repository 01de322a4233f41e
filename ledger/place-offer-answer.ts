/** A person's answer to a freed place that is offered to them, and what is offered to them. */
import { sql } from 'kysely';

import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import { parseMobile } from '../domain/person-number/mobile';
import { refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import type { TextLanguage } from '../domain/text-message/templates';
import { afterwards } from './booking-rights';
import type { AppointmentReceipt } from './booking';
import { changeStage, citizenCommand, type CommandContext } from './citizen-command';
import { addContact } from './contact';
import type { Ledger, LedgerTx } from './database';
import { findPlace, lockPlace, type HeldPlace } from './place-offer';
import { makeAppointment, rightToPlace } from './place-rights';
import { siteColumns, siteOf, type SiteView } from './site';
import { endWaiting } from './waiting-list';

export type OfferStatus = 'open' | 'accepted' | 'declined' | 'expired' | 'withdrawn';

/**
 * Takes the place that is offered: the person becomes invited and booked in one. Refuses with `mobileInvalid`,
 * `offerUnknown`, `offerAnswered`, `offerExpired` (it may be on its way to the next person), and the reasons of
 * `mayBook` where the facts have changed since.
 */
export async function acceptOffer(
  ledger: Ledger,
  context: CommandContext,
  wish: { readonly placeOfferId: string; readonly mobile: string; readonly language: TextLanguage },
): Promise<Outcome<AppointmentReceipt>> {
  const parsed = parseMobile(wish.mobile);
  if (!('mobile' in parsed)) return refused({ code: 'mobileInvalid' });
  return citizenCommand<AppointmentReceipt>(ledger, context, [], async (tx, person) => {
    const standing = await openOffer(tx, person, wish.placeOfferId);
    if ('refusal' in standing) return standing;
    const { place, freedPlaceId } = standing;
    const right = await rightToPlace(tx, person, place, standing.expiresAt);
    if (!right.ok) return { refusal: right.refusal };
    const { doseNumber, window } = right.value;
    await sql`
      insert into invitation (person_key, round_id, product, dose_number, opens_at, closes_at)
      values (${person.personKey}::uuid, ${place.round_id}, ${place.product}, ${doseNumber},
        ${window.opensAt}::timestamptz, ${window.closesAt}::timestamptz)
    `.execute(tx);
    await changeStage(tx, person.personKey, place.round_id, 'book', afterwards('offered', 'book'));
    await sql`update participation set dose_number = ${doseNumber}
      where person_key = ${person.personKey}::uuid and round_id = ${place.round_id} and dose_number <> ${doseNumber}`.execute(
      tx,
    );
    const contactId = await addContact(tx, ledger.keys, person.personKey, parsed.mobile, wish.language);
    const appointmentNumber = await makeAppointment(tx, person, place, { doseNumber, contactId });
    await endOffer(tx, wish.placeOfferId, 'accepted');
    await sql`update freed_place set ended_at = ledger_now(), ended_as = 'taken', version = version + 1
      where freed_place_id = ${freedPlaceId}::uuid`.execute(tx);
    await endWaiting(tx, person.personKey, place.round_id, 'accepted');
    return {
      outcome: { appointmentNumber },
      act: 'book',
      detail: { appointmentNumber, slotId: place.slot_id, placeOfferId: wish.placeOfferId },
    };
  });
}

/**
 * Declines the place, which then goes to the next at once; the person stays on the list for others. Refuses with
 * `offerUnknown`, `offerAnswered`, `offerExpired`.
 */
export async function declineOffer(
  ledger: Ledger,
  context: CommandContext,
  { placeOfferId }: { readonly placeOfferId: string },
): Promise<Outcome<{ readonly placeOfferId: string }>> {
  return citizenCommand(ledger, context, [], async (tx, person) => {
    const standing = await openOffer(tx, person, placeOfferId);
    if ('refusal' in standing) return standing;
    const { freedPlaceId, place } = standing;
    await endOffer(tx, placeOfferId, 'declined');
    await changeStage(
      tx,
      person.personKey,
      place.round_id,
      'declineOffer',
      afterwards('offered', 'declineOffer'),
    );
    await sql`update waiting_list_entry set unanswered = 0
      where person_key = ${person.personKey}::uuid and round_id = ${place.round_id}`.execute(tx);
    await sql`update freed_place set due_at = ledger_now(), version = version + 1
      where freed_place_id = ${freedPlaceId}::uuid`.execute(tx);
    return { outcome: { placeOfferId }, act: 'declineOffer', detail: { placeOfferId } };
  });
}

async function endOffer(tx: LedgerTx, placeOfferId: string, status: 'accepted' | 'declined'): Promise<void> {
  await sql`update place_offer set status = ${status}, ended_at = ledger_now()
    where place_offer_id = ${placeOfferId}::uuid`.execute(tx);
}

/** The person's own offer, locked with its place, as long as it stands by the ledger's clock. */
async function openOffer(
  tx: LedgerTx,
  person: { readonly personKey: string; readonly now: Instant },
  placeOfferId: string,
): Promise<
  | { readonly place: HeldPlace; readonly freedPlaceId: string; readonly expiresAt: Instant }
  | { readonly refusal: Refusal }
> {
  const own = await tx
    .selectFrom('place_offer')
    .select(['freed_place_id', 'status', 'expires_at', 'round_id'])
    .where('place_offer_id', '=', placeOfferId)
    .where('person_key', '=', person.personKey)
    .executeTakeFirst();
  if (!own) return { refusal: { code: 'offerUnknown' } };
  if (own.status === 'accepted' || own.status === 'declined') {
    return { refusal: { code: 'offerAnswered', answer: own.status } };
  }
  const expiresAt = own.expires_at.toISOString();
  if (own.status !== 'open' || Date.parse(person.now) >= Date.parse(expiresAt)) {
    return { refusal: await expired(tx, person.personKey, own.round_id, placeOfferId, expiresAt) };
  }
  // Nobody else changes an open offer without this person's lock; the place's own row is locked for the order of things.
  await lockPlace(tx, own.freed_place_id);
  const place = await findPlace(tx, own.freed_place_id);
  if (!place) throw new Error('an offer names a freed place');
  return { place, freedPlaceId: own.freed_place_id, expiresAt };
}

/** Too late, with what helps now: whether one still waits, and another offer that stands. */
async function expired(
  tx: LedgerTx,
  personKey: string,
  roundId: string,
  placeOfferId: string,
  expiredAt: Instant,
): Promise<Refusal> {
  const { rows } = await sql<{ waits: boolean; newer: string | null }>`
    select exists (select from waiting_list_entry
        where person_key = ${personKey}::uuid and round_id = ${roundId} and left_at is null) as waits,
      (select place_offer_id from place_offer where person_key = ${personKey}::uuid and status = 'open'
        and expires_at > ledger_now() and place_offer_id <> ${placeOfferId}::uuid
        order by expires_at limit 1) as newer
  `.execute(tx);
  return {
    code: 'offerExpired',
    expiredAt,
    stillWaiting: rows[0]?.waits ?? false,
    newOfferId: rows[0]?.newer ?? null,
  };
}

/** An offer as the person it is made to reads it. */
export interface OfferView {
  readonly placeOfferId: string;
  readonly roundId: string;
  /** `expired` as soon as the deadline has passed, whether or not it has been passed on yet. */
  readonly status: OfferStatus;
  readonly offeredAt: Instant;
  readonly expiresAt: Instant;
  readonly product: string;
  readonly sessionDate: PlainDate;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly site: SiteView;
}

/** What was offered to the person, newest first. */
export async function readOffers(
  ledger: Ledger,
  personKey: string,
  limit = 20,
): Promise<readonly OfferView[]> {
  const { rows } = await sql<
    SiteView & {
      place_offer_id: string;
      round_id: string;
      status: OfferStatus;
      late: boolean;
      offered_at: Date;
      expires_at: Date;
      product: string;
      session_date: PlainDate;
      starts_at: Date;
      ends_at: Date;
    }
  >`
    select o.place_offer_id, o.round_id, o.status, o.expires_at <= ledger_now() as late, o.offered_at, o.expires_at,
      s.product, s.session_date, s.starts_at, s.ends_at, ${siteColumns}
    from place_offer o join freed_place f using (freed_place_id) join slot s using (slot_id)
    join site t using (site_id)
    where o.person_key = ${personKey}::uuid
    order by o.offered_at desc limit ${limit}
  `.execute(ledger.db);
  return rows.map((row) => ({
    placeOfferId: row.place_offer_id,
    roundId: row.round_id,
    status: row.status === 'open' && row.late ? 'expired' : row.status,
    offeredAt: row.offered_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    product: row.product,
    sessionDate: row.session_date,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    site: siteOf(row),
  }));
}
