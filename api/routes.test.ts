import { randomBytes } from 'node:crypto';

import { at, firstDay, hour } from '../test/builders/ledger-world';
import { addDays } from '../domain/civil-time/plain-date';
import { openLedger } from '../ledger/database';
import { enrolStation } from '../ledger/station';
import { AppWorld, type Citizen, type Insured } from '../test/support/app';
import { aSecondPasses } from '../test/support/passing-time';
import type { ProblemCode } from './problem-texts';

const mobile = '0912-345-678';

describe('intent registration', () => {
  let world: AppWorld;
  let person: Insured;
  let citizen: Citizen;
  const wish = { mobile, districtCode: '63000030', products: ['AZ'] };
  const put = (body: object = wish, headers: Record<string, string> = {}) =>
    citizen.act('PUT', '/v1/registration', body, headers);

  beforeAll(async () => {
    world = await AppWorld.create();
    await world.world.round({
      roundId: 'ranked',
      kind: 'rankThenInvite',
      opensAt: at(9, 0),
      closesAt: at(12, 0),
    });
    await world.world.ledger.pool.query(
      'update round set registration_opens_at = $1, registration_ends_at = $2, settles_at = $3',
      [at(1, 0), at(3, 0), at(4, 0)],
    );
    person = await world.insured();
    citizen = await world.signIn(person);
  });
  afterAll(() => world.close());

  test('the whole way: not open, registered, changed, withdrawn, closed', async () => {
    expect((await put()).json()).toMatchObject({ code: 'registrationNotOpenYet', opensAt: at(1, 0) });
    await world.world.stepTo(at(1, 9 * hour));
    await aSecondPasses();
    expect((await citizen.act('GET', '/v1/registration')).json()).toMatchObject({ code: 'notRegistered' });
    expect((await world.app.inject('/v1/rounds/current')).json()).toMatchObject({
      registration: [{ roundId: 'ranked', state: 'registrationOpen', openGroups: [5, 9] }],
    });

    const registered = await put();
    expect(registered.statusCode).toBe(200);
    const { registrationNumber } = registered.json<{ registrationNumber: string }>();
    expect(registered.json()).toMatchObject({
      maskedMobile: '09*****678',
      products: ['AZ'],
      priorityGroup: 9,
    });
    expect(registered.body).not.toContain('0912345678');

    const changed = await put({ ...wish, products: ['AZ', 'Moderna'], mobile: '0987654321', language: 'en' });
    expect(changed.json()).toMatchObject({ registrationNumber, maskedMobile: '09*****321', language: 'en' });
    expect((await citizen.act('GET', '/v1/registration')).json()).toEqual({
      ...changed.json<object>(),
      settlement: null,
    });

    const refusals: [object, ProblemCode][] = [
      [{ ...wish, mobile: '02-2345-6789' }, 'mobileInvalid'],
      [{ ...wish, districtCode: '99999999' }, 'districtUnknown'],
      [{ ...wish, products: [] }, 'productRequired'],
      [{ ...wish, products: ['Novavax'] }, 'productNotOffered'],
    ];
    for (const [body, code] of refusals) expect((await put(body)).json()).toMatchObject({ code });

    expect((await citizen.act('DELETE', '/v1/registration')).json()).toMatchObject({ stage: 'withdrawn' });
    expect((await citizen.act('DELETE', '/v1/registration')).json()).toMatchObject({ code: 'notRegistered' });
    await world.world.stepTo(at(3, 1));
    expect((await put()).json()).toMatchObject({ code: 'registrationClosed', endedAt: at(3, 0) });
  });

  test('who is in no open group reads so, once proved', async () => {
    const { pool } = world.world.ledger;
    await pool.query(`update person set priority_groups = '{1}'`);
    expect((await put()).json<{ code: string }>().code).toMatch(/^(notInOpenGroup|registrationClosed)$/);
    await pool.query(`update person set priority_groups = '{9}'`);
  });
});

