/** A held place on its way down the waiting list: expire what ran out, offer to the next, give it back at the end. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import { nextOfferTimes, unansweredBeforeLeaving } from '../domain/place-offer/place-offer-rules';
import { giveBack } from './booking-places';
import { afterwards } from './booking-rights';
import { changeStage, citizenCommand } from './citizen-command';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { rightToPlace, type SlotGiven } from './place-rights';
import { findContactFor, queueText } from './text-message';
import { endWaiting, rankedForPlace } from './waiting-list';

/** What the workflow of a held place is answered. */
export type PlaceStep =
  | { readonly answer: 'taken' | 'givenBack' }
  /** An offer stands until then. */
  | { readonly answer: 'offered'; readonly until: Instant }
  /** Nobody is disturbed before then. */
  | { readonly answer: 'waits'; readonly until: Instant };

/** A held place with its slot, its area and the offer that stands. */
export interface HeldPlace extends SlotGiven {
  readonly county_code: string;
  readonly ended_as: 'taken' | 'givenBack' | null;
  readonly place_offer_id: string | null;
  readonly offered_to: string | null;
  readonly expires_at: Date | null;
  readonly now: Date;
}

const byWorkflow = { actor: 'workflow', channel: 'place-offer-workflow' } as const;

/**
 * Takes the next step with a held place, whatever it is by the ledger's clock and facts, and says until when there is
 * nothing more to do. Asked twice, or after a kill, it goes on from what is there.
 */
export async function passPlaceOn(ledger: Ledger, freedPlaceId: string): Promise<PlaceStep> {
  for (;;) {
    const place = await findPlace(ledger.db, freedPlaceId);
    if (!place) throw new Error('there is no such freed place');
    if (place.ended_as !== null) return { answer: place.ended_as };
    const now = place.now.toISOString();
    if (place.place_offer_id !== null && place.offered_to !== null && place.expires_at !== null) {
      if (place.now < place.expires_at) return { answer: 'offered', until: place.expires_at.toISOString() };
      await expireOffer(ledger, freedPlaceId, place.place_offer_id, place.offered_to);
      continue;
    }
    const times = nextOfferTimes(place.starts_at.toISOString(), now);
    if (times !== null && Date.parse(times.offerAt) > Date.parse(now)) {
      await setDue(ledger.db, freedPlaceId, times.offerAt);
      return { answer: 'waits', until: times.offerAt };
    }
    if (times === null || !(await offerToNext(ledger, freedPlaceId, place))) {
      await giveBackToAll(ledger, freedPlaceId, place.slot_id);
    }
  }
}

/** The place with its slot and the offer that stands, if one does. */
export async function findPlace(db: LedgerReader, freedPlaceId: string): Promise<HeldPlace | undefined> {
  const { rows } = await sql<HeldPlace>`
    select s.slot_id, s.round_id, s.site_id, s.product, s.session_date, s.starts_at, s.ends_at, s.closed_at, t.county_code,
      f.ended_as, o.place_offer_id, o.person_key as offered_to, o.expires_at, ledger_now() as now
    from freed_place f join slot s using (slot_id) join site t using (site_id)
    left join place_offer o on o.freed_place_id = f.freed_place_id and o.status = 'open'
    where f.freed_place_id = ${freedPlaceId}::uuid
  `.execute(db);
  return rows[0];
}

/** Locks the place's row: who is offered it, who takes it and whether it is given back is decided one after the other. */
export async function lockPlace(tx: LedgerTx, freedPlaceId: string): Promise<void> {
  await sql`select from freed_place where freed_place_id = ${freedPlaceId}::uuid for update`.execute(tx);
}

/** Notes when the next thing is to be done with the place, for the stepping clock and for the reconciler. */
export async function setDue(db: LedgerReader, freedPlaceId: string, dueAt: Instant): Promise<void> {
  await sql`
    update freed_place set due_at = ${dueAt}::timestamptz, pokes = 0
    where freed_place_id = ${freedPlaceId}::uuid and ended_at is null
  `.execute(db);
}

/** Offers the place to the first of the list who may be given it. False when there is nobody left. */
async function offerToNext(ledger: Ledger, freedPlaceId: string, place: HeldPlace): Promise<boolean> {
  const wanted = { roundId: place.round_id, product: place.product, countyCode: place.county_code };
  for await (const personKey of rankedForPlace(ledger.db, freedPlaceId, wanted)) {
    const row = await ledger.db
      .selectFrom('person')
      .select(['birth_date', 'priority_groups'])
      .where('person_key', '=', personKey)
      .executeTakeFirstOrThrow();
    const person = { personKey, birthDate: row.birth_date, priorityGroups: row.priority_groups };
    const now = place.now.toISOString();
    // Asked without a lock first: those who may not be given it are passed over at the price of a read.
    const may = await rightToPlace(ledger.db, { ...person, now }, place, place.starts_at.toISOString());
    if (!may.ok) continue;
    const answer = await offerTo(ledger, freedPlaceId, personKey);
    if (answer !== 'notToThem') return true;
  }
  return false;
}

