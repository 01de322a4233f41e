import { sql } from 'kysely';

import { LedgerWorld, at, firstDay, hour } from '../test/builders/ledger-world';
import { addDays } from '../domain/civil-time/plain-date';
import { book, cancel, move, readAppointment, readLiveAppointment } from './booking';
import { readTextsOf } from './text-message';

let world: LedgerWorld;
let slotId: number;

beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.round({ roundId: 'ranked', kind: 'rankThenInvite' });
  await world.site('A');
  slotId = await world.slot({ siteId: 'A', capacity: 2 });
  await world.stepTo(at(0, 11 * hour));
});
afterEach(() => world.close());

const booking = (personKey: string, slot = slotId, key?: string) =>
  book(world.ledger, world.acting(personKey, key), { slotId: slot, mobile: '0912-345-678', language: 'zh' });
const booked = async (personKey: string, slot = slotId) => {
  const outcome = await booking(personKey, slot);
  if (!outcome.ok) throw new Error(`not booked: ${outcome.refusal.code}`);
  return outcome.value.appointmentNumber;
};
const refusal = (code: string, more: object = {}) => ({ ok: false, refusal: { code, ...more } });
const placesTaken = async (slot = slotId) =>
  (
    await world.ledger.db
      .selectFrom('slot')
      .select('booked')
      .where('slot_id', '=', slot)
      .executeTakeFirstOrThrow()
  ).booked;
const stageOf = async (personKey: string, roundId = 'round-1') =>
  (
    await world.ledger.db
      .selectFrom('participation')
      .select('stage')
      .where('person_key', '=', personKey)
      .where('round_id', '=', roundId)
      .executeTakeFirst()
  )?.stage;
const texts = async (personKey: string) => (await readTextsOf(world.ledger, personKey)).map((t) => t.purpose);

