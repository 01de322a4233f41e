import fc from 'fast-check';
import { sql } from 'kysely';

import { addMs, type Instant } from '../domain/civil-time/plain-date';
import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { settledRound, waitingPerson } from '../test/builders/waiting-people';
import { book, cancel, move } from './booking';
import { ledgerNow } from './clock';
import { passPlaceOn } from './place-offer';
import { acceptOffer, declineOffer } from './place-offer-answer';

/** Few people and fewer places, so that nearly every act meets another. */
const invitedCount = 3;
const waitingCount = 4;
const capacities = [1, 2];
const peopleCount = invitedCount + waitingCount;

type Step =
  | { readonly act: 'book' | 'move'; readonly person: number; readonly slot: number }
  | { readonly act: 'cancel'; readonly person: number }
  /** Of the newest offers in the scene the one at this place: the open one, mostly, or one whose time is over. */
  | { readonly act: 'accept' | 'decline'; readonly age: number }
  | { readonly act: 'passOn' }
  | { readonly act: 'timePasses'; readonly minutes: number };

const person = fc.nat({ max: peopleCount - 1 });
const slot = fc.nat({ max: capacities.length - 1 });
const age = fc.constantFrom(0, 0, 0, 1, 2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('book' as const), person, slot }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('move' as const), person, slot }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('cancel' as const), person }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('accept' as const), age }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('decline' as const), age }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('passOn' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('timePasses' as const), minutes: fc.constantFrom(5, 70, 130) }),
  },
);

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.site('A');
});
afterAll(() => world.close());

/** How many offers were answered while they stood: a history without any would prove nothing. */
const answered = { accept: 0, decline: 0 };

interface Scene {
  readonly people: readonly string[];
  readonly slots: readonly number[];
}

let serial = 0;
/** A settled round of its own, whose booking is open now and whose windows begin in five days. */
async function scene(): Promise<Scene> {
  serial += 1;
  await world.stepTo(at(3 * serial, 9 * hour));
  const roundId = `round-${String(serial)}`;
  const now = await ledgerNow(world.ledger.db);
  const window = { opensAt: addMs(now, -1_000), closesAt: addMs(now, 8 * 86_400_000) };
  await world.round({ roundId, kind: 'rankThenInvite', ...window });
  await settledRound(world, roundId);
  const slots: number[] = [];
  for (const [index, capacity] of capacities.entries()) {
    const slotId = await world.slot({ siteId: 'A', roundId, capacity, fromMinute: (9 + index) * hour });
    await beginsAt(slotId, addMs(now, (5 * 24 + index) * 3_600_000));
    slots.push(slotId);
  }
  const people: string[] = [];
  for (let n = 0; n < invitedCount; n += 1) {
    const personKey = await world.person();
    await world.invite(personKey, { roundId });
    await sql`update invitation set opens_at = ${window.opensAt}, closes_at = ${window.closesAt}
      where person_key = ${personKey}::uuid`.execute(world.ledger.db);
    people.push(personKey);
  }
  for (let n = 0; n < waitingCount; n += 1) people.push(await waitingPerson(world, { roundId }));
  return { people, slots };
}

async function beginsAt(slotId: number, startsAt: Instant): Promise<void> {
  await sql`update slot set starts_at = ${startsAt}::timestamptz, ends_at = ${startsAt}::timestamptz + interval '1 hour',
    session_date = (${startsAt}::timestamptz at time zone 'Asia/Taipei')::date where slot_id = ${slotId}`.execute(
    world.ledger.db,
  );
}

