/** Acting for a child and for an elder (家人代辦), by HTTP. */
import { randomUUID } from 'node:crypto';

import { enrolStation } from '../ledger/station';
import { designateStaff } from '../ledger/station-staff';
import { readTextsOf } from '../ledger/text-message';
import { findPersonKey } from '../ledger/person';
import { syntheticCardNumber, syntheticNationalId } from '../scripts/demo-data/synthetic-numbers';
import { at, hour } from '../test/builders/ledger-world';
import { AppWorld, Citizen, cookieOf, type Insured } from '../test/support/app';

const mobile = '0912345678';
const eldersMobile = '0987654321';
const mobileOf = (digits: string) => `09*****${digits}`;

let world: AppWorld;
let slotId: number;

beforeAll(async () => {
  world = await AppWorld.create();
  await world.world.round();
  await world.world.ledger.pool.query(
    `insert into booking_window (round_id, product, age_from, age_to, opens_at, closes_at)
      select round_id, product, 5, 17, opens_at, closes_at from booking_window where age_from = 18`,
  );
  await world.world.site('A');
  slotId = await world.world.slot({ siteId: 'A', capacity: 500 });
  await world.world.stepTo(at(1, 9 * hour));
});
afterAll(() => world.close());

interface Bond {
  readonly familyBondId: string;
  readonly standing: string;
  readonly role: string;
  readonly endsOn: string | null;
  readonly other: { readonly maskedName: string };
}
interface Entry {
  readonly act: string;
  readonly role: string;
  readonly number: string | null;
  readonly other: { readonly maskedName: string };
}
const code = (answer: { json(): unknown }) => (answer.json() as { code?: string }).code;
const personKeyOf = async ({ personNumber }: Insured) =>
  (await findPersonKey(world.world.ledger, personNumber)) ?? '';

/** A parent signed in, and the child whom the registry knows as theirs. */
async function parentAndChild(birthDate = '2024-05-05') {
  const parent = await world.insured([9], '1990-01-01');
  const child = await world.insured([9], birthDate);
  await world.parentOf(parent, child);
  return { parent, child, signedIn: await world.signIn(parent) };
}

const named = ({ personNumber, cardNumber }: Insured) => ({ kind: 'child', personNumber, cardNumber });

async function actingForChild(birthDate?: string) {
  const family = await parentAndChild(birthDate);
  const answer = await family.signedIn.act('POST', '/v1/family-bonds', named(family.child));
  expect(answer.statusCode).toBe(201);
  const { familyBondId } = answer.json<Bond>();
  return { ...family, familyBondId, forChild: { 'acting-for': familyBondId } };
}

/** An adult child signed in, and their elder, both in the registry and both able to sign in. */
async function childAndElder() {
  const elder = await world.insured([9], '1950-02-03');
  const actor = await world.insured([9], '1975-01-01');
  await world.parentOf(elder, actor);
  return { elder, actor, signedIn: await world.signIn(actor) };
}

const askFor = (signedIn: Citizen, elder: Insured, birthDate = '1950-02-03') =>
  signedIn.act('POST', '/v1/family-bonds', { kind: 'elder', personNumber: elder.personNumber, birthDate });

async function actingForElder() {
  const family = await childAndElder();
  const elderSignedIn = await world.signIn(family.elder);
  const { familyBondId } = (await askFor(family.signedIn, family.elder)).json<Bond>();
  const agreed = await elderSignedIn.act('PUT', `/v1/family-bonds/${familyBondId}/answer`, { agreed: true });
  expect(agreed.json()).toMatchObject({ standing: 'stands', role: 'isActedFor' });
  return { ...family, elderSignedIn, familyBondId, forElder: { 'acting-for': familyBondId } };
}

const book = (citizen: Citizen, headers: Record<string, string> = {}, wish: object = { slotId, mobile }) =>
  citizen.act('POST', '/v1/appointments', wish, headers);
const historyOf = async (citizen: Citizen) =>
  (await citizen.act('GET', '/v1/family-history')).json<{ entries: Entry[] }>().entries;

