import { sql } from 'kysely';

import { addDays } from '../domain/civil-time/plain-date';
import { invariants } from '../scripts/faults/invariants';
import { at, firstDay, hour, LedgerWorld } from '../test/builders/ledger-world';
import { settledRound, waitingPerson } from '../test/builders/waiting-people';
import { book, cancel, move, readAppointment } from './booking';
import { confirmClosure, findClosure, proposeClosure, reopenClosure, type ClosureWish } from './closure';
import { carryOutClosure } from './closure-steps';
import { readBookingRights } from './invitation';
import { enrolOperator } from './operator';
import { readOperatorActs } from './operator-audit';
import type { PersonView } from './person';
import { passPlaceOn } from './place-offer';
import { acceptOffer, readOffers } from './place-offer-answer';
import { getRound } from './round';
import { getRoundCalendar } from './round-calendar';
import { lapseInvitations } from './round-steps';
import { slotsOf } from './site';

let world: LedgerWorld;
let here: number;
let sameDayThere: number;
let later: number;

/** Sites A (Taipei) and B (Hualien) with windows on day 5, and A again on day 6; it is day 0, 11:00. */
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
  await settledRound(world);
  await world.site('A');
  await world.site('B', '10015030');
  here = await world.slot({ siteId: 'A', capacity: 6 });
  sameDayThere = await world.slot({ siteId: 'B', capacity: 2 });
  later = await world.slot({ siteId: 'A', capacity: 9, day: 6 });
  await world.stepTo(at(0, 11 * hour));
  for (const operatorId of ['lin', 'wu']) await enrolOperator(world.ledger.db, operatorId);
});
afterEach(async () => {
  // No phone is there to receive anything; whatever else must always hold, holds.
  const { 'every text reached its phone exactly once': _, ...held } = invariants;
  for (const check of Object.values(held)) {
    expect(await check(world.ledger.db, { acknowledged: [], inbox: [] })).toEqual([]);
  }
  await world.close();
});

const mobile = '0912345678';
const typhoon = (changes: Partial<ClosureWish> = {}): ClosureWish => ({
  closureId: 'typhoon',
  reason: 'typhoon',
  countyCodes: ['63000'],
  districtCodes: [],
  siteIds: [],
  dates: [addDays(firstDay, 5)],
  ...changes,
});

async function invited(): Promise<string> {
  const personKey = await world.person();
  await world.invite(personKey);
  return personKey;
}

const booking = (personKey: string, slotId = here) =>
  book(world.ledger, world.acting(personKey), { slotId, mobile, language: 'zh' });

async function booked(personKey: string, slotId = here): Promise<string> {
  const outcome = await booking(personKey, slotId);
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  return outcome.value.appointmentNumber;
}

async function proposed(wish = typhoon()) {
  const outcome = await proposeClosure(world.ledger, 'lin', wish);
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  return outcome.value.preview;
}

/** Proposed by one operator, confirmed by the other; nobody is cancelled yet. */
async function closed(wish = typhoon()): Promise<void> {
  const { digest, appointments } = await proposed(wish);
  const { closureId } = wish;
  const outcome = await confirmClosure(world.ledger, 'wu', { closureId, digest, atMost: appointments });
  if (!outcome.ok) throw new Error(outcome.refusal.code);
}

const textsOf = async (personKey: string) =>
  (
    await world.ledger.db
      .selectFrom('text_message')
      .select(['purpose', 'parameters'])
      .where('person_key', '=', personKey)
      .where('purpose', '=', 'appointmentClosed')
      .execute()
  ).map(({ parameters }) => parameters);

const stageOf = async (personKey: string) =>
  (
    await world.ledger.db
      .selectFrom('participation')
      .select('stage')
      .where('person_key', '=', personKey)
      .executeTakeFirstOrThrow()
  ).stage;

const slotNow = (slotId: number) =>
  world.ledger.db
    .selectFrom('slot')
    .select(['booked', 'capacity', 'capacity_when_open'])
    .where('slot_id', '=', slotId)
    .executeTakeFirstOrThrow();

