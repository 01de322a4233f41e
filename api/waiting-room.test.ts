import type { LightMyRequestResponse } from 'fastify';

import { randomBytes } from 'node:crypto';
import { absentRegistry } from '../gateways/insurance-registry/port';
import { addMs } from '../domain/civil-time/plain-date';
import { ledgerNow } from '../ledger/clock';
import { enrolStation } from '../ledger/station';
import { sweepWaitingRoom } from '../ledger/waiting-room';
import { syntheticNationalId } from '../scripts/demo-data/synthetic-numbers';
import { AppWorld, cookieOf, solved, type Insured } from '../test/support/app';
import { eventually } from '../test/support/eventually';
import { aSecondPasses, inOneInstant } from '../test/support/passing-time';
import { buildApp } from './app';
import { doorPasses } from './waiting-room/ticket';

jest.setTimeout(120_000);

const placeCookie = 'yiyue-place';
const key = randomBytes(32);
const captchaKey = randomBytes(32);
/** The line is looked at when a test says so; one person a second may come in. */
const waitingRoom = { perSecond: 1, holdMinutes: 5, lookEveryMs: 0 };

let world: AppWorld;
let someone: Insured;
beforeAll(async () => {
  world = await AppWorld.create({ sessionKey: key, captchaKey, waitingRoom });
  await world.world.round();
});
afterAll(() => world.close());
/** The door as it is in the morning. */
beforeEach(async () => {
  someone = await world.insured();
  await shut();
  await pool().query('truncate waiting_room_draw, waiting_room_place');
  await pool()
    .query(`update waiting_room set shut_at = null, kept_shut = false, next_number = 0, admitted = 0,
    leads_until = null, rung_through = ledger_now()`);
  await pool().query('delete from spent_challenge');
  await world.app.waitingRoom.look();
});

const pool = () => world.world.ledger.pool;
/** As operations do before an opening, or as happens when more come than may. Nobody moves the line then. */
async function shut(): Promise<void> {
  await pool().query('update waiting_room set kept_shut = true, leads_until = null');
  await world.app.waitingRoom.look();
  await pool().query(`update waiting_room set leader = gen_random_uuid(),
    leads_until = clock_timestamp() + interval '1 hour'`);
}
/** Whoever looks next leads, as after a silence; for the line those seconds are gone. */
async function leaderFallsSilent(seconds = 0): Promise<void> {
  await pool().query(
    `update waiting_room set leads_until = null, moved_at = clock_timestamp() - $1 * interval '1 second'`,
    [seconds],
  );
}
/** So many more people are let in now. */
async function admit(people: number): Promise<void> {
  await pool().query('update waiting_room set admitted = admitted + $1, moved_at = clock_timestamp()', [
    people,
  ]);
  await world.app.waitingRoom.look();
}
const comeToTheDoor = (cookie = '', who = someone) =>
  world.trySignIn(who, cookie === '' ? {} : { headers: { cookie } });
const ask = (cookie: string, app = world.app) => app.inject({ url: '/v1/waiting-room', headers: { cookie } });
const placeOf = (answer: LightMyRequestResponse) =>
  `${placeCookie}=${answer.cookies.find(({ name }) => name === placeCookie)?.value ?? ''}`;
/** Somebody with a place in line; nobody who was there before, unless it says who. */
async function inLine(who?: Insured): Promise<string> {
  const answer = await comeToTheDoor('', who ?? (await world.insured()));
  expect(answer.statusCode).toBe(503);
  return placeOf(answer);
}

describe('while few come', () => {
  test('everybody signs in, and nothing tells of a line', async () => {
    const answer = await comeToTheDoor();
    expect(answer.statusCode).toBe(201);
    expect(answer.cookies.map(({ name }) => name)).not.toContain(placeCookie);
    expect((await ask('')).json()).toEqual({ state: 'open' });
  });

  test('more in a second than may sign in begin a line, at this process at once and soon at all', async () => {
    const statuses: number[] = [];
    await inOneInstant(async () => {
      await world.app.waitingRoom.look();
      for (let times = 0; times < 3; times += 1) statuses.push((await comeToTheDoor()).statusCode);
      await world.app.waitingRoom.look();
    });
    expect(statuses).toEqual([201, 503, 503]);
    const { rows } = await pool().query('select shut_at is not null as shut from waiting_room');
    expect(rows).toEqual([{ shut: true }]);
  });
});

