import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { LedgerWorld } from '../test/builders/ledger-world';
import { produceAppOtp, readAppOtp, spendAppOtp } from './app-otp';
import {
  bindDevice,
  boundDevicesOf,
  findDeviceByCredential,
  noteDeviceUsed,
  removeBoundDevice,
  renameBoundDevice,
  type DeviceCredential,
} from './bound-device';
import {
  bindByDeviceCode,
  makeDeviceCode,
  personOfDeviceCode,
  readDeviceCode,
  sweepDeviceCodes,
} from './device-code';
import { endSession, isSessionEnded } from './session';
import { readTextsOf } from './text-message';
import { endSessionsOf, recordSignIn, type SignInFacts } from './sign-in';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());

function credential(): DeviceCredential {
  return {
    ...{ kind: 'key', credentialId: randomBytes(32), publicKey: randomBytes(91) },
    ...{ signCount: 0, transports: [] },
  };
}

async function bound(personKey: string, name = '我的手機'): Promise<string> {
  const device = await bindDevice(world.ledger, {
    ...{ personKey, name, credential: credential(), boundBy: 'mobileQuick', channel: 'web' },
  });
  if (!device.ok) throw new Error(device.refusal.code);
  return device.value.boundDeviceId;
}

async function session(
  personKey: string,
  method: SignInFacts['method'] = 'card-password',
  boundDeviceId?: string,
): Promise<string> {
  const sessionId = randomUUID();
  await recordSignIn(world.ledger.db, {
    ...{ sessionId, personKey, method, browser: null, operatingSystem: null },
    ...(boundDeviceId !== undefined && { boundDeviceId }),
  });
  return sessionId;
}

async function code(personKey: string): Promise<string> {
  const made = await makeDeviceCode(world.ledger, {
    ...{ personKey, sessionId: await session(personKey), deviceCodeId: randomUUID() },
  });
  if (!made.ok) throw new Error(made.refusal.code);
  return made.value.code;
}

const bindBy = (typed: string, shown = credential()) =>
  bindByDeviceCode(world.ledger, { code: typed, name: '手機', credential: shown, channel: 'api' });

const older = (table: 'device_code' | 'app_otp', minutes: number, personKey: string) =>
  sql`update ${sql.table(table)} set expires_at = expires_at - ${minutes} * interval '1 minute',
    made_at = made_at - ${minutes} * interval '1 minute' where person_key = ${personKey}::uuid`.execute(
    world.ledger.db,
  );