describe('a proposed closure', () => {
  test('shows what it would do and closes nothing', async () => {
    for (let n = 0; n < 3; n += 1) await booked(await invited());
    await booked(await invited(), sameDayThere);
    expect(await proposed()).toMatchObject({
      ...{ sites: 1, windows: 1, places: 6, appointments: 3, people: 3 },
      byCounty: [{ countyCode: '63000', sites: 1, appointments: 3 }],
      rebooking: [{ roundId: 'round-1', product: 'Moderna', appointments: 3, leftElsewhere: 10 }],
    });
    expect((await booking(await invited())).ok).toBe(true);
    expect((await findClosure(world.ledger.db, 'typhoon'))?.preview?.appointments).toBe(4);
  });

  test.each([
    ['a day that is over', { dates: [addDays(firstDay, -1)] }, 'closureInPast'],
    ['a day without windows', { dates: [addDays(firstDay, 9)] }, 'closureEmpty'],
    ['an area without sites', { countyCodes: ['10020'] }, 'closureEmpty'],
  ])('is refused for %s', async (_what, changes, code) => {
    expect(await proposeClosure(world.ledger, 'lin', typhoon(changes))).toMatchObject({ refusal: { code } });
    expect(await findClosure(world.ledger.db, 'typhoon')).toBeUndefined();
  });

  test('is confirmed by another operator, for what the preview showed and no more', async () => {
    await booked(await invited());
    const { digest } = await proposed();
    const confirm = (operatorId: string, more: { digest?: string; atMost?: number } = {}) =>
      confirmClosure(world.ledger, operatorId, { closureId: 'typhoon', digest, atMost: 1, ...more });
    expect(await confirm('lin')).toMatchObject({ refusal: { code: 'secondOperatorNeeded' } });
    expect(await confirm('wu', { digest: '0'.repeat(16) })).toMatchObject({
      refusal: { code: 'closureDiffers', digest, appointments: 1 },
    });
    await booked(await invited());
    expect(await confirm('wu')).toMatchObject({ refusal: { code: 'closureDiffers', appointments: 2 } });
    expect(await confirm('wu', { atMost: 2 })).toMatchObject({ value: { state: 'underWay', windows: 1 } });
    expect(await confirm('wu', { atMost: 2 })).toMatchObject({ value: { state: 'underWay', windows: 1 } });
    expect(await proposeClosure(world.ledger, 'lin', typhoon())).toMatchObject({
      refusal: { code: 'closureConfirmed' },
    });
    await expect(sql`update closure set proposed_by = confirmed_by`.execute(world.ledger.db)).rejects.toThrow(
      'closure_needs_two_operators',
    );
    const acts = (await readOperatorActs(world.ledger.db)).map(({ operatorId, act }) => [operatorId, act]);
    expect(acts).toEqual([
      ['wu', 'confirmClosure'],
      ['lin', 'proposeClosure'],
    ]);
  });
});