describe('booking', () => {
  test('takes a place, gives a number, and is acknowledged by a text without a link', async () => {
    const personKey = await world.person();
    const appointmentNumber = await booked(personKey);
    expect(appointmentNumber).toMatch(/^2\d{9}$/);
    expect(await placesTaken()).toBe(1);
    expect(await stageOf(personKey)).toBe('booked');
    const [text] = await readTextsOf(world.ledger, personKey);
    expect(text).toMatchObject({ purpose: 'appointmentBooked', mobile: '0912345678' });
    expect(text?.body).toBe(
      `【末三碼678】中央流行疫情指揮中心：預約成功，編號${appointmentNumber}，莫德納第1劑，2031/07/06 09:00~10:00，大安區健康服務中心A。請攜健保卡。若非本人預約，請撥1922。`,
    );
    expect(await readAppointment(world.ledger, personKey, appointmentNumber)).toMatchObject({
      status: 'booked',
      slotId,
      siteId: 'A',
      site: { nameZh: '大安區健康服務中心A' },
      sessionDate: addDays(firstDay, 5),
      startsAt: at(5, 9 * hour),
      doseNumber: 1,
      mobile: '0912345678',
      roundId: 'round-1',
    });
  });

  test('has one instant until it is moved, so that nothing reads as moved that was not', async () => {
    const personKey = await world.person();
    const appointmentNumber = await booked(personKey);
    const { rows } = await sql<{ same: boolean }>`select booked_at = arranged_at as same from appointment
      where appointment_number = ${appointmentNumber}`.execute(world.ledger.db);
    expect(rows).toEqual([{ same: true }]);
  });

  test('nobody reads another’s appointment', async () => {
    const appointmentNumber = await booked(await world.person());
    const stranger = await world.person();
    expect(await readAppointment(world.ledger, stranger, appointmentNumber)).toBeUndefined();
    expect(await cancel(world.ledger, world.acting(stranger), { appointmentNumber })).toEqual(
      refusal('appointmentUnknown'),
    );
  });

  test('is not open before its window, whatever the route', async () => {
    await world.round({ roundId: 'later', opensAt: at(1, 10 * hour) });
    const later = await world.slot({ siteId: 'A', capacity: 1, roundId: 'later' });
    expect(await booking(await world.person(), later)).toEqual(
      refusal('bookingNotOpenYet', { opensAt: at(1, 10 * hour) }),
    );
    expect(await placesTaken(later)).toBe(0);
  });

  test('is over when its window has closed', async () => {
    const late = await world.slot({ siteId: 'A', capacity: 1, day: 12 });
    await world.stepTo(at(10, 12 * hour));
    expect(await booking(await world.person(), late)).toEqual(
      refusal('bookingClosed', { closedAt: at(10, 12 * hour) }),
    );
  });

  test.each([
    ['someone in no open group', { groups: [1] }, 'notInOpenGroup'],
    ['someone too young for any window', { birthDate: '2015-01-01' }, 'notInvited'],
  ])('refuses %s', async (_who, options, code) => {
    expect(await booking(await world.person(options))).toEqual(refusal(code));
    expect(await placesTaken()).toBe(0);
  });

  test('in a round that ranks needs an invitation, for the product of the invitation', async () => {
    const moderna = await world.slot({ siteId: 'A', capacity: 2, roundId: 'ranked' });
    const az = await world.slot({ siteId: 'A', capacity: 2, roundId: 'ranked', product: 'AZ' });
    const personKey = await world.person();
    expect(await booking(personKey, moderna)).toEqual(refusal('notInvited'));
    await world.invite(personKey, { roundId: 'ranked', product: 'AZ' });
    expect(await booking(personKey, moderna)).toEqual(refusal('slotOfOtherProduct', { product: 'AZ' }));
    expect(await booking(personKey, az)).toMatchObject({ ok: true });
  });

  test('keeps the interval between doses', async () => {
    const personKey = await world.person();
    await world.dose(personKey, 1, 'Moderna', addDays(firstDay, -22));
    expect(await booking(personKey)).toEqual(
      refusal('doseIntervalNotReached', { earliestOn: addDays(firstDay, 6) }),
    );
    const nextDay = await world.slot({ siteId: 'A', capacity: 1, day: 6 });
    const appointmentNumber = await booked(personKey, nextDay);
    expect((await readAppointment(world.ledger, personKey, appointmentNumber))?.doseNumber).toBe(2);
  });

  test('refuses a window that has begun, one that does not exist, and what is no mobile', async () => {
    const personKey = await world.person();
    const begun = await world.slot({ siteId: 'A', capacity: 1, day: 0, fromMinute: 10 * hour });
    expect(await booking(personKey, begun)).toEqual(refusal('slotPast'));
    expect(await booking(personKey, 999_999)).toEqual(refusal('slotUnknown'));
    const wrong = { slotId, mobile: '02-12345678', language: 'zh' } as const;
    expect(await book(world.ledger, world.acting(personKey), wrong)).toEqual(refusal('mobileInvalid'));
  });

  test('a second appointment is refused, in the same round or for the same dose in another', async () => {
    const personKey = await world.person();
    const appointmentNumber = await booked(personKey);
    const other = await world.slot({ siteId: 'A', capacity: 1, fromMinute: 14 * hour });
    expect(await booking(personKey, other)).toEqual(refusal('alreadyBooked', { appointmentNumber }));
    await world.invite(personKey, { roundId: 'ranked' });
    const ranked = await world.slot({ siteId: 'A', capacity: 1, roundId: 'ranked' });
    expect(await booking(personKey, ranked)).toEqual(refusal('alreadyBooked', { appointmentNumber }));
    expect(await placesTaken(other)).toBe(0);
  });

  test('whoever finds a window full is offered the same site first, then the earliest and nearest', async () => {
    await world.site('B', '63000020');
    await world.site('C', '64000010');
    const sameSite = await world.slot({ siteId: 'A', capacity: 1, day: 6 });
    await world.slot({ siteId: 'C', capacity: 5, day: 3 });
    const near = await world.slot({ siteId: 'B', capacity: 5, day: 7 });
    const far = await world.slot({ siteId: 'C', capacity: 5, day: 2 });
    await booked(await world.person());
    await booked(await world.person());
    const outcome = await booking(await world.person());
    expect(outcome).toMatchObject(refusal('slotFull'));
    expect(!outcome.ok && outcome.refusal.code === 'slotFull' && outcome.refusal.alternatives).toEqual([
      { slotId: sameSite, siteId: 'A', startsAt: at(6, 9 * hour), endsAt: at(6, 10 * hour), left: 1 },
      { slotId: near, siteId: 'B', startsAt: at(7, 9 * hour), endsAt: at(7, 10 * hour), left: 5 },
      { slotId: far, siteId: 'C', startsAt: at(2, 9 * hour), endsAt: at(2, 10 * hour), left: 5 },
    ]);
  });

  test('no alternative is offered before the dose interval is over', async () => {
    const filled = await world.slot({ siteId: 'A', capacity: 0, day: 8 });
    await world.slot({ siteId: 'A', capacity: 3, day: 5, fromMinute: 15 * hour });
    const after = await world.slot({ siteId: 'A', capacity: 3, day: 9 });
    const personKey = await world.person();
    await world.dose(personKey, 1, 'Moderna', addDays(firstDay, -21));
    const outcome = await booking(personKey, filled);
    expect(outcome).toMatchObject({ refusal: { code: 'slotFull', alternatives: [{ slotId: after }] } });
  });

  test('the same idempotency key gives the same acceptance, even when the window has filled since', async () => {
    const personKey = await world.person();
    const first = await booking(personKey, slotId, 'key-1');
    await booked(await world.person());
    expect(await placesTaken()).toBe(2);
    expect(await booking(personKey, slotId, 'key-1')).toEqual(first);
    expect(await placesTaken()).toBe(2);
    expect(await texts(personKey)).toEqual(['appointmentBooked']);
  });
});