describe('booking', () => {
  let world: AppWorld;
  let ann: Citizen;
  let ben: Citizen;
  let slots: { readonly few: number; readonly other: number; readonly az: number; readonly late: number };

  beforeAll(async () => {
    world = await AppWorld.create();
    await world.world.round();
    await world.world.site('A');
    await world.world.site('B', '63000020');
    slots = {
      few: await world.world.slot({ siteId: 'A', capacity: 1 }),
      other: await world.world.slot({ siteId: 'A', capacity: 9, fromMinute: 14 * hour }),
      az: await world.world.slot({ siteId: 'B', capacity: 9, product: 'AZ' }),
      late: await world.world.slot({ siteId: 'B', capacity: 9, day: 7 }),
    };
    ann = await world.signIn(await world.insured());
    ben = await world.signIn(await world.insured());
  });
  afterAll(() => world.close());

  const book = (who: Citizen, slotId: number, headers: Record<string, string> = {}) =>
    who.act('POST', '/v1/appointments', { slotId, mobile }, headers);
  const code = (answer: { json(): unknown }) => (answer.json() as { code?: string }).code;

  test('nothing is taken before the opening, and when it opens is told', async () => {
    expect((await book(ann, slots.few)).json()).toMatchObject({
      code: 'bookingNotOpenYet',
      opensAt: at(0, 10 * hour),
    });
    expect((await ann.act('GET', '/v1/invitation')).json()).toMatchObject({
      mayBook: false,
      reason: 'bookingNotOpenYet',
      rights: [{ product: 'Moderna', doseNumber: 1 }, { product: 'AZ' }],
    });
    await world.world.stepTo(at(0, 11 * hour));
    await aSecondPasses();
    expect((await ann.act('GET', '/v1/invitation')).json()).toMatchObject({ mayBook: true, reason: null });
  });

  test('places and windows are shown, full ones too', async () => {
    const get = async (url: string) => (await world.app.inject(url)).json() as Record<string, unknown>;
    expect(await get('/v1/sites?districtCode=63000030&product=Moderna')).toMatchObject({
      sites: [{ siteId: 'A', left: 10 }],
    });
    expect(await get('/v1/sites?districtCode=63000030&product=Novavax')).toEqual({ sites: [] });
    expect(await get('/v1/sites?districtCode=11111111&product=AZ')).toMatchObject({
      code: 'districtUnknown',
    });
    const date = addDays(firstDay, 5);
    expect(await get(`/v1/sites/A/slots?product=Moderna&date=${date}`)).toMatchObject({
      slots: [
        { slotId: slots.few, left: 1 },
        { slotId: slots.other, left: 9 },
      ],
    });
    expect(await get('/v1/sites/A/slots?product=Moderna&date=2031-01-01')).toEqual({ slots: [] });
    expect(await get('/v1/sites/Z/slots?product=Moderna')).toMatchObject({ code: 'siteUnknown' });
    expect(await get('/v1/slots/earliest?districtCode=63000030&product=Moderna&limit=2')).toMatchObject({
      slots: [{ slotId: slots.few, distanceKm: 0 }, {}],
    });
    expect(await get('/v1/slots/earliest?districtCode=63000030&product=Moderna&limit=21')).toMatchObject({
      code: 'requestInvalid',
      errors: [{ pointer: '/limit', part: 'query' }],
    });
  });

  test('the whole way: booked, full for others, moved, taken along, cancelled, booked again', async () => {
    const booked = await book(ann, slots.few);
    expect(booked.statusCode).toBe(201);
    const { appointmentNumber } = booked.json<{ appointmentNumber: string }>();
    const own = `/v1/appointments/${appointmentNumber}`;
    expect(booked.headers.location).toBe(own);
    expect(booked.json()).toMatchObject({
      status: 'booked',
      maskedMobile: '09*****678',
      site: { siteId: 'A' },
    });

    const full = await book(ben, slots.few);
    expect(full.statusCode).toBe(409);
    expect(full.json()).toMatchObject({
      code: 'slotFull',
      alternatives: [{ slotId: slots.other, left: 9 }, { slotId: slots.late }],
    });
    expect((await book(ann, slots.other)).json()).toMatchObject({ code: 'alreadyBooked', appointmentNumber });

    for (const [method, body] of [['GET'], ['PUT', { slotId: slots.other }], ['DELETE']] as const) {
      expect(code(await ben.act(method, own, body))).toBe('appointmentUnknown');
    }
    expect(code(await ben.act('GET', `${own}/calendar.ics`))).toBe('appointmentUnknown');

    const move = (slotId: number) => ann.act('PUT', own, { slotId });
    expect(code(await move(slots.few))).toBe('slotUnchanged');
    expect(code(await move(999_999))).toBe('slotUnknown');
    expect(code(await move(slots.az))).toBe('slotOfOtherProduct');
    expect((await move(slots.other)).json()).toMatchObject({ appointmentNumber, slotId: slots.other });

    const calendar = await ann.act('GET', `${own}/calendar.ics`, undefined, { 'accept-language': 'en' });
    expect(calendar.headers['content-type']).toBe('text/calendar; charset=utf-8');
    expect(calendar.body).toContain('DTSTART:20310706T060000Z');
    expect(calendar.body).toContain(appointmentNumber);
    expect(calendar.body).not.toMatch(/甄|0912|K2\d{8}/);

    expect((await ann.act('DELETE', own)).json()).toMatchObject({ status: 'cancelled' });
    expect((await ann.act('DELETE', own)).json()).toMatchObject({
      code: 'appointmentNotLive',
      status: 409,
      appointmentStatus: 'cancelled',
    });
    expect((await book(ann, slots.few)).statusCode).toBe(201);
    expect((await ann.act('GET', '/v1/appointments')).json()).toMatchObject({
      appointments: [{ status: 'booked' }, { appointmentNumber, status: 'cancelled' }],
    });
  });

  test('the same request with the same key is done once; another request with it is refused', async () => {
    const carl = await world.signIn(await world.insured());
    const headers = { 'idempotency-key': 'a-key-of-carl' };
    const answers = await Promise.all([1, 2, 3].map(() => book(carl, slots.late, headers)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201]);
    const numbers = answers.map((answer) => answer.json<{ appointmentNumber: string }>().appointmentNumber);
    expect(new Set(numbers).size).toBe(1);
    expect(code(await book(carl, slots.other, headers))).toBe('idempotencyKeyReused');
  });

  test('reasons of the slot and of the person are told apart', async () => {
    const dora = await world.signIn(await world.insured());
    expect(code(await book(dora, 999_999))).toBe('slotUnknown');
    expect(code(await dora.act('POST', '/v1/appointments', { slotId: slots.other, mobile: '12' }))).toBe(
      'mobileInvalid',
    );
    const young = await world.signIn(await world.insured([9], '2020-01-01'));
    expect(code(await book(young, slots.other))).toBe('notInvited');
    await world.world.stepTo(at(5, 9 * hour + 30));
    expect(code(await book(dora, slots.few))).toBe('slotPast');
  });

  test('a station with its key records attendance at its own site, today', async () => {
    const { key } = await enrolStation(world.world.ledger.db, { stationId: 'kiosk-1', siteId: 'A' });
    const record = (appointmentNumber: string, authorization = `Bearer ${key}`) =>
      world.app.inject({
        method: 'POST',
        url: '/v1/station/attendances',
        payload: { appointmentNumber },
        headers: { authorization },
      });
    const list = (await ann.act('GET', '/v1/appointments')).json<{
      appointments: { appointmentNumber: string }[];
    }>();
    const [standing, cancelled] = list.appointments.map(({ appointmentNumber }) => appointmentNumber);
    for (const wrong of ['', 'Bearer ', 'Bearer x', `Basic ${key}`]) {
      const refused = await record(standing ?? '', wrong);
      expect(refused.headers['www-authenticate']).toBe('Bearer realm="station"');
      expect(code(refused)).toBe('stationUnknown');
    }
    expect(code(await record('2999999999'))).toBe('appointmentUnknown');
    expect(code(await record(cancelled ?? ''))).toBe('appointmentNotLive');
    const carls = await world.world.ledger.db
      .selectFrom('appointment')
      .select('appointment_number')
      .where('slot_id', '=', slots.late)
      .executeTakeFirstOrThrow();
    expect(code(await record(carls.appointment_number))).toBe('attendanceAtOtherSite');
    const recorded = await record(standing ?? '');
    expect(recorded.json()).toEqual({
      appointmentNumber: standing,
      doseNumber: 1,
      product: 'Moderna',
      givenOn: addDays(firstDay, 5),
    });
    expect((await record(standing ?? '')).json()).toEqual(recorded.json());
    expect(code(await book(ann, slots.late))).toMatch(/^(alreadyAttended|doseIntervalNotReached)$/);
    const elsewhere = await enrolStation(world.world.ledger.db, { stationId: 'kiosk-2', siteId: 'B' });
    expect(code(await record(carls.appointment_number, `Bearer ${elsewhere.key}`))).toBe(
      'attendanceOnOtherDay',
    );
  });

  test('after the close nothing is booked', async () => {
    await world.world.stepTo(at(10, 13 * hour));
    await aSecondPasses();
    const eve = await world.signIn(await world.insured()).catch(() => undefined);
    // Nobody new comes in once nothing is open.
    expect(eve).toBeUndefined();
    expect(code(await book(ben, slots.late))).toMatch(/^(bookingClosed|slotPast)$/);
  });
});