describe('a place in line', () => {
  beforeEach(shut);

  test('is given for the same proof that signing in takes, with how long it may take', async () => {
    const answer = await comeToTheDoor();
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      code: 'waitingRoom',
      ahead: 0,
      retryAfterSeconds: expect.any(Number),
    });
    expect(answer.headers['retry-after']).toBe(
      String(answer.json<{ retryAfterSeconds: number }>().retryAfterSeconds),
    );
    expect(answer.cookies).toEqual([
      expect.objectContaining({ name: placeCookie, httpOnly: true, sameSite: 'Lax', path: '/' }),
    ]);
    const forged = await world.app.inject({
      method: 'POST',
      url: '/v1/sessions',
      payload: { method: 'card-number', ...someone, name: undefined, captcha: 'bm8=' },
    });
    expect(forged.json()).toMatchObject({ code: 'captchaInvalid' });
    expect(forged.cookies).toEqual([]);
  });

  test('one proof gives one place', async () => {
    const captcha = await world.captcha();
    const payload = {
      method: 'card-number',
      personNumber: someone.personNumber,
      cardNumber: someone.cardNumber,
      captcha,
    };
    const answers = await Promise.all(
      [1, 2].map(() => world.app.inject({ method: 'POST', url: '/v1/sessions', payload })),
    );
    expect(answers.map((answer) => answer.json<{ code: string }>().code).sort()).toEqual([
      'captchaSpent',
      'waitingRoom',
    ]);
  });

  test('is kept: asking again and trying again too early change nothing', async () => {
    await inLine();
    const mine = await inLine(someone);
    await inLine();
    expect((await ask(mine)).json()).toMatchObject({ state: 'waiting', ahead: 1 });
    const again = await comeToTheDoor(mine);
    expect(again.json()).toMatchObject({ code: 'waitingRoom', ahead: 1 });
    expect(again.cookies).toEqual([]);
    expect((await ask(mine)).json()).toMatchObject({ state: 'waiting', ahead: 1, waitSecondsFrom: 0 });
  });

  test('is one for each person: however often somebody draws, and wherever, they have the one they had', async () => {
    const mine = await inLine(someone);
    await inLine();
    const places = [];
    for (let times = 0; times < 3; times += 1) places.push(await inLine(someone));
    for (const place of places)
      expect((await ask(place)).json()).toMatchObject({ state: 'waiting', ahead: 0 });
    // Nor do they wait longer who come after.
    expect((await ask(await inLine())).json()).toMatchObject({ ahead: 2 });
    await admit(1);
    expect((await comeToTheDoor(places.at(-1))).statusCode).toBe(201);
    const { rows } = await pool().query<{ tag: string }>(
      `select encode(person_tag, 'hex') as tag from waiting_room_place
       where person_tag in (select number_index from person_number)`,
    );
    expect(rows).toEqual([]);
    expect(mine).not.toContain(someone.personNumber);
  });

  test('drawn for another number lets nobody in, however far in front', async () => {
    const early = await inLine();
    await inLine(someone);
    await admit(1);
    const refused = await comeToTheDoor(early, someone);
    expect(refused.json()).toMatchObject({ code: 'waitingRoom', ahead: 0 });
    // They hear of their own place.
    expect((await ask(placeOf(refused))).json()).toMatchObject({ state: 'waiting', ahead: 0 });
    await admit(1);
    // And come in on it by whatever browser, once it is its turn.
    expect((await comeToTheDoor(early, someone)).statusCode).toBe(201);
  });

  test('that has ended is followed by a new one, and is swept', async () => {
    await inLine(someone);
    await inLine();
    await pool().query(`update waiting_room_place set expires_at = clock_timestamp() where number = 0`);
    expect((await ask(await inLine(someone))).json()).toMatchObject({ ahead: 2 });
    await pool().query(`update waiting_room_place set expires_at = clock_timestamp() where number = 1`);
    await sweepWaitingRoom(world.world.ledger, 1_000);
    expect((await pool().query('select number from waiting_room_place')).rows).toEqual([{ number: 2 }]);
  });

  test('is the same at another process', async () => {
    await inLine();
    const mine = await inLine();
    const other = await buildApp({
      ledger: world.world.ledger,
      registry: absentRegistry,
      sessionKey: key,
      captchaKey,
      publicOrigin: '',
      logLevel: 'silent',
      waitingRoom,
    });
    await other.waitingRoom.look();
    expect((await ask(mine, other)).json()).toMatchObject({ state: 'waiting', ahead: 1 });
    await other.close();
  });

  test('that was forged, changed or has expired is none', async () => {
    const mine = await inLine();
    await inLine();
    const sealed = decodeURIComponent(mine.split('=')[1] ?? '');
    const expired = doorPasses(key).seal({
      kind: 'ticket',
      number: 0,
      aheadAtFirst: 0,
      expiresAt: Math.floor(Date.now() / 1000) - 1,
    });
    const elsewhere = doorPasses(randomBytes(32)).seal({
      kind: 'ticket',
      number: 0,
      aheadAtFirst: 0,
      expiresAt: Math.floor(Date.now() / 1000) + 60,
    });
    for (const worthless of [
      sealed.replace('t.0.', 't.00.'),
      expired,
      elsewhere,
      't.0.0.9999999999.',
      'x',
      '',
    ]) {
      const answer = await ask(`${placeCookie}=${encodeURIComponent(worthless)}`);
      expect(answer.json()).toEqual({ state: 'withoutPlace' });
    }
    expect((await ask(mine)).json()).toMatchObject({ state: 'waiting' });
  });

  test('comes up in the order of the line, and lets in the one for whom it was drawn', async () => {
    const [first, second] = [await inLine(someone), await inLine()];
    await admit(1);
    expect((await ask(first)).json()).toEqual({ state: 'admitted' });
    expect((await comeToTheDoor(second)).statusCode).toBe(503);

    // A slip of the card number does not cost the place.
    const slip = await comeToTheDoor(first, { ...someone, cardNumber: '000000000000' });
    expect(slip.statusCode).not.toBe(503);
    const signedIn = await comeToTheDoor(first);
    expect(signedIn.statusCode).toBe(201);

    const copied = await comeToTheDoor(first, await world.insured());
    expect(copied.json()).toMatchObject({ code: 'waitingRoom' });
    expect(copied.cookies.find(({ name }) => name === 'yiyue')?.value ?? '').toBe('');
    expect((await ask(placeOf(copied))).json()).toMatchObject({ state: 'waiting', ahead: 1 });
    // The form sent twice, or a session lost: it is still theirs, for half an hour.
    expect((await comeToTheDoor(first)).statusCode).toBe(201);
    const { rows } = await pool().query(`select number from waiting_room_place
      where expires_at < clock_timestamp() + interval '31 minutes'`);
    expect(rows).toEqual([{ number: 0 }]);
  });

  test('two people cannot come in on one place at the same instant', async () => {
    const mine = await inLine(someone);
    const other = await world.insured();
    await admit(1);
    const answers = await Promise.all([comeToTheDoor(mine), comeToTheDoor(mine, other)]);
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([201, 503]));
  });
});