describe('a child under fifteen', () => {
  test('is acted for without an application, by its number and card, until its birthday', async () => {
    const { signedIn, child } = await parentAndChild('2019-03-04');
    const answer = await signedIn.act('POST', '/v1/family-bonds', named(child));
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({
      kind: 'child',
      role: 'acts',
      standing: 'stands',
      endsOn: '2034-03-04',
    });
    expect(answer.body).not.toContain(child.personNumber);
    // Asked again it is the same one.
    expect((await signedIn.act('POST', '/v1/family-bonds', named(child))).json()).toMatchObject({
      familyBondId: answer.json<Bond>().familyBondId,
    });
  });

  test('registers nothing for the parent: what is booked for the child is the child’s alone', async () => {
    const { signedIn, forChild, child, parent } = await actingForChild();
    const booked = await book(signedIn, forChild);
    expect(booked.statusCode).toBe(201);
    const { appointmentNumber } = booked.json<{ appointmentNumber: string }>();
    const { rows } = await world.world.ledger.pool.query(
      'select person_key from appointment where appointment_number = $1',
      [appointmentNumber],
    );
    expect(rows).toEqual([{ person_key: await personKeyOf(child) }]);
    expect((await signedIn.act('GET', '/v1/appointments')).json()).toEqual({ appointments: [] });
    expect((await signedIn.act('GET', `/v1/appointments/${appointmentNumber}`)).statusCode).toBe(404);
    expect((await signedIn.act('GET', '/v1/appointments', undefined, forChild)).json()).toMatchObject({
      appointments: [{ appointmentNumber }],
    });
    // The child itself, with its own card, sees what was done and by whom; the parent sees that they did it.
    const own = await world.signIn(child);
    expect(await historyOf(own)).toEqual([
      expect.objectContaining({ act: 'book', role: 'wasDone', number: appointmentNumber }),
      expect.objectContaining({ act: 'beginFamily', role: 'wasDone' }),
    ]);
    expect(await historyOf(signedIn)).toEqual([
      expect.objectContaining({ act: 'book', role: 'did', number: appointmentNumber }),
      expect.objectContaining({ act: 'beginFamily', role: 'did' }),
    ]);
    const { rows: audits } = await world.world.ledger.pool.query<{ person_key: string; channel: string }>(
      `select person_key, channel from audit_entry where detail ->> 'appointmentNumber' = $1`,
      [appointmentNumber],
    );
    const [parentKey, childKey] = [await personKeyOf(parent), await personKeyOf(child)];
    expect(audits.map(({ person_key }) => person_key).sort()).toEqual([parentKey, childKey].sort());
    expect(audits.find(({ person_key }) => person_key === childKey)?.channel).toContain(`/by:${parentKey}`);
    expect(audits.find(({ person_key }) => person_key === parentKey)?.channel).toContain(`/for:${childKey}`);
  });

  test('is moved and cancelled for, and each act stands in both histories', async () => {
    const { signedIn, forChild } = await actingForChild();
    const next = await world.world.slot({ siteId: 'A', capacity: 5, fromMinute: 15 * hour });
    const { appointmentNumber } = (await book(signedIn, forChild)).json<{ appointmentNumber: string }>();
    const url = `/v1/appointments/${appointmentNumber}`;
    expect((await signedIn.act('PUT', url, { slotId: next })).statusCode).toBe(404);
    expect((await signedIn.act('PUT', url, { slotId: next }, forChild)).statusCode).toBe(200);
    expect((await signedIn.act('DELETE', url, undefined, forChild)).json()).toMatchObject({
      status: 'cancelled',
    });
    expect((await historyOf(signedIn)).map(({ act }) => act)).toEqual([
      'cancel',
      'move',
      'book',
      'beginFamily',
    ]);
  });

  test('is consented for by the parent, who may take it back; an elder’s child consents to nothing', async () => {
    const { signedIn, forChild } = await actingForChild('2018-06-01');
    expect(code(await book(signedIn, forChild))).toBe('consentMissing');
    const give = () => signedIn.act('PUT', '/v1/parental-consent', { product: null }, forChild);
    expect((await give()).json()).toEqual({ product: null });
    expect((await book(signedIn, forChild)).statusCode).toBe(201);
    expect((await historyOf(signedIn)).map(({ act }) => act)).toEqual([
      'book',
      'recordConsent',
      'beginFamily',
    ]);
    expect((await signedIn.act('DELETE', '/v1/parental-consent', undefined, forChild)).statusCode).toBe(200);
    expect((await historyOf(signedIn)).map(({ act }) => act)).toEqual([
      'revokeConsent',
      'book',
      'recordConsent',
      'beginFamily',
    ]);

    expect(code(await signedIn.act('PUT', '/v1/parental-consent', { product: null }))).toBe(
      'consentNotYours',
    );
    const small = await actingForChild('2025-06-01');
    const consent = (product: string | null) =>
      small.signedIn.act('PUT', '/v1/parental-consent', { product }, small.forChild);
    expect(code(await consent(null))).toBe('consentNotNeeded');
    expect(code(await consent('Nothing'))).toBe('productNotOffered');
    const { signedIn: child, forElder } = await actingForElder();
    expect(code(await child.act('PUT', '/v1/parental-consent', { product: null }, forElder))).toBe(
      'consentNotYours',
    );
  });

  test('whatever is wrong, the refusal is the same and tells of nobody', async () => {
    const { signedIn, child } = await parentAndChild();
    const stranger = await world.insured([9], '2024-01-01');
    const bodies = new Set<string>();
    for (const asked of [
      { ...named(child), cardNumber: syntheticCardNumber(77_777) },
      { ...named(child), personNumber: syntheticNationalId('Z', 'male', 9) },
      named(stranger),
      { kind: 'elder', personNumber: stranger.personNumber, birthDate: '2024-01-01' },
    ]) {
      const answer = await signedIn.act('POST', '/v1/family-bonds', asked);
      expect(answer.statusCode).toBe(403);
      bodies.add(answer.body);
    }
    expect([...bodies]).toEqual([expect.stringContaining('familyNotConfirmed')]);
    expect(await findPersonKey(world.world.ledger, stranger.personNumber)).toBeUndefined();
  });

  test('of fifteen signs in alone, and nothing is kept of it', async () => {
    const { signedIn, child } = await parentAndChild('2016-07-02');
    expect(code(await signedIn.act('POST', '/v1/family-bonds', named(child)))).toBe('familyChildGrownUp');
    expect(await personKeyOf(child)).toBe('');
  });

  test('what is no number at all is told, guessing ends, and a registry that is away counts against nobody', async () => {
    const { signedIn, child } = await parentAndChild();
    const wrong = (change: object) =>
      signedIn.act('POST', '/v1/family-bonds', { ...named(child), ...change });
    expect(code(await wrong({ personNumber: 'A123456780' }))).toBe('personNumberInvalid');
    expect(code(await wrong({ cardNumber: '12' }))).toBe('cardNumberInvalid');
    world.registry.setFaults({ outage: true });
    for (let tries = 0; tries < 7; tries += 1) expect(code(await wrong({}))).toBe('registryUnavailable');
    world.registry.setFaults({});
    let last;
    for (let tries = 0; tries < 7; tries += 1)
      last = await wrong({ cardNumber: syntheticCardNumber(55_555) });
    expect(code(last ?? { json: () => ({}) })).toBe('tooManyAttempts');
  });
});

