import type { InjectOptions } from 'fastify';

import type { BasicData } from '../domain/card-proof/basic-data';
import type { CardProof } from '../domain/card-proof/card-proof';
import { stationKinds, stationMay, type StationKind } from '../domain/station/station';
import { readHistory } from '../ledger/audit';
import { findPersonKey } from '../ledger/person';
import { signInsOf } from '../ledger/sign-in';
import { enrolStation, revokeStation } from '../ledger/station';
import { designateStaff, dismissStaff } from '../ledger/station-staff';
import { readTextsOf } from '../ledger/text-message';
import { at, hour } from '../test/builders/ledger-world';
import { AppWorld, Citizen, cookieOf, type Insured } from '../test/support/app';
import { BridgeKey, cardOf, type AnsweredChallenge } from '../test/support/card-bridge-key';

const mobile = '0912345678';
const place = { nameZh: '安和門市', nameEn: 'Anhe Store', districtCode: '63000030' };

let world: AppWorld;
let slotId: number;
const keys = {} as Record<StationKind, string>;
let staffKey: string;

beforeAll(async () => {
  world = await AppWorld.create({ publicOrigin: 'http://localhost' });
  await world.world.round();
  await world.world.site('A');
  slotId = await world.world.slot({ siteId: 'A', capacity: 100 });
  await world.world.stepTo(at(1, 9 * hour));
  const { db } = world.world.ledger;
  for (const kind of stationKinds) {
    const station =
      kind === 'site'
        ? { siteId: 'A' }
        : { kind, ...place, ...(kind === 'storeKiosk' && { chain: 'okMart' as const }) };
    keys[kind] = (await enrolStation(db, { stationId: kind, ...station })).key;
  }
  staffKey = await designateStaff(db, 'hotline', 'lin');
});
afterAll(() => world.close());

interface Problem {
  readonly code?: string;
}
const code = (answer: { json(): unknown }) => (answer.json() as Problem).code;

/** A call by a station, with its staff's code where one is given. */
const call = (kind: StationKind, url: string, payload: object, staff?: string, more: InjectOptions = {}) =>
  world.app.inject({
    method: 'POST',
    url,
    payload,
    headers: {
      authorization: `Bearer ${keys[kind]}`,
      ...(staff !== undefined && { 'station-staff': staff }),
    },
    ...more,
  });
const look = (asked: object, staff = staffKey) =>
  call('hotline', '/v1/station/looks', { reason: 'noCardNumber', ...asked }, staff);
const personKeyOf = async ({ personNumber }: Insured): Promise<string> =>
  (await findPersonKey(world.world.ledger, personNumber)) ?? '';

/** The session that a hotline's staff begin for somebody whom they found by number and birth date. */
async function assisted(person: Insured): Promise<Citizen> {
  const found = await look({ personNumber: person.personNumber, birthDate: '1970-01-01' });
  const begun = await call(
    'hotline',
    '/v1/station/assistances',
    { lookId: found.json<{ lookId: string }>().lookId, place: 0 },
    staffKey,
  );
  if (begun.statusCode !== 201) throw new Error(begun.body);
  return new Citizen(world.app, cookieOf(begun));
}