describe('whoever is inside', () => {
  test('goes on while others wait, and is not asked to wait again', async () => {
    const citizen = await world.signIn(someone);
    await shut();
    expect((await citizen.act('GET', '/v1/invitation')).statusCode).toBe(200);
    expect((await comeToTheDoor(citizen.cookie)).statusCode).toBe(201);
    // But nobody else comes in on their session.
    expect((await comeToTheDoor(citizen.cookie, await world.insured())).json()).toMatchObject({
      code: 'waitingRoom',
    });
  });

  test('and ran out of time comes back as the same person without waiting, as another not', async () => {
    const citizen = await world.signIn(someone);
    await shut();
    const session = world.app.decodeSecureSession(decodeURIComponent(citizen.cookie.split('=')[1] ?? ''));
    session?.set('lastActAt', Date.now() - 11 * 60_000);
    const lapsed = session ? `yiyue=${encodeURIComponent(world.app.encodeSecureSession(session))}` : '';
    const turnedAway = await world.app.inject({ url: '/v1/invitation', headers: { cookie: lapsed } });
    expect(turnedAway.json()).toMatchObject({ code: 'sessionEnded' });
    const pass = cookieOf(turnedAway);
    expect((await comeToTheDoor(pass, await world.insured())).json()).toMatchObject({ code: 'waitingRoom' });
    expect((await comeToTheDoor(pass)).statusCode).toBe(201);
  });

  test('people at the desks, operations and whoever watches are never asked to wait', async () => {
    await shut();
    await world.world.site('A');
    const { key: deskKey } = await enrolStation(world.world.ledger.db, { stationId: 'desk', siteId: 'A' });
    const desk = await world.app.inject({
      method: 'POST',
      url: '/v1/station/attendances',
      headers: { authorization: `Bearer ${deskKey}` },
      payload: { appointmentNumber: '0000000000' },
    });
    expect(desk.json()).toMatchObject({ code: 'appointmentUnknown' });
    for (const url of ['/healthz', '/readyz', '/metrics', '/v1/sites?districtCode=63000030&product=Moderna'])
      expect((await world.app.inject(url)).statusCode).toBe(200);
  });
});