describe('bound devices', () => {
  test('one person has many, and one phone serves many persons', async () => {
    const [mother, son] = [await world.person(), await world.person()];
    await bound(mother, '媽媽的手機');
    await bound(mother, '平板');
    await bound(son, '媽媽的手機');
    const names = (await boundDevicesOf(world.ledger, mother)).map(({ name }) => name);
    expect(names).toEqual(['平板', '媽媽的手機']);
    expect(await boundDevicesOf(world.ledger, son)).toHaveLength(1);
  });

  test('the same credential again is the same binding, and another person’s is refused', async () => {
    const [person, other] = [await world.person(), await world.person()];
    const shown = credential();
    const bind = (personKey: string) =>
      bindDevice(world.ledger, {
        ...{
          personKey,
          name: '手機',
          credential: shown,
          boundBy: 'counter',
          channel: 'staff',
          actor: 'staff',
        },
      });
    const first = await bind(person);
    expect(await bind(person)).toEqual(first);
    expect(await bind(other)).toEqual({ ok: false, refusal: { code: 'deviceBoundAlready' } });
    if (!first.ok) throw new Error('not bound');
    await removeBoundDevice(world.ledger, {
      ...{ personKey: person, boundDeviceId: first.value.boundDeviceId, channel: 'web' },
    });
    expect(await bind(person)).toEqual({ ok: false, refusal: { code: 'deviceBoundAlready' } });
  });

  test('are renamed and removed by their owner alone', async () => {
    const [person, other] = [await world.person(), await world.person()];
    const boundDeviceId = await bound(person);
    const unknown = { ok: false, refusal: { code: 'deviceUnknown' } };
    expect(await renameBoundDevice(world.ledger, other, boundDeviceId, '我的')).toEqual(unknown);
    const removal = { boundDeviceId, channel: 'web' };
    expect(await removeBoundDevice(world.ledger, { personKey: other, ...removal })).toEqual(unknown);
    expect(await renameBoundDevice(world.ledger, person, boundDeviceId, '舊手機')).toMatchObject({
      ok: true,
      value: { name: '舊手機' },
    });
    for (let twice = 0; twice < 2; twice += 1) {
      expect((await removeBoundDevice(world.ledger, { personKey: person, ...removal })).ok).toBe(true);
    }
    expect(await boundDevicesOf(world.ledger, person)).toEqual([]);
    expect(await renameBoundDevice(world.ledger, person, boundDeviceId, '舊')).toEqual(unknown);
  });

  test('a removed one is signed out at once, and what else the person has open stays', async () => {
    const person = await world.person();
    const boundDeviceId = await bound(person);
    const onPhone = await session(person, 'passkey', boundDeviceId);
    const atComputer = await session(person);
    await removeBoundDevice(world.ledger, {
      ...{ personKey: person, boundDeviceId, channel: 'web', sessionId: atComputer },
    });
    expect(await isSessionEnded(world.ledger.db, onPhone)).toBe(true);
    expect(await isSessionEnded(world.ledger.db, atComputer)).toBe(false);
    const { rows } = await world.ledger.pool.query<{ act: string }>(
      `select act from audit_entry where person_key = $1 order by audit_entry_id`,
      [person],
    );
    expect(rows.map(({ act }) => act)).toEqual(['bindDevice', 'removeDevice']);
  });

  test('the owner is told by a text, once, where they ever gave a number', async () => {
    const [person, silent] = [await world.person(), await world.person()];
    await world.contact(person);
    const shown = credential();
    const bind = () =>
      bindDevice(world.ledger, {
        ...{ personKey: person, name: '手機', credential: shown, boundBy: 'mobileQuick', channel: 'web' },
      });
    await bind();
    await bind();
    await bound(silent);
    const texts = await readTextsOf(world.ledger, person);
    expect(texts.map(({ purpose }) => purpose)).toEqual(['deviceBound']);
    expect(texts[0]?.body).toContain('我的裝置');
    expect(await readTextsOf(world.ledger, silent)).toEqual([]);
  });

  test('a name is sealed: the database alone does not show it', async () => {
    const person = await world.person();
    await bound(person, '甄健康的手機');
    const { rows } = await world.ledger.pool.query<{ row: string }>(
      'select bound_device::text as row from bound_device where person_key = $1',
      [person],
    );
    const hex = Buffer.from('甄健康').toString('hex');
    expect(rows[0]?.row).not.toContain(hex);
  });

  test('a counter that does not go on is refused: the authenticator was copied, or its answer used twice', async () => {
    const person = await world.person();
    const shown = credential();
    const device = await bindDevice(world.ledger, {
      ...{ personKey: person, name: '手機', credential: { ...shown, signCount: 5 } },
      ...{ boundBy: 'deviceCode', channel: 'api' },
    });
    if (!device.ok) throw new Error('not bound');
    const used = (count: number) => noteDeviceUsed(world.ledger.db, device.value.boundDeviceId, count);
    expect(await used(6)).toBe(true);
    expect(await used(6)).toBe(false);
    expect(await used(0)).toBe(false);
    expect((await findDeviceByCredential(world.ledger.db, shown.credentialId))?.signCount).toBe(6);
    expect(await noteDeviceUsed(world.ledger.db, await bound(person), 0)).toBe(true);
  });
});