describe('a confirmed closure', () => {
  test('lets nobody in any more: not to book, not to move, and shows the window as closed', async () => {
    const elsewhere = await invited();
    const appointmentNumber = await booked(elsewhere, sameDayThere);
    await closed();
    expect(await booking(await invited())).toMatchObject({ refusal: { code: 'slotClosed' } });
    expect(
      await move(world.ledger, world.acting(elsewhere), { appointmentNumber, slotId: here }),
    ).toMatchObject({ refusal: { code: 'slotClosed' } });
    const [view] = await slotsOf(world.ledger.db, 'A', { roundId: 'round-1', product: 'Moderna' });
    expect(view).toMatchObject({ slotId: here, left: 0, closed: true });
    await expect(
      sql`update slot set booked = booked + 1 where slot_id = ${here}`.execute(world.ledger.db),
    ).rejects.toThrow('closed');
  });

  test('cancels by the authority, keeps the right and makes it longer, and tells each person once', async () => {
    const personKey = await invited();
    const appointmentNumber = await booked(personKey);
    const untouched = await invited();
    await booked(untouched, sameDayThere);
    // The booking window closes on day 10; the typhoon comes on day 9.
    const onLastDay = await world.slot({ siteId: 'A', capacity: 3, day: 9 });
    await world.stepTo(at(4, 20 * hour));
    await closed();
    expect(await carryOutClosure(world.ledger, 'typhoon')).toEqual({ cancelled: 1 });
    expect(await carryOutClosure(world.ledger, 'typhoon')).toEqual({ cancelled: 1 });

    expect(await stageOf(personKey)).toBe('invited');
    expect(await stageOf(untouched)).toBe('booked');
    expect(await readAppointment(world.ledger, personKey, appointmentNumber)).toMatchObject({
      status: 'cancelled',
      closedFor: 'typhoon',
    });
    const rebookUntil = at(13, 0);
    expect(await textsOf(personKey)).toEqual([
      expect.objectContaining({ appointmentNumber, siteId: 'A', reason: 'typhoon', rebookUntil }),
    ]);
    expect(await slotNow(here)).toEqual({ booked: 0, capacity: 0, capacity_when_open: 6 });
    const { rows } =
      await sql`select actor, channel, detail ->> 'appointmentNumber' as number from audit_entry
      where person_key = ${personKey}::uuid and act = 'cancelByAuthority'`.execute(world.ledger.db);
    expect(rows).toEqual([{ actor: 'staff', channel: 'operator:wu', number: appointmentNumber }]);

    // The round's window has closed: this right is still good, and lapses when it is over.
    await world.stepTo(at(9, 8 * hour));
    await lapseInvitations(world.ledger, 'round-1', at(9, 0));
    expect(await stageOf(personKey)).toBe('invited');
    const round = await getRound(world.ledger.db, 'round-1');
    const rights = await readBookingRights(world.ledger, await readOwn(personKey), [round], at(9, 8 * hour));
    expect(rights.open).toMatchObject([{ closesAt: rebookUntil }]);
    expect(await booking(personKey, onLastDay)).toMatchObject({ ok: true });
    const { calendar } = await getRoundCalendar(world.ledger.db, 'round-1');
    expect(calendar.windowsCloseAt).toContain(rebookUntil);
  });

  test('in a round without ranking the longer right lets the person book again too', async () => {
    await world.round({ roundId: 'walk-up', closesAt: at(3, 0) });
    const [first, second] = [
      await world.slot({ siteId: 'B', capacity: 2, roundId: 'walk-up', fromMinute: 14 * hour }),
      await world.slot({ siteId: 'A', capacity: 2, roundId: 'walk-up', day: 8 }),
    ];
    const [personKey, stranger] = [await world.person(), await world.person()];
    await booked(personKey, first);
    await world.stepTo(at(4, 20 * hour));
    await closed(typhoon({ countyCodes: [], siteIds: ['B'] }));
    await carryOutClosure(world.ledger, 'typhoon');
    expect(await booking(stranger, second)).toMatchObject({ refusal: { code: 'bookingClosed' } });
    expect((await booking(personKey, second)).ok).toBe(true);
  });

  test('killed after any batch is carried out to the same end, and nobody is told twice', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => invited()));
    for (const personKey of people) await booked(personKey);
    await closed();
    let batches = 0;
    for (;;) {
      batches += 1;
      try {
        await carryOutClosure(world.ledger, 'typhoon', {
          batch: 2,
          onProgress: () => {
            throw new Error('killed');
          },
        });
        break;
      } catch (error) {
        if (!(error instanceof Error) || error.message !== 'killed') throw error;
      }
    }
    expect(batches).toBe(4);
    for (const personKey of people) expect(await textsOf(personKey)).toHaveLength(1);
    expect((await findClosure(world.ledger.db, 'typhoon'))?.closure).toMatchObject({
      ...{ state: 'carriedOut', cancelled: 6, toCancel: 0 },
    });
  });

  test('whoever books while it is confirmed is refused, or cancelled and told', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => invited()));
    const { digest } = await proposed();
    const [outcomes] = await Promise.all([
      Promise.all(people.map((personKey) => booking(personKey))),
      confirmClosure(world.ledger, 'wu', { closureId: 'typhoon', digest, atMost: 6 }),
    ]);
    await carryOutClosure(world.ledger, 'typhoon');
    for (const [index, outcome] of outcomes.entries()) {
      const personKey = people[index] ?? '';
      expect(await textsOf(personKey)).toHaveLength(outcome.ok ? 1 : 0);
      if (!outcome.ok) expect(['slotClosed', 'slotFull']).toContain(outcome.refusal.code);
      expect(await stageOf(personKey)).toBe('invited');
    }
  });

  test('someone who cancels or moves out meanwhile is done with it, and their place is nobody’s', async () => {
    const [leaves, moves] = [await invited(), await invited()];
    const first = await booked(leaves);
    const second = await booked(moves);
    await closed();
    expect((await cancel(world.ledger, world.acting(leaves), { appointmentNumber: first })).ok).toBe(true);
    expect(
      (await move(world.ledger, world.acting(moves), { appointmentNumber: second, slotId: later })).ok,
    ).toBe(true);
    expect(await carryOutClosure(world.ledger, 'typhoon')).toEqual({ cancelled: 0 });
    expect(await slotNow(here)).toMatchObject({ booked: 0, capacity: 0 });
    expect(await textsOf(leaves)).toEqual([]);
    expect(await stageOf(moves)).toBe('booked');
  });

  test('freed places of its windows are offered no longer; who was offered one waits on', async () => {
    const [holder, other] = [await invited(), await invited()];
    const waits = await waitingPerson(world);
    const appointmentNumber = await booked(holder);
    await booked(other);
    await cancel(world.ledger, world.acting(holder), { appointmentNumber });
    const { freed_place_id: freedPlaceId } = await world.ledger.db
      .selectFrom('freed_place')
      .select('freed_place_id')
      .executeTakeFirstOrThrow();
    await passPlaceOn(world.ledger, freedPlaceId);
    expect(await stageOf(waits)).toBe('offered');
    await closed();
    await carryOutClosure(world.ledger, 'typhoon');
    expect(await stageOf(waits)).toBe('registered');
    expect(await passPlaceOn(world.ledger, freedPlaceId)).toEqual({ answer: 'givenBack' });
    const [offer] = await readOffers(world.ledger, waits);
    expect(offer?.status).toBe('withdrawn');
    const late = await acceptOffer(world.ledger, world.acting(waits), {
      ...{ placeOfferId: offer?.placeOfferId ?? '', mobile, language: 'zh' },
    });
    expect(late.ok).toBe(false);
    expect(await slotNow(here)).toMatchObject({ booked: 0, capacity: 0 });
  });
});