describe('cancelling', () => {
  test('frees the place once, gives the right to book back and says until when', async () => {
    const personKey = await world.person();
    const appointmentNumber = await booked(personKey);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => cancel(world.ledger, world.acting(personKey), { appointmentNumber })),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.filter(({ ok }) => !ok)).toEqual(
      Array.from({ length: 7 }, () => refusal('appointmentNotLive', { status: 'cancelled' })),
    );
    expect(await placesTaken()).toBe(0);
    expect(await stageOf(personKey)).toBe('invited');
    const sent = await readTextsOf(world.ledger, personKey);
    expect(sent.filter((t) => t.purpose === 'appointmentCancelled')).toEqual([
      expect.objectContaining({ body: expect.stringContaining('2031/07/11 12:00前可重新預約') as string }),
    ]);
  });

  test('lets the person book again while the window is open, another product too where none was assigned', async () => {
    const personKey = await world.person();
    await cancel(world.ledger, world.acting(personKey), { appointmentNumber: await booked(personKey) });
    const az = await world.slot({ siteId: 'A', capacity: 1, product: 'AZ' });
    const again = await booked(personKey, az);
    expect((await readLiveAppointment(world.ledger, personKey))?.appointmentNumber).toBe(again);
  });

  test('is possible after the booking window has closed; the person then waits for the next round', async () => {
    const late = await world.slot({ siteId: 'A', capacity: 1, day: 12 });
    const personKey = await world.person();
    const appointmentNumber = await booked(personKey, late);
    await world.stepTo(at(11, 0));
    expect(await cancel(world.ledger, world.acting(personKey), { appointmentNumber })).toMatchObject({
      ok: true,
    });
    expect(await placesTaken(late)).toBe(0);
    expect(await stageOf(personKey)).toBe('lapsed');
    expect(await booking(personKey, late)).toEqual(refusal('bookingClosed', { closedAt: at(10, 12 * hour) }));
  });

  test('is over when the window of the appointment has begun', async () => {
    const personKey = await world.person();
    const appointmentNumber = await booked(personKey);
    await world.stepTo(at(5, 9 * hour));
    expect(await cancel(world.ledger, world.acting(personKey), { appointmentNumber })).toEqual(
      refusal('bookingClosed', { closedAt: at(5, 9 * hour) }),
    );
    expect(await placesTaken()).toBe(1);
  });
});

