import { sql } from 'kysely';

import { taipeiDateOf } from '../domain/civil-time/plain-date';
import { openObligations } from '../domain/lifecycle/obligations';
import { LedgerWorld, at as onDay, hour } from '../test/builders/ledger-world';
import { registeredInVain, settledRound, waitingPerson } from '../test/builders/waiting-people';
import { book, cancel, move } from './booking';
import { carryOver } from './carry-over';
import { claimUntoldPlaces, markPlacesTold, pokeOverduePlaces } from './freed-place';
import { passPlaceOn } from './place-offer';
import { acceptOffer, declineOffer, readOffers } from './place-offer-answer';
import { readSnapshots } from './snapshot';
import { joinWaitingList, leaveWaitingList, readWaiting } from './waiting-list';

const mobile = '0912345678';

let world: LedgerWorld;
/** Each test has a month and a round of its own: one ledger serves all of them. */
let month = -1;
let roundId: string;
const at = (day: number, minutes: number) => onDay(30 * month + day, minutes);
const nobodysOffer = '00000000-0000-4000-8000-000000000000';
let slotId: number;
let otherSlotId: number;
let holder: string;
let appointmentNumber: string;

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.site('A');
});
afterAll(() => world.close());

/** Day 0, 11:00: the one place of day 5 is booked, and another window has places. */
beforeEach(async () => {
  month += 1;
  roundId = `round-${String(month)}`;
  const window = { opensAt: at(0, 10 * hour), closesAt: at(10, 12 * hour) };
  await world.round({ roundId, kind: 'rankThenInvite', ...window });
  await settledRound(world, roundId);
  slotId = await slot({ capacity: 1 });
  otherSlotId = await slot({ capacity: 5, fromMinute: 14 * hour });
  await world.stepTo(at(0, 11 * hour));
  holder = await invited();
  appointmentNumber = await booked(holder, slotId);
});

const slot = ({ day = 5, ...options }: { capacity: number; day?: number; fromMinute?: number }) =>
  world.slot({ siteId: 'A', roundId, day: 30 * month + day, ...options });
const waiting = (options: Parameters<typeof waitingPerson>[1] = {}) =>
  waitingPerson(world, { roundId, ...options });

async function invited(): Promise<string> {
  const personKey = await world.person();
  await world.invite(personKey, { roundId });
  await sql`update invitation set opens_at = ${at(0, 10 * hour)}, closes_at = ${at(10, 12 * hour)}
    where person_key = ${personKey}::uuid`.execute(world.ledger.db);
  return personKey;
}

async function booked(personKey: string, slot: number): Promise<string> {
  const outcome = await book(world.ledger, world.acting(personKey), { slotId: slot, mobile, language: 'zh' });
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  return outcome.value.appointmentNumber;
}

const cancelIt = () => cancel(world.ledger, world.acting(holder), { appointmentNumber });
const slotNow = async (id = slotId) => {
  const { rows } = await sql<{ booked: number; live: number; held: number }>`
    select s.booked, (select count(*) from appointment a where a.slot_id = s.slot_id and a.status = 'booked') as live,
      (select count(*) from freed_place f where f.slot_id = s.slot_id and f.ended_at is null) as held
    from slot s where s.slot_id = ${id}
  `.execute(world.ledger.db);
  return rows[0];
};
const freed = async () =>
  (
    await world.ledger.db
      .selectFrom('freed_place')
      .select('freed_place_id')
      .where('slot_id', 'in', await slotsOfRound())
      .orderBy('freed_at')
      .executeTakeFirstOrThrow()
  ).freed_place_id;
const slotsOfRound = async () =>
  (await world.ledger.db.selectFrom('slot').select('slot_id').where('round_id', '=', roundId).execute()).map(
    ({ slot_id }) => slot_id,
  );
const offerOf = async (personKey: string) => (await readOffers(world.ledger, personKey))[0];
const accept = async (personKey: string) =>
  acceptOffer(world.ledger, world.acting(personKey), {
    placeOfferId: (await offerOf(personKey))?.placeOfferId ?? nobodysOffer,
    mobile,
    language: 'zh',
  });