describe('a closure that is opened again', () => {
  test('has the places that it had; who was cancelled is not booked by it', async () => {
    const personKey = await invited();
    await booked(personKey);
    await closed();
    const reopen = () => reopenClosure(world.ledger, 'lin', 'typhoon');
    expect(await reopen()).toMatchObject({ refusal: { code: 'closureUnderWay' } });
    await carryOutClosure(world.ledger, 'typhoon');
    expect(await reopen()).toMatchObject({ value: { state: 'reopened', cancelled: 1 } });
    expect(await reopen()).toMatchObject({ value: { state: 'reopened' } });
    expect(await slotNow(here)).toEqual({ booked: 0, capacity: 6, capacity_when_open: null });
    expect(await stageOf(personKey)).toBe('invited');
    expect((await booking(personKey)).ok).toBe(true);
  });

  test('must have been confirmed', async () => {
    await proposed();
    expect(await reopenClosure(world.ledger, 'lin', 'typhoon')).toMatchObject({
      refusal: { code: 'closureNotConfirmed' },
    });
    expect(await reopenClosure(world.ledger, 'lin', 'nothing')).toMatchObject({
      refusal: { code: 'closureUnknown' },
    });
  });
});

/** The person as their own pages read them; this world gives them no number. */
async function readOwn(personKey: string): Promise<PersonView> {
  const row = await world.ledger.db
    .selectFrom('person')
    .select(['birth_date', 'priority_groups'])
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();
  return {
    ...{ personKey, birthDate: row.birth_date, priorityGroups: row.priority_groups },
    ...{ doses: [], lastDose: null, name: '', personNumber: '', personNumberKind: 'nationalId' },
  };
}