async function take(step: Step, { people, slots }: Scene): Promise<void> {
  const { ledger } = world;
  const personKey = 'person' in step ? (people[step.person] ?? '') : '';
  const appointment = async () =>
    (
      await ledger.db
        .selectFrom('appointment')
        .select('appointment_number')
        .where('person_key', '=', personKey)
        .orderBy('booked_at', 'desc')
        .executeTakeFirst()
    )?.appointment_number ?? '2000000000';
  const offerOfAge = async (years: number) =>
    ledger.db
      .selectFrom('place_offer')
      .select(['place_offer_id', 'person_key'])
      .where('person_key', 'in', [...people])
      .orderBy('offered_at', 'desc')
      .offset(years)
      .limit(1)
      .executeTakeFirst();
  const contact = { mobile: '0912345678', language: 'zh' } as const;
  switch (step.act) {
    case 'book':
      await book(ledger, world.acting(personKey), { slotId: slots[step.slot] ?? 0, ...contact });
      return;
    case 'move': {
      const wish = { appointmentNumber: await appointment(), slotId: slots[step.slot] ?? 0 };
      await move(ledger, world.acting(personKey), wish);
      return;
    }
    case 'cancel':
      await cancel(ledger, world.acting(personKey), { appointmentNumber: await appointment() });
      return;
    case 'accept':
    case 'decline': {
      const offer = await offerOfAge(step.age);
      if (!offer) return;
      const by = world.acting(offer.person_key);
      const wish = { placeOfferId: offer.place_offer_id, ...contact };
      const outcome = await (step.act === 'accept' ? acceptOffer : declineOffer)(ledger, by, wish);
      if (outcome.ok) answered[step.act] += 1;
      return;
    }
    case 'passOn': {
      const held = await ledger.db
        .selectFrom('freed_place')
        .select('freed_place_id')
        .where('slot_id', 'in', [...slots])
        .where('ended_at', 'is', null)
        .execute();
      await Promise.all(held.map(({ freed_place_id }) => passPlaceOn(ledger, freed_place_id)));
      return;
    }
    case 'timePasses':
      await world.stepTo(addMs(await ledgerNow(ledger.db), step.minutes * 60_000));
      return;
  }
}

/** What must hold after every history, whoever acted and however it was interleaved. */
async function expectInvariants({ people, slots }: Scene): Promise<void> {
  const { db } = world.ledger;
  const { rows } = await sql<{ capacity: number; booked: number; live: number; held: number }>`
    select s.capacity, s.booked,
      (select count(*) from appointment a where a.slot_id = s.slot_id and a.status <> 'cancelled') as live,
      (select count(*) from freed_place f where f.slot_id = s.slot_id and f.ended_at is null) as held
    from slot s where s.slot_id = any(${[...slots]}::bigint[])
  `.execute(db);
  for (const { capacity, booked, live, held } of rows) {
    expect(booked).toBeLessThanOrEqual(capacity); // I1
    expect(booked).toBe(live + held); // I4
  }
  const { rows: doubles } = await sql`
    select person_key from appointment where person_key = any(${[...people]}::uuid[])
      and status in ('booked', 'attended') group by person_key, round_id, dose_number having count(*) > 1
  `.execute(db);
  expect(doubles).toEqual([]); // I2
  // Who is offered a place is at that stage and nobody else is; a place that was accepted is one appointment.
  const { rows: odd } = await sql`
    select p.person_key, p.stage from participation p
    where p.person_key = any(${[...people]}::uuid[]) and (
      (p.stage = 'offered') <> exists (select from place_offer o
        where o.person_key = p.person_key and o.round_id = p.round_id and o.status = 'open')
      or (p.stage = 'booked') <> exists (select from appointment a
        where a.person_key = p.person_key and a.round_id = p.round_id and a.status = 'booked'))
  `.execute(db);
  expect(odd).toEqual([]);
  const { rows: takenOtherwise } = await sql`
    select f.freed_place_id from freed_place f
    where f.slot_id = any(${[...slots]}::bigint[]) and (f.ended_as is not distinct from 'taken') <> exists (
      select from place_offer o where o.freed_place_id = f.freed_place_id and o.status = 'accepted')
  `.execute(db);
  expect(takenOtherwise).toEqual([]);
}

/** Steps one after another, with some of them at the same instant. */
const history = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 4, maxLength: 14 });

test('any history of booking, cancelling, offering, accepting, declining and expiring keeps I1, I2 and I4', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (moments) => {
      const here = await scene();
      // All places are taken first: there is something to give back.
      for (const [n, slotIndex] of [0, 1, 1].entries()) {
        await take({ act: 'book', person: n, slot: slotIndex }, here);
      }
      for (const moment of moments) await Promise.all(moment.map((each) => take(each, here)));
      await expectInvariants(here);
    }),
    { numRuns: 18 },
  );
  expect(answered.accept).toBeGreaterThan(0);
  expect(answered.decline).toBeGreaterThan(0);
}, 120_000);