describe('several processes', () => {
  test('one leads and moves the line; when it falls silent another does', async () => {
    const parts = {
      ledger: world.world.ledger,
      registry: absentRegistry,
      sessionKey: key,
      captchaKey,
      publicOrigin: '',
      logLevel: 'silent',
      waitingRoom: { ...waitingRoom, perSecond: 1_000 },
    };
    const other = await buildApp(parts);
    await shut();
    const mine = await inLine();
    await pool().query('update waiting_room set next_number = next_number + 5000');
    const admitted = async () =>
      (await pool().query<{ admitted: number }>('select admitted from waiting_room')).rows[0]?.admitted ?? 0;
    await other.waitingRoom.look();
    const before = await admitted();
    await pool().query(`update waiting_room set moved_at = clock_timestamp() - interval '1 second'`);
    await other.waitingRoom.look();
    expect(await admitted()).toBe(before);
    await leaderFallsSilent(1);
    await other.waitingRoom.look();
    expect(await admitted()).toBeGreaterThan(before + 200);
    expect((await ask(mine, other)).json()).toEqual({ state: 'admitted' });
    await other.close();
  });

  test('fifty people who come at once are numbered by a few statements, each differently', async () => {
    await shut();
    const proofs = await Promise.all(
      Array.from({ length: 50 }, async () => solved(await world.app.captcha.challenge())),
    );
    await pool().query(`create table numbering (people bigint not null);
      create function note_numbering() returns trigger language plpgsql as
        $$begin insert into numbering values (new.next_number - old.next_number); return null; end$$;
      create trigger note_numbering after update of next_number on waiting_room
        for each row execute function note_numbering()`);
    // While somebody holds the line nobody is numbered; by then all have come as far as that.
    const holder = await pool().connect();
    await holder.query('begin');
    await holder.query('select 1 from waiting_room for no key update');
    const asked = Promise.all(
      proofs.map((captcha, index) =>
        world.app.inject({
          method: 'POST',
          url: '/v1/sessions',
          payload: {
            method: 'card-number',
            personNumber: syntheticNationalId('L', 'male', index),
            cardNumber: someone.cardNumber,
            captcha,
          },
        }),
      ),
    );
    await eventually(
      async () => (await pool().query('select from spent_challenge')).rowCount,
      (spent) => spent === 50,
    );
    await holder.query('commit');
    holder.release();
    const answers = await asked;
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([503]));
    expect(new Set(answers.map(placeOf)).size).toBe(50);
    const { rows } = await pool().query<{ people: string }>('select people from numbering');
    await pool().query('drop function note_numbering cascade');
    expect(rows.reduce((sum, { people }) => sum + Number(people), 0)).toBe(50);
    // The one that waited, one for all the others, and whoever had just been heard of, one a connection at most.
    expect(rows.length).toBeLessThanOrEqual(2 + (pool().options.max ?? 0));
  });
});

describe('at the bell', () => {
  test('everybody who waits is put in random order; nobody is let in just before; who comes later stands behind', async () => {
    const { db } = world.world.ledger;
    await pool().query(`update booking_window set opens_at = $1`, [addMs(await ledgerNow(db), 3_600_000)]);
    await aSecondPasses();
    await shut();
    const early: string[] = [];
    for (let people = 0; people < 12; people += 1) early.push(await inLine());
    const bell = addMs(await ledgerNow(db), 4 * 60_000);
    await pool().query(`update booking_window set opens_at = $1`, [bell]);
    await aSecondPasses();
    await leaderFallsSilent(3);
    await world.app.waitingRoom.look();
    expect((await pool().query('select admitted = 0 as nobody from waiting_room')).rows).toEqual([
      { nobody: true },
    ]);
    expect((await ask(early.at(-1) ?? '')).json()).toMatchObject({ state: 'waiting', drawnAt: bell });

    await world.world.stepTo(bell);
    await aSecondPasses();
    await world.app.waitingRoom.look();
    const late = await inLine();
    const { rows } = await pool().query<{ first_place: number; end_place: number; seed: number[] }>(
      'select first_place, end_place, seed from waiting_room_draw',
    );
    expect(rows).toHaveLength(1);
    const waiting = (rows[0]?.end_place ?? 0) - (rows[0]?.first_place ?? 0);
    const stillIn = early.slice(-waiting);
    const places = [];
    for (const cookie of stillIn) places.push((await ask(cookie)).json<{ ahead?: number }>().ahead ?? -1);
    const line = [...places.filter((ahead) => ahead >= 0)];
    expect(new Set(line).size).toBe(line.length);
    expect(Math.max(...line)).toBeLessThan((await ask(late)).json<{ ahead: number }>().ahead);
    expect(line).not.toEqual(line.toSorted((a, b) => a - b));
  });
});