describe('a device code', () => {
  test('binds one device, and says to its holder that it was used', async () => {
    const person = await world.person();
    const made = await code(person);
    expect(await personOfDeviceCode(world.ledger, made)).toEqual({ ok: true, value: { personKey: person } });
    const shown = credential();
    const first = await bindBy(made, shown);
    expect(first).toMatchObject({ ok: true, value: { name: '手機', boundBy: 'deviceCode' } });
    expect(await bindBy(made)).toEqual({ ok: false, refusal: { code: 'deviceCodeUsed' } });
    // The answer was lost and the phone asks again.
    expect(await bindBy(made, shown)).toEqual(first);
    expect(await boundDevicesOf(world.ledger, person)).toHaveLength(1);
  });

  test('tried by ten phones at once binds one', async () => {
    const person = await world.person();
    const made = await code(person);
    const tries = await Promise.all(Array.from({ length: 10 }, () => bindBy(made)));
    expect(tries.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await boundDevicesOf(world.ledger, person)).toHaveLength(1);
  });

  test('ends after fifteen minutes, and when a newer one is made', async () => {
    const person = await world.person();
    const first = await code(person);
    const second = await code(person);
    const expired = { ok: false, refusal: { code: 'deviceCodeExpired' } };
    expect(await bindBy(first)).toEqual(expired);
    await older('device_code', 15, person);
    expect(await bindBy(second)).toEqual(expired);
    expect(await boundDevicesOf(world.ledger, person)).toEqual([]);
  });

  test('keeps upper and lower case apart', async () => {
    const made = await code(await world.person());
    const swapped = made.replace(/[a-z]/gi, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    );
    expect(await bindBy(swapped)).toEqual({ ok: false, refusal: { code: 'deviceCodeWrong' } });
    expect((await bindBy(` ${made.slice(0, 4)} ${made.slice(4)}`)).ok).toBe(true);
  });

  test.each(['card-number', 'birth-date', 'app-otp', 'passkey', 'app-password', 'station'] as const)(
    'is not made by a session that came in by %s',
    async (method) => {
      const personKey = await world.person();
      const sessionId = await session(personKey, method);
      expect(
        await makeDeviceCode(world.ledger, { personKey, sessionId, deviceCodeId: randomUUID() }),
      ).toEqual({ ok: false, refusal: { code: 'deviceCodeNeedsCard' } });
    },
  );

  test('asked for again under the same id is the same one, shown to its owner alone, and not once it is used', async () => {
    const [personKey, other] = [await world.person(), await world.person()];
    const asked = { personKey, sessionId: await session(personKey), deviceCodeId: randomUUID() };
    const made = await makeDeviceCode(world.ledger, asked);
    expect(await makeDeviceCode(world.ledger, asked)).toEqual(made);
    if (!made.ok) throw new Error('no code');
    expect(await readDeviceCode(world.ledger, personKey, asked.deviceCodeId)).toEqual(made.value);
    expect(await readDeviceCode(world.ledger, other, asked.deviceCodeId)).toBeUndefined();
    await bindBy(made.value.code);
    expect(await readDeviceCode(world.ledger, personKey, asked.deviceCodeId)).toBeUndefined();
  });

  test('is not made in a session that was ended', async () => {
    const personKey = await world.person();
    const sessionId = await session(personKey);
    await endSession(world.ledger, sessionId);
    expect(await makeDeviceCode(world.ledger, { personKey, sessionId, deviceCodeId: randomUUID() })).toEqual({
      ok: false,
      refusal: { code: 'sessionEnded' },
    });
  });

  test('cannot be read from the database, and is swept a day after its end', async () => {
    const personKey = await world.person();
    const made = await code(personKey);
    const rows = () =>
      world.ledger.pool.query<{ row: string }>(
        'select device_code::text as row from device_code where person_key = $1',
        [personKey],
      );
    const [row] = (await rows()).rows;
    expect(row?.row).not.toContain(made);
    expect(row?.row).not.toContain(Buffer.from(made).toString('hex'));
    await older('device_code', 25 * 60, personKey);
    expect(await sweepDeviceCodes(world.ledger)).toBeGreaterThanOrEqual(1);
    expect((await rows()).rows).toEqual([]);
  });
});

