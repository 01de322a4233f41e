import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { stationKinds, stationMay, type StationKind } from '../domain/station/station';
import { at, LedgerWorld } from '../test/builders/ledger-world';
import { tellOfAssistance } from './assistance-text';
import { readHistory } from './audit';
import { book, cancel, move } from './booking';
import type { CommandContext } from './citizen-command';
import { seal } from './encryption';
import { askLeftover, stopAskingLeftover } from './leftover-request';
import { findPersonKey, identifyPerson } from './person';
import { register, withdraw } from './registration';
import { isSessionEnded } from './session';
import { enrolStation, findStation, findStationById, readStations, revokeStation } from './station';
import { lookUpPeople, openLook, staffChannel } from './station-look';
import { beginStationSession, sweepStationSessions } from './station-session';
import { designateStaff, dismissStaff, findStaff } from './station-staff';
import { readTextsOf } from './text-message';
import { leaveWaitingList } from './waiting-list';
import { syntheticNationalId } from '../scripts/demo-data/synthetic-numbers';

const mobile = '0912345678';
const place = { nameZh: '安和門市', nameEn: 'Anhe Store', districtCode: '63000030' };
let world: LedgerWorld;
let slots: [number, number];

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.site('A');
  slots = [
    await world.slot({ siteId: 'A', capacity: 100 }),
    await world.slot({ siteId: 'A', capacity: 100, fromMinute: 600 }),
  ];
  await world.stepTo(at(1, 600));
  for (const kind of stationKinds) {
    if (kind === 'site') await enrolStation(world.ledger.db, { stationId: kind, siteId: 'A' });
    else await enrolStation(world.ledger.db, { stationId: kind, kind, ...place, ...chainOf(kind) });
  }
  await designateStaff(world.ledger.db, 'hotline', 'lin', 'staff-key-of-lin');
});

afterAll(() => world.close());

const chainOf = (kind: StationKind) => (kind === 'storeKiosk' ? { chain: 'hiLife' as const } : {});
const db = () => world.ledger.db;

/** The person in a session that the station of that kind began. */
async function atStation(kind: StationKind, personKey: string): Promise<CommandContext> {
  const sessionId = randomUUID();
  expect(await beginStationSession(db(), sessionId, { stationId: kind })).toEqual({
    ok: true,
    value: undefined,
  });
  return { personKey, actor: 'station', channel: `station:${kind}`, sessionId };
}

const codeOf = (outcome: { ok: boolean; refusal?: { code: string } }) =>
  outcome.ok ? 'accepted' : outcome.refusal?.code;