describe('looking people up', () => {
  test.each(stationKinds.map((kind) => [kind, stationMay(kind, 'assist')] as const))(
    '%s: %s',
    async (kind, may) => {
      const asked = { reason: 'noDevice', personNumber: 'A123456789' };
      expect(code(await call(kind, '/v1/station/looks', asked, 'nobody'))).toBe(
        may ? 'stationStaffUnknown' : 'stationMayNot',
      );
      expect(
        code(
          await call(
            kind,
            '/v1/station/assistances',
            { lookId: '00000000-0000-4000-8000-000000000000', place: 0 },
            'nobody',
          ),
        ),
      ).toBe(may ? 'stationStaffUnknown' : 'stationMayNot');
    },
  );

  test('takes a station’s key, and a code of staff of that very station that has not ended', async () => {
    const asked = { personNumber: 'A123456789' };
    expect(code(await call('hotline', '/v1/station/looks', { reason: 'noDevice', ...asked }))).toBe(
      'stationStaffUnknown',
    );
    const refused = await look(asked, 'x');
    expect([refused.statusCode, refused.headers['www-authenticate']]).toEqual([401, 'Station-Staff']);
    const bare = await world.app.inject({
      method: 'POST',
      url: '/v1/station/looks',
      payload: { reason: 'noDevice', ...asked },
    });
    expect(code(bare)).toBe('stationUnknown');
    expect(code(await call('counter', '/v1/station/looks', { reason: 'noDevice', ...asked }, staffKey))).toBe(
      'stationStaffUnknown',
    );
    const { db } = world.world.ledger;
    const gone = await designateStaff(db, 'hotline', 'wu');
    expect((await look(asked, gone)).statusCode).toBe(200);
    await dismissStaff(db, 'hotline', 'wu');
    expect(code(await look(asked, gone))).toBe('stationStaffUnknown');
  });

  test('shows a known person masked, and a stranger only by number and birth date together', async () => {
    const person = await world.insured();
    const byNumber = () => look({ personNumber: person.personNumber });
    expect((await byNumber()).json()).toEqual({ lookId: null, tooMany: false, people: [] });
    const wrongDay = await look({ personNumber: person.personNumber, birthDate: '1970-01-02' });
    expect(wrongDay.json()).toEqual({ lookId: null, tooMany: false, people: [] });
    const found = await look({ personNumber: person.personNumber, birthDate: '1970-01-01' });
    expect(found.json()).toEqual({
      lookId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      tooMany: false,
      people: [{ place: 0, maskedName: '甄○康', maskedNumber: `${person.personNumber.slice(0, 6)}****` }],
    });
    expect((await byNumber()).json()).toMatchObject({ people: [{ place: 0 }] });
    const history = await readHistory(world.world.ledger.db, await personKeyOf(person));
    expect(history.map(({ act, channel }) => [act, channel])).toEqual([
      ['lookUp', 'station:hotline/staff:lin'],
      ['lookUp', 'station:hotline/staff:lin'],
    ]);
  });

  test('says plainly when nothing here concerns the person, and when the registry is away', async () => {
    const other = await world.insured([1]);
    const asked = { personNumber: other.personNumber, birthDate: '1970-01-01' };
    expect(code(await look(asked))).toBe('notInOpenGroup');
    world.registry.setFaults({ outage: true });
    expect(code(await look(asked))).toBe('registryUnavailable');
    world.registry.setFaults({});
    expect(code(await look({ personNumber: 'A1' }))).toBe('personNumberInvalid');
    for (const wrong of [
      {},
      { name: '甄健康' },
      { personNumber: 'A123456789', name: '甄健康' },
      { name: '甄健康', birthDate: '1970-02-30' },
      { personNumber: 'A123456789', reason: 'curious' },
    ]) {
      expect(code(await look(wrong))).toBe('requestInvalid');
    }
  });
});

describe('acting for somebody', () => {
  const readBack = { 'read-back': 'confirmed' };

  test('is refused, and does nothing, until staff say that they read it back', async () => {
    const session = await assisted(await world.insured());
    for (const [method, url, payload] of [
      ['PUT', '/v1/registration', { mobile, districtCode: '63000030', products: ['AZ'] }],
      ['DELETE', '/v1/registration', undefined],
      ['POST', '/v1/appointments', { slotId, mobile }],
      ['PUT', '/v1/appointments/1234567890', { slotId }],
      ['DELETE', '/v1/appointments/1234567890', undefined],
      ['POST', '/v1/leftover-requests', {}],
    ] as const) {
      for (const said of [undefined, { 'read-back': 'yes' }]) {
        const answer = await session.act(method, url, payload, said);
        expect([method, url, answer.statusCode, code(answer)]).toEqual([method, url, 422, 'notReadBack']);
      }
    }
    expect((await session.act('GET', '/v1/appointments')).json()).toEqual({ appointments: [] });
  });

  test('books, cancels, and tells the person of both; the history names station and staff', async () => {
    const person = await world.insured();
    const session = await assisted(person);
    const booked = await session.act('POST', '/v1/appointments', { slotId, mobile }, readBack);
    expect(booked.statusCode).toBe(201);
    const { appointmentNumber } = booked.json<{ appointmentNumber: string }>();
    const own = `/v1/appointments/${appointmentNumber}`;
    expect((await session.act('DELETE', own, undefined, readBack)).statusCode).toBe(200);
    const personKey = await personKeyOf(person);
    const history = await readHistory(world.world.ledger.db, personKey);
    expect(history.map(({ act, actor, channel }) => `${act} ${actor} ${channel}`)).toEqual(
      ['cancel', 'book', 'beginAssistance', 'lookUp'].map((act) => `${act} staff station:hotline/staff:lin`),
    );
    const texts = await readTextsOf(world.world.ledger, personKey);
    const told = texts.filter(({ purpose }) => purpose === 'assistedAct').map(({ body }) => body);
    expect(told).toHaveLength(2);
    for (const body of told)
      expect(body).toMatch(/^【末三碼678】.*縣市專線已依申請代您(預約接種|取消預約)，編號\d{10}。/);
  });

  test('ends with the code of the staff and with the key of the station, for reads and writes alike', async () => {
    const { db } = world.world.ledger;
    const code2 = await designateStaff(db, 'hotline', 'ho');
    const person = await world.insured();
    const found = await look({ personNumber: person.personNumber, birthDate: '1970-01-01' }, code2);
    const { lookId } = found.json<{ lookId: string }>();
    expect(code(await call('hotline', '/v1/station/assistances', { lookId, place: 0 }, staffKey))).toBe(
      'lookUnknown',
    );
    const begun = await call('hotline', '/v1/station/assistances', { lookId, place: 0 }, code2);
    const session = new Citizen(world.app, cookieOf(begun));
    await dismissStaff(db, 'hotline', 'ho');
    expect(code(await session.act('POST', '/v1/appointments', { slotId, mobile }, readBack))).toBe(
      'sessionEnded',
    );
    expect(code(await session.act('GET', '/v1/appointments'))).toBe('sessionEnded');
    expect(code(await call('hotline', '/v1/station/assistances', { lookId, place: 0 }, code2))).toBe(
      'stationStaffUnknown',
    );
    const other = await assisted(await world.insured());
    keys.hotline = (await enrolStation(db, { stationId: 'hotline', kind: 'hotline', ...place })).key;
    expect(code(await other.act('POST', '/v1/appointments', { slotId, mobile }, readBack))).toBe(
      'sessionEnded',
    );
    await revokeStation(db, 'counter');
    expect(
      code(await call('counter', '/v1/station/looks', { reason: 'noDevice', personNumber: 'A1' }, 'x')),
    ).toBe('stationUnknown');
  });

  test('reaches nothing that lasts beyond the rounds: no account, no device, no family', async () => {
    const session = await assisted(await world.insured());
    for (const url of ['/v1/account', '/v1/bound-devices', '/v1/sign-ins', '/v1/family', '/account']) {
      expect([url, code(await session.act('GET', url))]).toEqual([url, 'stationMayNot']);
    }
    expect((await session.act('GET', '/v1/rounds/current')).statusCode).toBe(200);
  });
});