test('without its database the service says so, and when to come again', async () => {
  const sessionKey = randomBytes(32);
  const world = await AppWorld.create({ sessionKey });
  await world.world.round();
  const { cookie } = await world.signIn(await world.insured());
  const { keys } = world.world.ledger;
  const ledger = openLedger({ databaseUrl: 'postgres://nobody@127.0.0.1:1/nothing', keys });
  const cutOff = await AppWorld.create({ sessionKey, ledger });
  for (const url of ['/v1/rounds/current', '/v1/registration', '/v1/sites/A/slots?product=AZ']) {
    const answer = await cutOff.app.inject({ url, headers: { cookie } });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.json()).toMatchObject({ code: 'ledgerUnavailable' });
  }
  expect((await cutOff.app.inject('/healthz')).json()).toEqual({ status: 'up' });
  expect((await cutOff.app.inject('/metrics')).body).toContain('yiyue_ledger_reachable 0');
  const ready = await cutOff.app.inject('/readyz');
  expect(ready.statusCode).toBe(503);
  expect(ready.json()).toMatchObject({
    ready: false,
    components: [{ name: 'database', ready: false, detail: 'no answer (ECONNREFUSED)' }, {}, {}, {}],
  });
  await ledger.close();
  await cutOff.close();

  // Up, but not migrated yet.
  await world.world.ledger.pool.query('alter table round rename to round_gone');
  await aSecondPasses();
  const unmigrated = await world.app.inject('/v1/rounds/current');
  expect(unmigrated.statusCode).toBe(503);
  expect(unmigrated.json()).toMatchObject({ code: 'notReady' });
  await world.close();
});