describe('moving', () => {
  const moving = (personKey: string, appointmentNumber: string, to: number) =>
    move(world.ledger, world.acting(personKey), { appointmentNumber, slotId: to });

  test('takes the new place, gives the old one back and keeps the number', async () => {
    const personKey = await world.person();
    const appointmentNumber = await booked(personKey);
    const other = await world.slot({ siteId: 'A', capacity: 1, day: 6 });
    expect(await moving(personKey, appointmentNumber, other)).toEqual({
      ok: true,
      value: { appointmentNumber },
    });
    expect([await placesTaken(), await placesTaken(other)]).toEqual([0, 1]);
    expect(await readLiveAppointment(world.ledger, personKey)).toMatchObject({
      appointmentNumber,
      slotId: other,
    });
    expect(await moving(personKey, appointmentNumber, slotId)).toMatchObject({ ok: true });
    expect((await texts(personKey)).toSorted()).toEqual([
      'appointmentBooked',
      'appointmentMoved',
      'appointmentMoved',
    ]);
  });

  test('leaves the old place when the new one is full', async () => {
    const personKey = await world.person();
    const appointmentNumber = await booked(personKey);
    const full = await world.slot({ siteId: 'A', capacity: 0, day: 6 });
    expect(await moving(personKey, appointmentNumber, full)).toMatchObject(refusal('slotFull'));
    expect(await placesTaken()).toBe(1);
    expect((await readLiveAppointment(world.ledger, personKey))?.slotId).toBe(slotId);
  });

  test('refuses the same place, another product, another round, and after the window has closed', async () => {
    const late = await world.slot({ siteId: 'A', capacity: 1, day: 12 });
    const later = await world.slot({ siteId: 'A', capacity: 1, day: 13 });
    const az = await world.slot({ siteId: 'A', capacity: 1, product: 'AZ' });
    const ranked = await world.slot({ siteId: 'A', capacity: 1, roundId: 'ranked' });
    const personKey = await world.person();
    const appointmentNumber = await booked(personKey, late);
    expect(await moving(personKey, appointmentNumber, late)).toEqual(refusal('slotUnchanged'));
    expect(await moving(personKey, appointmentNumber, az)).toEqual(
      refusal('slotOfOtherProduct', { product: 'Moderna' }),
    );
    expect(await moving(personKey, appointmentNumber, ranked)).toEqual(refusal('slotUnknown'));
    await world.stepTo(at(10, 12 * hour));
    expect(await moving(personKey, appointmentNumber, later)).toEqual(
      refusal('bookingClosed', { closedAt: at(10, 12 * hour) }),
    );
  });

  test('two people who swap places at once both succeed or are told that it is full', async () => {
    const other = await world.slot({ siteId: 'A', capacity: 2, day: 6 });
    const [a, b] = [await world.person(), await world.person()];
    const [numberA, numberB] = [await booked(a), await booked(b, other)];
    for (let turn = 0; turn < 10; turn += 1) {
      const [to, from] = turn % 2 === 0 ? [other, slotId] : [slotId, other];
      await Promise.all([moving(a, numberA, to), moving(b, numberB, from)]);
    }
    const { rows } = await sql<{ ok: boolean }>`select s.booked = (select count(*) from appointment a
      where a.slot_id = s.slot_id and a.status = 'booked') as ok from slot s`.execute(world.ledger.db);
    expect(rows.every(({ ok }) => ok)).toBe(true);
  });
});