const decline = async (personKey: string) =>
  declineOffer(world.ledger, world.acting(personKey), {
    placeOfferId: (await offerOf(personKey))?.placeOfferId ?? nobodysOffer,
  });
const stageOf = async (personKey: string) =>
  (
    await world.ledger.db
      .selectFrom('participation')
      .select('stage')
      .where('person_key', '=', personKey)
      .executeTakeFirstOrThrow()
  ).stage;
const texts = async (personKey: string) =>
  (
    await world.ledger.db
      .selectFrom('text_message')
      .select('purpose')
      .where('person_key', '=', personKey)
      .orderBy('created_at')
      .execute()
  ).map(({ purpose }) => purpose);

describe('a place that is given back', () => {
  test('is free for everybody where nobody waits', async () => {
    await registeredInVain(world, { roundId });
    await cancelIt();
    expect(await slotNow()).toEqual({ booked: 0, live: 0, held: 0 });
  });

  test('is held where somebody waits for that product in that county, and for nobody else', async () => {
    await waiting();
    await cancelIt();
    expect(await slotNow()).toEqual({ booked: 1, live: 0, held: 1 });
    const passer = await invited();
    const outcome = await book(world.ledger, world.acting(passer), { slotId, mobile, language: 'zh' });
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'slotFull' } });
  });

  test.each([
    ['another product', { products: ['AZ'] }],
    ['another county', { districtCode: '65000010' }],
  ])('is free where they wait for %s', async (_what, options) => {
    await waiting(options);
    await cancelIt();
    expect(await slotNow()).toEqual({ booked: 0, live: 0, held: 0 });
  });

  test('is held when somebody moves to another window, too', async () => {
    await waiting();
    await move(world.ledger, world.acting(holder), { appointmentNumber, slotId: otherSlotId });
    expect(await slotNow()).toEqual({ booked: 1, live: 0, held: 1 });
    expect(await slotNow(otherSlotId)).toEqual({ booked: 1, live: 1, held: 0 });
  });

  test('is free again when it is too late for anybody to answer and get there', async () => {
    await waiting();
    await world.stepTo(at(4, 20 * hour));
    await cancelIt();
    expect(await slotNow()).toEqual({ booked: 0, live: 0, held: 0 });
  });
});

describe('the order', () => {
  test('is the settlement’s: group, then age, whoever asked first', async () => {
    const young = await waiting({ birthDate: '1999-01-01' });
    const old = await waiting({ birthDate: '1950-01-01' });
    const urgent = await waiting({ birthDate: '2000-01-01', group: 5 });
    await cancelIt();
    const place = await freed();
    const order = [];
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await passPlaceOn(world.ledger, place)).toMatchObject({ answer: 'offered' });
      for (const personKey of [young, old, urgent]) {
        if ((await offerOf(personKey))?.status !== 'open') continue;
        order.push(personKey);
        await decline(personKey);
      }
    }
    expect(order).toEqual([urgent, old, young]);
    expect(await passPlaceOn(world.ledger, place)).toEqual({ answer: 'givenBack' });
    expect(await slotNow()).toEqual({ booked: 0, live: 0, held: 0 });
  });

  test('passes over who may not be given the dose that day, and who waits elsewhere', async () => {
    const tooSoon = await waiting({ birthDate: '1940-01-01' });
    await world.dose(tooSoon, 1, 'Moderna', taipeiDateOf(at(-11, 0)));
    const child = await waiting({ birthDate: '2020-01-01', group: 5 });
    const fit = await waiting({ birthDate: '1990-01-01' });
    await cancelIt();
    await passPlaceOn(world.ledger, await freed());
    expect(await offerOf(tooSoon)).toBeUndefined();
    expect(await offerOf(child)).toBeUndefined();
    expect((await offerOf(fit))?.status).toBe('open');
  });
});