describe('an elder', () => {
  test('is asked, agrees with a sign-in of their own, and reads by text of each act at their own mobile', async () => {
    const { elder, signedIn, actor } = await childAndElder();
    const elderSignedIn = await world.signIn(elder);
    await book(elderSignedIn, {}, { slotId, mobile: eldersMobile });
    const { appointments } = (await elderSignedIn.act('GET', '/v1/appointments')).json<{
      appointments: { appointmentNumber: string }[];
    }>();
    await elderSignedIn.act('DELETE', `/v1/appointments/${appointments[0]?.appointmentNumber ?? ''}`);

    const { familyBondId, standing } = (await askFor(signedIn, elder)).json<Bond>();
    expect(standing).toBe('waiting');
    const forElder = { 'acting-for': familyBondId };
    expect(code(await book(signedIn, forElder))).toBe('familyBondEnded');
    // Nobody agrees for the elder.
    const agree = (who: Citizen) =>
      who.act('PUT', `/v1/family-bonds/${familyBondId}/answer`, { agreed: true });
    expect(code(await agree(signedIn))).toBe('familyBondUnknown');
    expect((await elderSignedIn.act('GET', '/v1/family-bonds')).json()).toMatchObject({
      familyBonds: [
        { familyBondId, role: 'isActedFor', standing: 'waiting', other: { maskedName: '甄○康' } },
      ],
    });
    expect((await agree(elderSignedIn)).json()).toMatchObject({ standing: 'stands' });
    expect((await agree(elderSignedIn)).statusCode).toBe(200);

    const booked = await book(signedIn, forElder);
    expect(booked.json()).toMatchObject({ maskedMobile: mobileOf('678') });
    const texts = await readTextsOf(world.world.ledger, await personKeyOf(elder));
    const told = texts.filter(({ purpose }) =>
      ['familyAsked', 'familyAgreed', 'assistedAct'].includes(purpose),
    );
    expect(told.map(({ purpose, mobile: to }) => [purpose, to])).toEqual([
      ['assistedAct', eldersMobile],
      ['familyAgreed', eldersMobile],
      ['familyAsked', eldersMobile],
    ]);
    expect(told[0]?.body).toMatch(/家人已代您預約接種，編號\d{10}/);
    expect(await readTextsOf(world.world.ledger, await personKeyOf(actor))).toEqual([]);
  });

  test('declines, and may be asked again; a request runs out and is asked anew', async () => {
    const { elder, signedIn } = await childAndElder();
    const elderSignedIn = await world.signIn(elder);
    const { familyBondId: first } = (await askFor(signedIn, elder)).json<Bond>();
    const answer = (id: string, agreed: boolean) =>
      elderSignedIn.act('PUT', `/v1/family-bonds/${id}/answer`, { agreed });
    expect((await answer(first, false)).json()).toMatchObject({ standing: 'declined' });
    expect(code(await answer(first, true))).toBe('familyBondEnded');

    const { familyBondId: second } = (await askFor(signedIn, elder)).json<Bond>();
    expect(second).not.toBe(first);
    expect((await askFor(signedIn, elder)).json()).toMatchObject({ familyBondId: second });
    const { pool } = world.world.ledger;
    await pool.query(
      `update family_bond set asked_at = asked_at - interval '15 days', answer_until = answer_until - interval '15 days'
        where family_bond_id = $1`,
      [second],
    );
    expect(code(await answer(second, true))).toBe('familyRequestExpired');
    const { familyBondId: third, standing } = (await askFor(signedIn, elder)).json<Bond>();
    expect([third === second, standing]).toEqual([false, 'waiting']);
    expect((await signedIn.act('DELETE', `/v1/family-bonds/${third}`)).json()).toMatchObject({
      standing: 'takenBack',
    });
    expect(code(await answer(third, true))).toBe('familyBondEnded');
  });

  test('takes their word back, which stops the next act at once; so can whoever acts', async () => {
    const { signedIn, elderSignedIn, forElder, familyBondId } = await actingForElder();
    expect((await book(signedIn, forElder)).statusCode).toBe(201);
    expect((await elderSignedIn.act('DELETE', `/v1/family-bonds/${familyBondId}`)).json()).toMatchObject({
      standing: 'endedByPerson',
    });
    expect(code(await signedIn.act('GET', '/v1/appointments', undefined, forElder))).toBe('familyBondEnded');
    expect((await historyOf(elderSignedIn)).map(({ act, role }) => [act, role])).toEqual([
      ['endFamily', 'did'],
      ['book', 'wasDone'],
      ['agreeFamily', 'did'],
      ['askFamily', 'wasDone'],
    ]);
    const other = await actingForElder();
    expect(
      (await other.signedIn.act('DELETE', `/v1/family-bonds/${other.familyBondId}`)).json(),
    ).toMatchObject({
      standing: 'endedByActor',
    });
  });

  test('is acted for by an adult alone', async () => {
    const elder = await world.insured([9], '1975-02-03');
    const young = await world.insured([9], '2015-01-01');
    await world.parentOf(elder, young);
    const asked = await askFor(await world.signIn(young), elder, '1975-02-03');
    expect(code(asked)).toBe('familyActorTooYoung');
    expect(code(await askFor(await world.signIn(young), elder, '1975-02-30'))).toBe('birthDateInvalid');
  });

  test('may give their word to the county hotline’s staff, not at a store’s kiosk', async () => {
    const { elder, signedIn } = await childAndElder();
    await world.signIn(elder);
    const { familyBondId } = (await askFor(signedIn, elder)).json<Bond>();
    const { db } = world.world.ledger;
    const place = { nameZh: '專線', nameEn: 'Hotline', districtCode: '63000030' };
    const { key } = await enrolStation(db, { stationId: 'hotline', kind: 'hotline', ...place });
    const staffKey = await designateStaff(db, 'hotline', 'lin');
    const post = (url: string, payload: object) =>
      world.app.inject({
        ...{ method: 'POST', url, payload },
        headers: { authorization: `Bearer ${key}`, 'station-staff': staffKey },
      });
    const { lookId } = (
      await post('/v1/station/looks', { reason: 'noDevice', personNumber: elder.personNumber })
    ).json<{ lookId: string }>();
    const begun = await post('/v1/station/assistances', { lookId, place: 0 });
    const atHotline = new Citizen(world.app, cookieOf(begun));
    const answer = `/v1/family-bonds/${familyBondId}/answer`;
    expect(code(await atHotline.act('PUT', answer, { agreed: true }))).toBe('notReadBack');
    const agree = () => atHotline.act('PUT', answer, { agreed: true }, { 'read-back': 'confirmed' });
    await world.world.ledger.pool.query(
      `update station set kind = 'storeKiosk', chain = 'okMart' where station_id = 'hotline'`,
    );
    expect(code(await agree())).toBe('stationMayNot');
    await world.world.ledger.pool.query(
      `update station set kind = 'hotline', chain = null where station_id = 'hotline'`,
    );
    expect((await agree()).json()).toMatchObject({ standing: 'stands' });
    // Staff begin no family of anybody, and act for nobody but whom they looked up.
    expect(code(await askFor(atHotline, elder))).toBe('stationMayNot');
    expect(code(await book(atHotline, { 'acting-for': familyBondId }))).toBe('stationMayNot');
  });
});