describe('the app’s code', () => {
  async function phone(): Promise<{ personKey: string; sessionId: string; boundDeviceId: string }> {
    const personKey = await world.person();
    const boundDeviceId = await bound(personKey);
    return { personKey, boundDeviceId, sessionId: await session(personKey, 'passkey', boundDeviceId) };
  }
  const produce = async (from: { personKey: string; sessionId: string }): Promise<string> => {
    const made = await produceAppOtp(world.ledger, { ...from, appOtpId: randomUUID() });
    if (!made.ok) throw new Error(made.refusal.code);
    return made.value.otp;
  };
  const wrong = { ok: false, refusal: { code: 'appOtpWrong' } };
  const other = (otp: string): string => String((Number(otp) + 1) % 1_000_000).padStart(6, '0');

  test('confirms its person once, within three minutes', async () => {
    const mine = await phone();
    const otp = await produce(mine);
    expect(await spendAppOtp(world.ledger, mine.personKey, otp)).toEqual({
      ok: true,
      value: { boundDeviceId: mine.boundDeviceId },
    });
    expect(await spendAppOtp(world.ledger, mine.personKey, otp)).toEqual({
      ok: false,
      refusal: { code: 'appOtpUsed' },
    });
    const late = await produce(mine);
    await older('app_otp', 3, mine.personKey);
    expect(await spendAppOtp(world.ledger, mine.personKey, late)).toEqual({
      ok: false,
      refusal: { code: 'appOtpExpired' },
    });
  });

  test('used by twenty computers at once lets one in', async () => {
    const mine = await phone();
    const otp = await produce(mine);
    const tries = await Promise.all(
      Array.from({ length: 20 }, () => spendAppOtp(world.ledger, mine.personKey, otp)),
    );
    expect(tries.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test.each([
    ['wrong digits', async (mine: { personKey: string }, otp: string) => [mine.personKey, other(otp)]],
    ['another person’s', async (_: unknown, otp: string) => [await world.person(), otp]],
    ['a number that nobody has', async (_: unknown, otp: string) => [undefined, otp]],
    ['no digits at all', async (mine: { personKey: string }) => [mine.personKey, 'abc']],
  ] as const)('%s are answered alike', async (_name, tried) => {
    const mine = await phone();
    const [personKey, typed] = await tried(mine, await produce(mine));
    expect(await spendAppOtp(world.ledger, personKey, typed ?? '')).toEqual(wrong);
  });

  test('an older one of the same device is worth nothing once a newer is there', async () => {
    const mine = await phone();
    const first = await produce(mine);
    const second = await produce(mine);
    expect(await spendAppOtp(world.ledger, mine.personKey, first)).toEqual(wrong);
    expect((await spendAppOtp(world.ledger, mine.personKey, second)).ok).toBe(true);
  });

  test('asked for again by the same request it is the same one, and its end does not move', async () => {
    const { personKey, sessionId } = await phone();
    const asked = { personKey, sessionId, appOtpId: randomUUID() };
    const made = await produceAppOtp(world.ledger, asked);
    expect(await produceAppOtp(world.ledger, asked)).toEqual(made);
    expect(await readAppOtp(world.ledger, personKey, sessionId)).toEqual(made);
    if (!made.ok) throw new Error('no code');
    await spendAppOtp(world.ledger, personKey, made.value.otp);
    expect(await readAppOtp(world.ledger, personKey, sessionId)).toEqual({ ok: true, value: undefined });
    await produceAppOtp(world.ledger, asked);
    expect((await spendAppOtp(world.ledger, personKey, made.value.otp)).ok).toBe(false);
  });

  test('is worth nothing when its device is removed, its session is left or the password changes', async () => {
    const removed = await phone();
    const otpOfRemoved = await produce(removed);
    await removeBoundDevice(world.ledger, { ...removed, channel: 'web' });
    expect(await spendAppOtp(world.ledger, removed.personKey, otpOfRemoved)).toEqual(wrong);
    const left = await phone();
    const otpOfLeft = await produce(left);
    await endSessionsOf(world.ledger.db, left.personKey);
    expect(await spendAppOtp(world.ledger, left.personKey, otpOfLeft)).toEqual(wrong);
  });

  test.each([
    ['deviceNotBound', 'of no device', async (mine: Phone) => session(mine.personKey, 'card-number')],
    [
      'deviceNotBound',
      'at a computer that came in by such a code',
      async (mine: Phone) => session(mine.personKey, 'app-otp', mine.boundDeviceId),
    ],
    [
      'deviceRemoved',
      'of a device that was removed',
      async (mine: Phone) => {
        await world.ledger.pool.query(
          'update bound_device set removed_at = clock_timestamp() where bound_device_id = $1',
          [mine.boundDeviceId],
        );
        return mine.sessionId;
      },
    ],
    [
      'sessionEnded',
      'that was ended',
      async (mine: Phone) => {
        await endSession(world.ledger, mine.sessionId);
        return mine.sessionId;
      },
    ],
  ] as const)('is refused with %s in a session %s', async (refusal, _name, sessionOf) => {
    const mine = await phone();
    const sessionId = await sessionOf(mine);
    const made = await produceAppOtp(world.ledger, {
      ...{ personKey: mine.personKey, sessionId, appOtpId: randomUUID() },
    });
    expect(made).toEqual({ ok: false, refusal: { code: refusal } });
  });

  test('cannot be read from the database', async () => {
    const mine = await phone();
    const otp = await produce(mine);
    const { rows } = await world.ledger.pool.query<{ code_hash: Buffer }>(
      'select code_hash from app_otp where person_key = $1',
      [mine.personKey],
    );
    expect(rows[0]?.code_hash).toHaveLength(32);
    expect(rows[0]?.code_hash.toString('latin1')).not.toContain(otp);
  });
});

interface Phone {
  readonly personKey: string;
  readonly sessionId: string;
  readonly boundDeviceId: string;
}