describe('an offer', () => {
  test('is told of once, stands two hours, and is the person’s alone', async () => {
    const first = await waiting({ birthDate: '1950-01-01' });
    const second = await waiting({ birthDate: '1960-01-01' });
    await cancelIt();
    const place = await freed();
    const step = await passPlaceOn(world.ledger, place);
    expect(step).toEqual({ answer: 'offered', until: (await offerOf(first))?.expiresAt });
    expect(await passPlaceOn(world.ledger, place)).toEqual(step);
    expect(await texts(first)).toEqual(['placeOffered']);
    expect(await stageOf(first)).toBe('offered');
    const { placeOfferId = '' } = (await offerOf(first)) ?? {};
    expect(
      await acceptOffer(world.ledger, world.acting(second), { placeOfferId, mobile, language: 'zh' }),
    ).toMatchObject({ ok: false, refusal: { code: 'offerUnknown' } });
  });

  test('that is accepted is an appointment like any other, and the place is taken', async () => {
    const person = await waiting();
    await cancelIt();
    const place = await freed();
    await passPlaceOn(world.ledger, place);
    const outcome = await accept(person);
    expect(outcome.ok).toBe(true);
    expect(await slotNow()).toEqual({ booked: 1, live: 1, held: 0 });
    expect(await passPlaceOn(world.ledger, place)).toEqual({ answer: 'taken' });
    expect(await texts(person)).toEqual(['placeOffered', 'appointmentBooked']);
    expect((await readWaiting(world.ledger.db, person, roundId))?.leftAs).toBe('accepted');
    const snapshot = (await readSnapshots(world.ledger.db, [person])).get(person);
    const owed = snapshot && openObligations(person, snapshot, at(0, 12 * hour)).map(({ kind }) => kind);
    expect(owed).toEqual(['remindOfAppointment', 'offerSameDay']);
    const number = outcome.ok ? outcome.value.appointmentNumber : '';
    expect((await cancel(world.ledger, world.acting(person), { appointmentNumber: number })).ok).toBe(true);
    expect(await stageOf(person)).toBe('invited');
    expect(await slotNow()).toEqual({ booked: 0, live: 0, held: 0 });
  });

  test('accepted twice with one key is one appointment, and without it is told so', async () => {
    const person = await waiting();
    await cancelIt();
    await passPlaceOn(world.ledger, await freed());
    const wish = {
      placeOfferId: (await offerOf(person))?.placeOfferId ?? '',
      mobile,
      language: 'zh',
    } as const;
    const [one, two] = await Promise.all(
      [1, 2].map(() => acceptOffer(world.ledger, world.acting(person, 'key'), wish)),
    );
    expect(one).toEqual(two);
    expect(await accept(person)).toMatchObject({ refusal: { code: 'offerAnswered', answer: 'accepted' } });
  });

  test('answered too late is refused with what helps, even before it was passed on', async () => {
    const person = await waiting({ birthDate: '1950-01-01' });
    const next = await waiting({ birthDate: '1960-01-01' });
    await cancelIt();
    const place = await freed();
    await passPlaceOn(world.ledger, place);
    await world.stepTo(at(0, 13.5 * hour));
    expect(await accept(person)).toMatchObject({
      ok: false,
      refusal: { code: 'offerExpired', stillWaiting: true, newOfferId: null },
    });
    expect((await offerOf(person))?.status).toBe('expired');
    expect(await passPlaceOn(world.ledger, place)).toMatchObject({ answer: 'offered' });
    expect(await stageOf(person)).toBe('registered');
    expect((await offerOf(next))?.status).toBe('open');
    expect(await accept(person)).toMatchObject({ refusal: { code: 'offerExpired' } });
    expect((await accept(next)).ok).toBe(true);
  });

  test('left unanswered a second time in a row takes the person off the list; they may join again', async () => {
    const person = await waiting();
    await cancelIt();
    await passPlaceOn(world.ledger, await freed());
    await world.stepTo(at(0, 14 * hour));
    await passPlaceOn(world.ledger, await freed());
    expect((await readWaiting(world.ledger.db, person, roundId))?.waiting).toBe(true);
    expect(await slotNow()).toEqual({ booked: 0, live: 0, held: 0 });
    const again = await booked(holder, slotId);
    await cancel(world.ledger, world.acting(holder), { appointmentNumber: again });
    const { freed_place_id: second } = await world.ledger.db
      .selectFrom('freed_place')
      .select('freed_place_id')
      .where('slot_id', '=', slotId)
      .where('ended_at', 'is', null)
      .executeTakeFirstOrThrow();
    await passPlaceOn(world.ledger, second);
    await world.stepTo(at(0, 17 * hour));
    await passPlaceOn(world.ledger, second);
    expect((await readWaiting(world.ledger.db, person, roundId))?.leftAs).toBe('unanswered');
    await joinWaitingList(world.ledger, world.acting(person), { roundId });
    expect((await readWaiting(world.ledger.db, person, roundId))?.waiting).toBe(true);
  });

  test('for a window that the authority has closed meanwhile gives nothing, and is made to nobody', async () => {
    const person = await waiting();
    const next = await waiting({ birthDate: '1990-01-01' });
    await cancelIt();
    const place = await freed();
    await passPlaceOn(world.ledger, place);
    await sql`update slot set closed_at = ledger_now(), closure_id = 'typhoon' where slot_id = ${slotId}`.execute(
      world.ledger.db,
    );
    expect(await accept(person)).toMatchObject({ refusal: { code: 'slotClosed' } });
    await decline(person);
    expect(await passPlaceOn(world.ledger, place)).toEqual({ answer: 'givenBack' });
    expect(await offerOf(next)).toBeUndefined();
    expect(await slotNow()).toEqual({ booked: 0, live: 0, held: 0 });
  });

  test('of a place freed at night is made in the morning', async () => {
    await waiting();
    await world.stepTo(at(0, 22 * hour));
    await cancelIt();
    expect(await passPlaceOn(world.ledger, await freed())).toEqual({
      answer: 'waits',
      until: at(1, 9 * hour),
    });
    await world.stepTo(at(1, 9 * hour));
    expect(await passPlaceOn(world.ledger, await freed())).toMatchObject({ answer: 'offered' });
  });

  test('is not made to who has left the list, whose offer stands all the same', async () => {
    const person = await waiting();
    await cancelIt();
    await passPlaceOn(world.ledger, await freed());
    await leaveWaitingList(world.ledger, world.acting(person), { roundId });
    expect((await accept(person)).ok).toBe(true);
  });

  test('after the booking window has closed still gives the place, and a cancellation then ends it', async () => {
    const late = await slot({ capacity: 1, day: 14 });
    await move(world.ledger, world.acting(holder), { appointmentNumber, slotId: late });
    const person = await waiting();
    await world.stepTo(at(11, 10 * hour));
    await cancelIt();
    await passPlaceOn(world.ledger, await freed());
    const outcome = await accept(person);
    expect(outcome.ok).toBe(true);
    await cancel(world.ledger, world.acting(person), {
      appointmentNumber: outcome.ok ? outcome.value.appointmentNumber : '',
    });
    expect(await stageOf(person)).toBe('lapsed');
  });
});