describe('in a session begun by a station', () => {
  const kinds = stationKinds.filter((kind) => stationMay(kind, 'takePart'));

  test.each(kinds)(
    '%s: people book and move, and cancel where its kind takes something back',
    async (kind) => {
      const personKey = await world.person();
      const context = await atStation(kind, personKey);
      const booked = await book(world.ledger, context, { slotId: slots[0], mobile, language: 'zh' });
      if (!booked.ok) throw new Error(codeOf(booked));
      const { appointmentNumber } = booked.value;
      expect(codeOf(await move(world.ledger, context, { appointmentNumber, slotId: slots[1] }))).toBe(
        'accepted',
      );
      const mayGiveBack = stationMay(kind, 'giveBack');
      expect(codeOf(await cancel(world.ledger, context, { appointmentNumber }))).toBe(
        mayGiveBack ? 'accepted' : 'stationTakesNothingBack',
      );
      const left = await sql<{ status: string }>`select status from appointment
      where appointment_number = ${appointmentNumber}`.execute(db());
      expect(left.rows).toEqual([{ status: mayGiveBack ? 'cancelled' : 'booked' }]);
      const channels = (await readHistory(db(), personKey)).map(
        ({ actor, channel }) => `${actor} ${channel}`,
      );
      expect(new Set(channels)).toEqual(new Set([`station station:${kind}`]));
    },
  );

  test('a store cancels nothing that was booked on the web, and no registration, line or ticket either', async () => {
    const roundId = await world.round({ roundId: 'ranked', kind: 'rankThenInvite' });
    await sql`update round set registration_ends_at = ${at(4, 0)}::timestamptz, settles_at = ${at(5, 0)}::timestamptz
      where round_id = ${roundId}`.execute(db());
    const personKey = await world.person();
    const own = world.acting(personKey);
    const booked = await book(world.ledger, own, { slotId: slots[0], mobile, language: 'zh' });
    if (!booked.ok) throw new Error(codeOf(booked));
    const wish = {
      roundId,
      mobile,
      districtCode: '63000030',
      products: ['Moderna'],
      language: 'zh',
    } as const;
    const store = await atStation('storeKiosk', personKey);
    expect(codeOf(await register(world.ledger, store, wish))).toBe('accepted');
    expect(codeOf(await cancel(world.ledger, store, booked.value))).toBe('stationTakesNothingBack');
    expect(codeOf(await withdraw(world.ledger, store, { roundId }))).toBe('stationTakesNothingBack');
    expect(codeOf(await leaveWaitingList(world.ledger, store, { roundId }))).toBe('stationTakesNothingBack');
    const other = await world.person();
    const asked = await askLeftover(world.ledger, await atStation('storeKiosk', other), {
      day: '2031-07-06',
      districtCode: '63000030',
      mobile,
      language: 'zh',
    });
    expect(codeOf(asked)).toBe('leftoverNotThere');
    expect(codeOf(await stopAskingLeftover(world.ledger, store, { ticket: '3000000000' }))).toBe(
      'leftoverNotThere',
    );
    expect(codeOf(await withdraw(world.ledger, own, { roundId }))).toBe('accepted');
    expect(codeOf(await cancel(world.ledger, own, booked.value))).toBe('accepted');
  });

  test('a key that ends takes the sessions begun under it along at once, in every command', async () => {
    const { key } = await enrolStation(db(), { stationId: 'k-1', kind: 'pharmacy', ...place });
    const personKey = await world.person();
    const begin = async () => {
      const sessionId = randomUUID();
      return { sessionId, begun: codeOf(await beginStationSession(db(), sessionId, { stationId: 'k-1' })) };
    };
    const before = await begin();
    expect(before.begun).toBe('accepted');
    expect(await revokeStation(db(), 'k-1')).toBe(true);
    expect(await isSessionEnded(db(), before.sessionId)).toBe(true);
    expect(await findStation(db(), key)).toBeUndefined();
    const context = { ...world.acting(personKey), sessionId: before.sessionId };
    const wish = { slotId: slots[0], mobile, language: 'zh' } as const;
    expect(codeOf(await book(world.ledger, context, wish))).toBe('sessionEnded');
    expect(codeOf(await withdraw(world.ledger, context, { roundId: 'round-1' }))).toBe('sessionEnded');
    expect((await begin()).begun).toBe('stationUnknown');
    await enrolStation(db(), { stationId: 'k-1', kind: 'pharmacy', ...place });
    const anew = await begin();
    await enrolStation(db(), { stationId: 'k-1', kind: 'pharmacy', ...place });
    expect(await isSessionEnded(db(), anew.sessionId)).toBe(true);
  });
});

describe('the database says it again', () => {
  test.each([
    [
      'a kiosk without a chain',
      `insert into station (station_id, key_hash, kind, name_zh, name_en, district_code)
      values ('x', 'x', 'storeKiosk', 'x', 'x', '63000030')`,
      'station_of_a_store_has_a_chain',
    ],
    [
      'a desk without a site',
      `insert into station (station_id, key_hash) values ('x', 'x')`,
      'station_desk_stands_at_a_site',
    ],
    [
      'a pharmacy without a place',
      `insert into station (station_id, key_hash, kind) values ('x', 'x', 'pharmacy')`,
      'station_else_has_a_place',
    ],
    [
      'a kind that there is not',
      `insert into station (station_id, key_hash, kind) values ('x', 'x', 'bar')`,
      'station',
    ],
    [
      'staff without a reason',
      `insert into station_session (session_id, station_id, staff_id)
      values (gen_random_uuid(), 'hotline', 'lin')`,
      'station_session_of_staff_has_a_reason',
    ],
  ])('%s is refused', async (_what, statement, constraint) => {
    await expect(sql.raw(statement).execute(db())).rejects.toThrow(constraint);
  });

  test('a station knows its place; a desk has that of its site', async () => {
    expect(await findStationById(db(), 'storeKiosk')).toMatchObject({
      kind: 'storeKiosk',
      chain: 'hiLife',
      siteId: null,
      place,
    });
    expect(await findStationById(db(), 'site')).toMatchObject({
      siteId: 'A',
      place: { nameZh: '大安區健康服務中心A', districtCode: '63000030' },
    });
    expect(await readStations(db())).toContainEqual({
      stationId: 'hotline',
      kind: 'hotline',
      revoked: false,
    });
  });
});