describe('a card read at a station', () => {
  const origin = 'http://localhost';
  const bridges = new Map<StationKind, { key: BridgeKey; bridgeId: string }>();

  async function bridgeOf(kind: StationKind) {
    const known = bridges.get(kind);
    if (known) return known;
    const key = new BridgeKey();
    const enrolled = await call(kind, '/v1/card-bridges', key.enrolment(origin));
    const bridge = { key, bridgeId: enrolled.json<{ bridgeId: string }>().bridgeId };
    bridges.set(kind, bridge);
    return bridge;
  }

  /** What the station's bridge signs of that card. */
  async function read(
    kind: StationKind,
    person: Insured,
    {
      purpose = 'station',
      card = {},
    }: { readonly purpose?: string; readonly card?: Partial<BasicData> } = {},
  ): Promise<CardProof> {
    const { key, bridgeId } = await bridgeOf(kind);
    const challenge = await call(kind, '/v1/card-challenges', { bridgeId, purpose });
    if (challenge.statusCode !== 201) throw new Error(challenge.body);
    return key.proof(challenge.json<AnsweredChallenge>(), { ...cardOf(person), ...card }, origin);
  }

  const handIn = (kind: StationKind, proof: CardProof) => call(kind, '/v1/station/citizen-sessions', proof);

  async function served(kind: StationKind, person: Insured): Promise<Citizen> {
    const begun = await handIn(kind, await read(kind, person));
    if (begun.statusCode !== 201) throw new Error(begun.body);
    return new Citizen(world.app, cookieOf(begun));
  }

  const reading = stationKinds.filter((kind) => stationMay(kind, 'readCard') && kind !== 'counter');

  test.each(reading)(
    '%s: its owner books, moves nothing away from others, and cancels where that is done',
    async (kind) => {
      const person = await world.insured();
      const session = await served(kind, person);
      const booked = await session.act('POST', '/v1/appointments', { slotId, mobile });
      expect(booked.statusCode).toBe(201);
      const { appointmentNumber } = booked.json<{ appointmentNumber: string }>();
      const cancelled = await session.act('DELETE', `/v1/appointments/${appointmentNumber}`);
      const takesBack = stationMay(kind, 'giveBack');
      expect([cancelled.statusCode, code(cancelled)]).toEqual(
        takesBack ? [200, undefined] : [403, 'stationTakesNothingBack'],
      );
      const history = await readHistory(world.world.ledger.db, await personKeyOf(person));
      expect(history[0]).toMatchObject({ actor: 'station', channel: `station:${kind}` });
    },
  );

  test('a store cancels nothing that was booked on the web, and the web nothing less that was booked in a store', async () => {
    const person = await world.insured();
    const own = await world.signIn(person);
    const booked = await own.act('POST', '/v1/appointments', { slotId, mobile });
    const url = `/v1/appointments/${booked.json<{ appointmentNumber: string }>().appointmentNumber}`;
    const store = await served('storeKiosk', person);
    expect(code(await store.act('DELETE', url, undefined, { 'idempotency-key': 'k' }))).toBe(
      'stationTakesNothingBack',
    );
    expect(code(await store.act('DELETE', '/v1/registration'))).not.toBeUndefined();
    expect((await own.act('DELETE', url)).statusCode).toBe(200);
    const again = await store.act('POST', '/v1/appointments', { slotId, mobile });
    const second = `/v1/appointments/${again.json<{ appointmentNumber: string }>().appointmentNumber}`;
    expect((await own.act('DELETE', second)).statusCode).toBe(200);
  });

  test('counts only at the station whose bridge read it, once, and for this purpose', async () => {
    const person = await world.insured();
    const proof = await read('pharmacy', person);
    expect(code(await handIn('healthCentre', proof))).toBe('cardChallengeOfOtherSession');
    expect((await handIn('pharmacy', proof)).statusCode).toBe(201);
    expect(code(await handIn('pharmacy', proof))).toBe('cardChallengeSpent');
    const forSignIn = await read('pharmacy', person, { purpose: 'sign-in' });
    expect(code(await handIn('pharmacy', forSignIn))).toBe('cardChallengeOfOtherSession');
    expect(code(await handIn('hotline', await read('pharmacy', person)))).toBe('stationMayNot');
    const forged = await read('pharmacy', person);
    const other = { ...forged.statement.card, personNumber: (await world.insured()).personNumber };
    expect(
      code(await handIn('pharmacy', { ...forged, statement: { ...forged.statement, card: other } })),
    ).toBe('cardProofInvalid');
    // A bridge that somebody brought along is nobody's station.
    const own = new BridgeKey();
    const enrolled = await world.app.inject({
      method: 'POST',
      url: '/v1/card-bridges',
      payload: own.enrolment(origin),
    });
    const { bridgeId } = enrolled.json<{ bridgeId: string }>();
    const challenge = await call('pharmacy', '/v1/card-challenges', { bridgeId, purpose: 'station' });
    const brought = own.proof(challenge.json<AnsweredChallenge>(), cardOf(person), origin);
    expect(code(await handIn('pharmacy', brought))).toBe('cardBridgeUnknown');
  });

  test('is the one in use, of the person whom it names, in a group that is open; the answer is plain', async () => {
    const person = await world.insured();
    const tries: [Partial<BasicData>, string][] = [
      [{ cardNumber: '000000000000' }, 'identityNotConfirmed'],
      [{ birthDate: '1970-01-02' }, 'identityNotConfirmed'],
      [{ personNumber: (await world.insured()).personNumber }, 'identityNotConfirmed'],
    ];
    for (const [card, refusal] of tries) {
      expect(code(await handIn('pharmacy', await read('pharmacy', person, { card })))).toBe(refusal);
    }
    expect(code(await handIn('pharmacy', await read('pharmacy', await world.insured([1]))))).toBe(
      'notInOpenGroup',
    );
    world.registry.setFaults({ outage: true });
    expect(code(await handIn('pharmacy', await read('pharmacy', person)))).toBe('registryUnavailable');
    world.registry.setFaults({});
  });

  test('begins a session of a minute and a half, which is the station’s and ends with its key', async () => {
    const { db } = world.world.ledger;
    const person = await world.insured();
    const begun = await handIn('healthCentre', await read('healthCentre', person));
    const { signedInAt, expiresAt } = begun.json<{ signedInAt: string; expiresAt: string }>();
    expect(Date.parse(expiresAt) - Date.parse(signedInAt)).toBe(90_000);
    const session = new Citizen(world.app, cookieOf(begun));
    expect((await session.act('GET', '/v1/appointments')).statusCode).toBe(200);
    const [signIn] = await signInsOf(db, await personKeyOf(person));
    expect(signIn).toMatchObject({
      method: 'station',
      place: { nameZh: place.nameZh },
      ended: false,
    });
    await revokeStation(db, 'healthCentre');
    expect(code(await session.act('POST', '/v1/appointments', { slotId, mobile }))).toBe('sessionEnded');
  });
});

describe('a desk', () => {
  test.each(stationKinds.filter((kind) => kind !== 'site'))(
    'is no %s: it records no attendance',
    async (kind) => {
      const key = kind === 'counter' || kind === 'healthCentre' ? undefined : keys[kind];
      if (key === undefined) return;
      const recorded = await call(kind, '/v1/station/attendances', { appointmentNumber: '2999999999' });
      expect(code(recorded)).toBe('stationMayNot');
      expect(code(await call(kind, '/v1/station/leftover-calls', { product: 'Moderna', doses: 1 }))).toBe(
        'stationMayNot',
      );
    },
  );
});