test('a hundred answers at once to offers that are passed on meanwhile give the place to one person at most', async () => {
  const people = await Promise.all(
    Array.from({ length: 6 }, (_, n) => waiting({ birthDate: `196${String(n)}-01-01` })),
  );
  await cancelIt();
  const place = await freed();
  for (let round = 0; round < 6; round += 1) {
    await Promise.all([
      ...people.map((personKey, n) => (n % 2 === round % 2 ? decline(personKey) : accept(personKey))),
      passPlaceOn(world.ledger, place),
      passPlaceOn(world.ledger, place),
    ]);
  }
  const { booked: used = 0, live = 0, held = 0 } = (await slotNow()) ?? {};
  expect(used).toBe(live + held);
  expect(live).toBeLessThanOrEqual(1);
});

test('the engine is told of a held place until it has heard of it, and again when its step is overdue', async () => {
  const { db } = world.ledger;
  await markPlacesTold(db, await claimUntoldPlaces(db, { limit: 100, leaseMs: 0 }));
  await waiting();
  await cancelIt();
  const claim = async () => {
    const id = await freed();
    const claimed = await claimUntoldPlaces(db, { limit: 10, leaseMs: 0 });
    return claimed.filter(({ freedPlaceId }) => freedPlaceId === id);
  };
  const [untold] = await claim();
  expect(untold?.freedPlaceId).toBe(await freed());
  expect(await claim()).toHaveLength(1);
  await markPlacesTold(db, untold ? [untold] : []);
  expect(await claim()).toEqual([]);
  await passPlaceOn(world.ledger, await freed());
  await pokeOverduePlaces(db, { graceMs: 0 });
  expect(await claim()).toEqual([]);
  await world.stepTo(at(0, 14 * hour));
  expect(await pokeOverduePlaces(db, { graceMs: 0 })).toBeGreaterThanOrEqual(1);
  expect(await claim()).toHaveLength(1);
});