/** `settled`: the place is not free to be offered any more, by whatever came between. */
async function offerTo(
  ledger: Ledger,
  freedPlaceId: string,
  personKey: string,
): Promise<'offered' | 'settled' | 'notToThem'> {
  const outcome = await citizenCommand<'offered' | 'settled' | 'notToThem'>(
    ledger,
    { ...byWorkflow, personKey },
    [],
    async (tx, person) => {
      await lockPlace(tx, freedPlaceId);
      const place = await findPlace(tx, freedPlaceId);
      const times = place && nextOfferTimes(place.starts_at.toISOString(), person.now);
      if (!place || place.ended_as !== null || place.place_offer_id !== null || !times) {
        return { outcome: 'settled' };
      }
      const { rows: waits } = await sql`
        select from waiting_list_entry where person_key = ${personKey}::uuid and round_id = ${place.round_id}
          and left_at is null
      `.execute(tx);
      const may = await rightToPlace(tx, person, place, times.expiresAt);
      const contactId = await findContactFor(tx, personKey, place.round_id);
      if (waits.length === 0 || !may.ok || may.value.stage !== 'registered' || contactId === undefined) {
        return { outcome: 'notToThem' };
      }
      const { rows } = await sql<{ place_offer_id: string; turn: number }>`
        insert into place_offer (freed_place_id, person_key, round_id, turn, expires_at)
        select ${freedPlaceId}::uuid, ${personKey}::uuid, ${place.round_id}, count(*) + 1, ${times.expiresAt}::timestamptz
        from place_offer where freed_place_id = ${freedPlaceId}::uuid
        returning place_offer_id, turn
      `.execute(tx);
      const [offer] = rows;
      if (!offer) throw new Error('an insert of one row returns one');
      await changeStage(tx, personKey, place.round_id, 'offer', afterwards('registered', 'offer'));
      await setDue(tx, freedPlaceId, times.expiresAt);
      await queueText(tx, {
        personKey,
        purpose: 'placeOffered',
        occasion: offer.place_offer_id,
        contactId,
        parameters: {
          siteId: place.site_id,
          product: place.product,
          startsAt: place.starts_at.toISOString(),
          endsAt: place.ends_at.toISOString(),
          expiresAt: times.expiresAt,
        },
        lapsesAt: times.expiresAt,
      });
      return {
        outcome: 'offered',
        act: 'offer',
        detail: { placeOfferId: offer.place_offer_id, slotId: place.slot_id, turn: offer.turn },
      };
    },
  );
  return outcome.ok ? outcome.value : 'notToThem';
}

/** Ends an offer whose deadline has passed; whoever left too many in a row without an answer leaves the list. */
async function expireOffer(
  ledger: Ledger,
  freedPlaceId: string,
  placeOfferId: string,
  personKey: string,
): Promise<void> {
  await citizenCommand(ledger, { ...byWorkflow, personKey }, [], async (tx, person) => {
    await lockPlace(tx, freedPlaceId);
    const { rows } = await sql<{ round_id: string }>`
      update place_offer set status = 'expired', ended_at = ledger_now()
      where place_offer_id = ${placeOfferId}::uuid and status = 'open' and expires_at <= ledger_now()
      returning round_id
    `.execute(tx);
    const [offer] = rows;
    if (!offer) return { outcome: null };
    await changeStage(tx, personKey, offer.round_id, 'expireOffer', afterwards('offered', 'expireOffer'));
    await setDue(tx, freedPlaceId, person.now);
    const { rows: entries } = await sql<{ unanswered: number }>`
      update waiting_list_entry set unanswered = unanswered + 1
      where person_key = ${personKey}::uuid and round_id = ${offer.round_id} and left_at is null
      returning unanswered
    `.execute(tx);
    if ((entries[0]?.unanswered ?? 0) >= unansweredBeforeLeaving) {
      await endWaiting(tx, personKey, offer.round_id, 'unanswered');
    }
    return { outcome: null, act: 'expireOffer', detail: { placeOfferId } };
  });
}

/** Frees the place for everybody, once: nobody is left, or too little time. Not while an offer stands. */
async function giveBackToAll(ledger: Ledger, freedPlaceId: string, slotId: number): Promise<void> {
  await ledger.db.transaction().execute(async (tx) => {
    // The slot before anything else, as everywhere.
    await sql`select from slot where slot_id = ${slotId} for no key update`.execute(tx);
    await lockPlace(tx, freedPlaceId);
    const { numAffectedRows } = await sql`
      update freed_place f set ended_at = ledger_now(), ended_as = 'givenBack'
      where f.freed_place_id = ${freedPlaceId}::uuid and f.ended_at is null
        and not exists (select from place_offer o where o.freed_place_id = f.freed_place_id and o.status = 'open')
    `.execute(tx);
    if (numAffectedRows === 1n) await giveBack(tx, slotId);
  });
}