describe('designated staff', () => {
  test('are known by a key of their own at their own station, until it ends', async () => {
    const key = await designateStaff(db(), 'counter', 'wu');
    expect(await findStaff(db(), 'counter', { key })).toMatchObject({ staffId: 'wu' });
    expect(await findStaff(db(), 'hotline', { key })).toBeUndefined();
    const sessionId = randomUUID();
    const assistedBy = { staffId: 'wu', reason: 'noDevice' } as const;
    expect(codeOf(await beginStationSession(db(), sessionId, { stationId: 'counter', assistedBy }))).toBe(
      'accepted',
    );
    expect(await dismissStaff(db(), 'counter', 'wu')).toBe(true);
    expect(await dismissStaff(db(), 'counter', 'wu')).toBe(false);
    expect(await findStaff(db(), 'counter', { key })).toBeUndefined();
    expect(await isSessionEnded(db(), sessionId)).toBe(true);
    const late = await beginStationSession(db(), randomUUID(), { stationId: 'counter', assistedBy });
    expect(codeOf(late)).toBe('stationUnknown');
  });

  const lin = { stationId: 'hotline', staffId: 'lin', reason: 'noCardNumber' } as const;
  let serial = 0;
  const known = async (name: string, birthDate: string) => {
    serial += 1;
    const number = syntheticNationalId('M', 'male', serial);
    const { personKey } = await identifyPerson(world.ledger, {
      registryPersonId: randomUUID(),
      name,
      birthDate,
      personNumbers: [{ number, kind: 'nationalId', validFrom: null, validTo: null }],
      priorityGroups: [9],
      previousDoses: [],
    });
    return { personKey, number };
  };

  test('find a person by number, and by name and birth date however the name is written', async () => {
    const { personKey, number } = await known('Nguyễn Văn-An', '1951-02-03');
    await known('Nguyễn Văn Ba', '1951-02-03');
    const byNumber = await lookUpPeople(world.ledger, lin, { personNumber: ` ${number.toLowerCase()} ` });
    expect(byNumber.personKeys).toEqual([personKey]);
    const byName = await lookUpPeople(world.ledger, lin, {
      name: 'ＮＧＵＹỄＮ văn an',
      birthDate: '1951-02-03',
    });
    expect(byName.personKeys).toEqual([personKey]);
    expect(
      (await lookUpPeople(world.ledger, lin, { name: 'Nguyễn', birthDate: '1951-02-03' })).personKeys,
    ).toEqual([]);
  });

  test('are shown nobody where more than three fit, until the district tells them apart', async () => {
    const people = [];
    for (let i = 0; i < 4; i += 1) people.push(await known('陳志明', '1948-08-08'));
    const wanted = { name: '陳志明', birthDate: '1948-08-08' };
    expect(await lookUpPeople(world.ledger, lin, wanted)).toEqual({
      lookId: null,
      personKeys: [],
      tooMany: true,
    });
    const [one] = people;
    if (!one) throw new Error('there are four');
    await sql`update round set registration_ends_at = ${at(4, 0)}::timestamptz where round_id = 'ranked'`.execute(
      db(),
    );
    const wish = {
      roundId: 'ranked',
      mobile,
      districtCode: '63000020',
      products: ['AZ'],
      language: 'zh',
    } as const;
    expect(codeOf(await register(world.ledger, world.acting(one.personKey), wish))).toBe('accepted');
    const near = await lookUpPeople(world.ledger, lin, { ...wanted, districtCode: '63000020' });
    expect(near).toMatchObject({ personKeys: [one.personKey], tooMany: false });
  });

  test('leave every look in the history: of whom they saw, and of nobody where they saw nobody', async () => {
    const { personKey, number } = await known('林美', '1940-01-01');
    await lookUpPeople(world.ledger, lin, { personNumber: number });
    expect((await readHistory(db(), personKey))[0]).toMatchObject({
      act: 'lookUp',
      actor: 'staff',
      channel: 'station:hotline/staff:lin',
      version: null,
      detail: { reason: 'noCardNumber', by: 'number', found: 1 },
    });
    await lookUpPeople(world.ledger, lin, { name: '沒有這個人', birthDate: '1940-01-02' });
    const { rows } = await sql<{
      detail: object;
      text: string;
    }>`select detail, audit_entry::text as text from audit_entry
      where person_key is null and act = 'lookUp' order by audit_entry_id desc limit 1`.execute(db());
    expect(rows[0]?.detail).toEqual({ reason: 'noCardNumber', by: 'name', found: 0 });
    expect(rows[0]?.text).not.toMatch(/沒有這個人|1940/);
  });

  test('open only what they themselves were shown, and not later than ten minutes after', async () => {
    await designateStaff(db(), 'hotline', 'mei');
    const { personKey, number } = await known('王大', '1940-03-01');
    const { lookId } = await lookUpPeople(world.ledger, lin, { personNumber: number });
    if (lookId === null) throw new Error('somebody was found');
    expect(await openLook(world.ledger, lin, lookId, 0)).toEqual({
      ok: true,
      value: { personKey, reason: 'noCardNumber' },
    });
    expect(codeOf(await openLook(world.ledger, lin, lookId, 1))).toBe('lookUnknown');
    expect(codeOf(await openLook(world.ledger, { ...lin, staffId: 'mei' }, lookId, 0))).toBe('lookUnknown');
    expect(codeOf(await openLook(world.ledger, lin, randomUUID(), 0))).toBe('lookUnknown');
    await sql`update station_look set looked_at = looked_at - interval '10 minutes' where look_id = ${lookId}`.execute(
      db(),
    );
    expect(codeOf(await openLook(world.ledger, lin, lookId, 0))).toBe('lookUnknown');
    await sql`update station_look set looked_at = looked_at - interval '1 day'`.execute(db());
    expect(await sweepStationSessions(world.ledger)).toBeGreaterThan(0);
  });

  test('do nothing in somebody’s name of which that person is not told, once and whatever crashed between', async () => {
    const { personKey } = await known('周玉', '1940-04-01');
    const context = {
      ...world.acting(personKey),
      actor: 'staff',
      channel: staffChannel('hotline', 'lin'),
    } as const;
    const booked = await book(world.ledger, context, { slotId: slots[0], mobile, language: 'zh' });
    if (!booked.ok) throw new Error(codeOf(booked));
    // Nobody told of it: the process died here.
    await cancel(world.ledger, context, booked.value);
    expect(await tellOfAssistance(world.ledger, await world.person())).toBe(0);
    expect(await tellOfAssistance(world.ledger)).toBe(2);
    expect(await tellOfAssistance(world.ledger, personKey)).toBe(0);
    const told = (await readTextsOf(world.ledger, personKey)).filter(
      ({ purpose }) => purpose === 'assistedAct',
    );
    expect(told.map(({ body }) => body).toSorted()).toEqual(
      [
        `【末三碼678】中央流行疫情指揮中心：縣市專線已依申請代您取消預約，編號${booked.value.appointmentNumber}。若非本人申請，請撥1922。`,
        `【末三碼678】中央流行疫情指揮中心：縣市專線已依申請代您預約接種，編號${booked.value.appointmentNumber}。若非本人申請，請撥1922。`,
      ].toSorted(),
    );
  });

  test('a name that cannot be read is nobody’s, and hinders no search', async () => {
    const { personKey } = await known('吳一', '1933-03-03');
    await sql`update person set name_cipher = ${seal(world.ledger.keys, personKey, '吳一二')} where person_key = ${personKey}`.execute(
      db(),
    );
    expect(
      (await lookUpPeople(world.ledger, lin, { name: '吳一', birthDate: '1933-03-03' })).personKeys,
    ).toEqual([]);
    expect(await findPersonKey(world.ledger, 'A000000000')).toBeUndefined();
  });
});
