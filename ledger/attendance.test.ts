import { sql } from 'kysely';

import { addDays } from '../domain/civil-time/plain-date';
import { LedgerWorld, at, firstDay, hour } from '../test/builders/ledger-world';
import { recordAttendance, type Attendance } from './attendance';
import { book, cancel, readAppointment } from './booking';
import { enrolStation, findStation, revokeStation } from './station';

let world: LedgerWorld;
let personKey: string;
let appointmentNumber: string;
const bookedOn = addDays(firstDay, 5);

beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.site('A');
  await world.site('B');
  await world.stepTo(at(0, 11 * hour));
  personKey = await world.person();
  const slotId = await world.slot({ siteId: 'A', capacity: 2 });
  const outcome = await book(world.ledger, world.acting(personKey), {
    slotId,
    mobile: '0912345678',
    language: 'zh',
  });
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  appointmentNumber = outcome.value.appointmentNumber;
});
afterEach(() => world.close());

const record = (attendance: Partial<Attendance> = {}) =>
  recordAttendance(
    world.ledger,
    { actor: 'station', channel: 'station' },
    { stationSiteId: 'A', appointmentNumber, ...attendance },
  );
const refusal = (code: string, more: object = {}) => ({ ok: false, refusal: { code, ...more } });
const doses = () =>
  world.ledger.db
    .selectFrom('dose')
    .selectAll()
    .where('person_key', '=', personKey)
    .orderBy('dose_number')
    .execute();
const stage = async () =>
  (
    await world.ledger.db
      .selectFrom('participation')
      .select('stage')
      .where('person_key', '=', personKey)
      .executeTakeFirstOrThrow()
  ).stage;
/** What the round's no-show step does for this person. */
const markMissed = async () => {
  await sql`update appointment set status = 'missed', ended_at = ledger_now()`.execute(world.ledger.db);
  await sql`update participation set stage = 'missed', last_act = 'miss'`.execute(world.ledger.db);
};

test('keeping the appointment writes the dose that the site gave', async () => {
  await world.stepTo(at(5, 9 * hour + 10));
  const receipt = { appointmentNumber, doseNumber: 1, product: 'Moderna', givenOn: bookedOn };
  expect(await record()).toEqual({ ok: true, value: receipt });
  expect(await stage()).toBe('attended');
  expect(await doses()).toEqual([
    expect.objectContaining({
      dose_number: 1,
      product: 'Moderna',
      given_on: bookedOn,
      source: 'site',
      appointment_number: appointmentNumber,
    }),
  ]);
  expect((await readAppointment(world.ledger, personKey, appointmentNumber))?.status).toBe('attended');
});

test('any hour of the same day serves, before the window as well as after it', async () => {
  await world.stepTo(at(5, 7 * hour));
  expect(await record()).toMatchObject({ ok: true });
});

test('recording it any number of times gives one dose and the same answer', async () => {
  await world.stepTo(at(5, 10 * hour));
  const answers = await Promise.all(Array.from({ length: 6 }, () => record()));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]?.ok).toBe(true);
  expect(await doses()).toHaveLength(1);
});

test.each([
  ['at another site', { stationSiteId: 'B' }, 5, 'attendanceAtOtherSite'],
  ['on the day before', {}, 4, 'attendanceOnOtherDay'],
  ['on the day after', {}, 6, 'attendanceOnOtherDay'],
  ['with a product that the round does not have', { product: 'BNT' }, 5, 'productNotOffered'],
  ['for a number that nobody has', { appointmentNumber: '2999999999' }, 5, 'appointmentUnknown'],
])('nothing is recorded %s', async (_how, attendance, day, code) => {
  await world.stepTo(at(day, 10 * hour));
  expect(await record(attendance)).toMatchObject(refusal(code));
  expect(await doses()).toEqual([]);
});

test('a cancelled appointment cannot be kept', async () => {
  await cancel(world.ledger, world.acting(personKey), { appointmentNumber });
  await world.stepTo(at(5, 10 * hour));
  expect(await record()).toEqual(refusal('appointmentNotLive', { status: 'cancelled' }));
});

test('a record that comes late undoes the no-show of that same day, within two weeks', async () => {
  await world.stepTo(at(6, 3 * hour));
  await markMissed();
  expect(await record()).toEqual(refusal('attendanceOnOtherDay'));
  expect(await record({ givenOn: bookedOn })).toMatchObject({ ok: true, value: { givenOn: bookedOn } });
  expect(await stage()).toBe('attended');
});

test('a record that comes later than two weeks, or for a day to come, is refused', async () => {
  expect(await record({ givenOn: bookedOn })).toEqual(refusal('attendanceOnOtherDay'));
  await world.stepTo(at(20, 0));
  expect(await record({ givenOn: bookedOn })).toEqual(refusal('attendanceOnOtherDay'));
});

test('who was carried over to the next round after missing stays there', async () => {
  await world.stepTo(at(6, 3 * hour));
  await markMissed();
  await sql`update participation set stage = 'carriedOver', last_act = 'carryOver'`.execute(world.ledger.db);
  expect(await record({ givenOn: bookedOn })).toEqual(refusal('appointmentNotLive', { status: 'missed' }));
});

test('a dose that the registry reported first is the same dose', async () => {
  await world.dose(personKey, 1, 'Moderna', bookedOn);
  await world.stepTo(at(5, 10 * hour));
  expect(await record()).toMatchObject({ ok: true, value: { doseNumber: 1 } });
  expect(await doses()).toHaveLength(1);
});

test('a dose given elsewhere in the meantime makes this one the next', async () => {
  await world.dose(personKey, 1, 'AZ', addDays(bookedOn, -2));
  await world.stepTo(at(5, 10 * hour));
  expect(await record({ product: 'AZ' })).toMatchObject({
    ok: true,
    value: { doseNumber: 2, product: 'AZ' },
  });
  expect((await readAppointment(world.ledger, personKey, appointmentNumber))?.doseNumber).toBe(2);
});

test('a kept appointment still counts as a place of its window', async () => {
  await world.stepTo(at(5, 10 * hour));
  await record();
  const { booked } = await world.ledger.db.selectFrom('slot').select('booked').executeTakeFirstOrThrow();
  expect(booked).toBe(1);
});

describe('a station', () => {
  test('is found by its key until the key is replaced or revoked', async () => {
    const { key } = await enrolStation(world.ledger.db, { stationId: 'desk-1', siteId: 'A' });
    expect(await findStation(world.ledger.db, key)).toMatchObject({ stationId: 'desk-1', siteId: 'A' });
    const { key: second } = await enrolStation(world.ledger.db, { stationId: 'desk-1', siteId: 'B' });
    expect(await findStation(world.ledger.db, key)).toBeUndefined();
    expect(await findStation(world.ledger.db, second)).toMatchObject({ stationId: 'desk-1', siteId: 'B' });
    expect(await revokeStation(world.ledger.db, 'desk-1')).toBe(true);
    expect(await revokeStation(world.ledger.db, 'desk-1')).toBe(false);
    expect(await findStation(world.ledger.db, second)).toBeUndefined();
  });

  test('keeps no key that could be read back', async () => {
    const { key } = await enrolStation(world.ledger.db, { stationId: 'desk-2', siteId: 'A' });
    const { rows } = await sql<{ text: string }>`select s::text as text from station s`.execute(
      world.ledger.db,
    );
    expect(rows[0]?.text).not.toContain(Buffer.from(key).toString('hex'));
    expect(rows[0]?.text).not.toContain(key);
  });
});