describe('acting for somebody', () => {
  test('ends by itself at the fifteenth birthday', async () => {
    const { signedIn, forChild, familyBondId } = await actingForChild('2016-07-10');
    await world.world.ledger.pool.query(
      `update family_bond set ends_on = ledger_today() where family_bond_id = $1`,
      [familyBondId],
    );
    expect(code(await book(signedIn, forChild))).toBe('familyBondEnded');
    const { familyBonds } = (await signedIn.act('GET', '/v1/family-bonds')).json<{ familyBonds: Bond[] }>();
    expect(familyBonds).toMatchObject([{ standing: 'grownUp' }]);
  });

  test('is for who has the bond and for nobody else', async () => {
    const { familyBondId, forChild } = await actingForChild();
    const stranger = await world.signIn(await world.insured());
    expect(code(await book(stranger, forChild))).toBe('familyBondUnknown');
    expect(code(await stranger.act('DELETE', `/v1/family-bonds/${familyBondId}`))).toBe('familyBondUnknown');
    expect(code(await book(stranger, { 'acting-for': randomUUID() }))).toBe('familyBondUnknown');
    expect(code(await book(stranger, { 'acting-for': 'somebody' }))).toBe('requestInvalid');
    // An elder does not act for their child.
    const { elderSignedIn, forElder } = await actingForElder();
    expect(code(await book(elderSignedIn, forElder))).toBe('familyBondUnknown');
  });

  test('reaches no account, no device and no family of that person', async () => {
    const { signedIn, forChild } = await actingForChild();
    for (const url of ['/v1/bound-devices', '/v1/sign-ins', '/v1/family-bonds', '/v1/sessions/current']) {
      expect([url, code(await signedIn.act('GET', url, undefined, forChild))]).toEqual([
        url,
        'actingForNotHere',
      ]);
    }
  });

  test('a repeated request with the same key is done once, for the child as for oneself', async () => {
    const { signedIn, forChild } = await actingForChild();
    const again = () => book(signedIn, { ...forChild, 'idempotency-key': 'one-key' });
    const first = (await again()).json<{ appointmentNumber: string }>();
    expect((await again()).json()).toEqual(first);
    const own = await book(signedIn, { 'idempotency-key': 'one-key' });
    expect(own.json<{ appointmentNumber: string }>().appointmentNumber).not.toBe(first.appointmentNumber);
  });
});