describe('the next round', () => {
  const nextRound = async () => {
    const next = `next-${String(month)}`;
    await world.round({ roundId: next, kind: 'rankThenInvite', opensAt: at(20, 0), closesAt: at(25, 0) });
    await world.ledger.db
      .updateTable('round')
      .set({ registration_opens_at: at(0, 12 * hour), registration_ends_at: at(3, 0), settles_at: at(4, 0) })
      .where('round_id', '=', next)
      .execute();
    return next;
  };
  const stagesOf = async (personKey: string) =>
    (
      await world.ledger.db
        .selectFrom('participation')
        .select('stage')
        .where('person_key', '=', personKey)
        .orderBy('round_id', 'desc')
        .execute()
    ).map(({ stage }) => stage);

  test('takes who waits once its registration has ended, who does not wait at its opening', async () => {
    const next = await nextRound();
    const waits = await waiting();
    const idle = await registeredInVain(world, { roundId });
    await world.stepTo(at(0, 12 * hour));
    await carryOver(world.ledger, roundId, next);
    expect(await stagesOf(waits)).toEqual(['registered']);
    expect(await stagesOf(idle)).toEqual(['carriedOver', 'registered']);
    await cancelIt();
    await passPlaceOn(world.ledger, await freed());
    expect((await offerOf(waits))?.status).toBe('open');
    await decline(waits);
    await world.stepTo(at(3, 0));
    await carryOver(world.ledger, roundId, next);
    expect(await stagesOf(waits)).toEqual(['carriedOver', 'registered']);
    expect(await passPlaceOn(world.ledger, await freed())).toMatchObject({ answer: 'waits' });
  });

  test('takes nobody’s offer away', async () => {
    const next = await nextRound();
    const person = await waiting();
    await world.stepTo(at(2, 19 * hour));
    await cancelIt();
    await passPlaceOn(world.ledger, await freed());
    await world.stepTo(at(3, 0));
    await carryOver(world.ledger, roundId, next);
    await carryOver(world.ledger, roundId, next);
    expect(await stagesOf(person)).toEqual(['offered', 'registered']);
    expect((await accept(person)).ok).toBe(true);
    expect(await stagesOf(person)).toEqual(['booked', 'registered']);
  });
});

describe('the waiting list', () => {
  test('takes nobody who was invited, has not registered, or comes before the settlement', async () => {
    const join = async (personKey: string) => {
      const outcome = await joinWaitingList(world.ledger, world.acting(personKey), { roundId });
      return outcome.ok ? 'joined' : outcome.refusal.code;
    };
    expect(await join(holder)).toBe('waitingListNotNeeded');
    expect(await join(await world.person())).toBe('notRegistered');
    const person = await registeredInVain(world, { roundId });
    expect(await join(person)).toBe('joined');
    expect(await join(person)).toBe('joined');
    await sql`update settlement set completed_at = null where round_id = ${roundId}`.execute(world.ledger.db);
    expect(await join(await registeredInVain(world, { roundId }))).toBe('waitingListNotOpenYet');
  });

  test('is kept in the history and costs the engine nothing', async () => {
    const person = await waiting();
    await leaveWaitingList(world.ledger, world.acting(person), { roundId });
    const rows = await world.ledger.db
      .selectFrom('audit_entry')
      .select('act')
      .where('person_key', '=', person)
      .orderBy('audit_entry_id')
      .execute();
    expect(rows.map(({ act }) => act)).toEqual(['joinWaitingList', 'leaveWaitingList']);
    const { rows: outbox } = await sql`select from citizen_outbox where person_key = ${person}::uuid`.execute(
      world.ledger.db,
    );
    expect(outbox).toEqual([]);
  });
});
