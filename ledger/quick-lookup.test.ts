import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { syntheticNationalId } from '../scripts/demo-data/synthetic-numbers';
import { at, hour, LedgerWorld } from '../test/builders/ledger-world';
import { openLedger } from './database';
import { identifyPerson } from './person';
import { quickLookup } from './quick-lookup';

let world: LedgerWorld;
let slots: number[];
beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
  const siteId = await world.site('Q1');
  slots = [
    await world.slot({ siteId, capacity: 50, day: 5 }),
    await world.slot({ siteId, capacity: 50, day: 6 }),
  ];
});
afterAll(() => world.close());
const db = () => world.ledger.db;

let serial = 0;

/** Someone known by number; `booked` says with which mobiles, the oldest first. */
async function personWith(
  booked: readonly {
    readonly mobile: string;
    readonly status?: 'booked' | 'cancelled' | 'attended' | 'missed';
  }[],
): Promise<string> {
  serial += 1;
  const personNumber = syntheticNationalId('A', 'male', serial);
  const { personKey } = await identifyPerson(world.ledger, {
    registryPersonId: randomUUID(),
    name: '甄健康',
    birthDate: '1950-01-01',
    personNumbers: [{ number: personNumber, kind: 'nationalId', validFrom: null, validTo: null }],
    priorityGroups: [9],
    previousDoses: [],
  });
  await world.invite(personKey);
  for (const [index, { mobile, status = 'booked' }] of booked.entries()) {
    const contactId = await world.contact(personKey, mobile);
    await sql`insert into appointment (person_key, round_id, dose_number, product, slot_id, contact_id, status, booked_at, ended_at)
      values (${personKey}::uuid, 'round-1', 1, 'Moderna', ${slots[index]}, ${contactId}::uuid, ${status},
        ${at(1, index)}, ${status === 'booked' ? null : at(2, 0)})`.execute(db());
  }
  return personNumber;
}

const noMatch = { ok: false, refusal: { code: 'lookupNoMatch' } };
const look = (personNumber: string, mobileLastThree: string) =>
  quickLookup(world.ledger, { personNumber, mobileLastThree });

describe('the quick lookup', () => {
  test('shows the newest appointment to who knows the mobile that it was booked with, everything personal masked', async () => {
    const personNumber = await personWith([
      { mobile: '0912345111', status: 'cancelled' },
      { mobile: '0912345222' },
    ]);
    expect(await look(personNumber, '222')).toEqual({
      ok: true,
      value: {
        status: 'stands',
        appointmentNumber: expect.stringMatching(/^2\d{9}$/),
        bookedAt: at(1, 1),
        maskedPersonNumber: expect.stringMatching(/^A\*{8}\d$/),
        maskedName: '甄○康',
        maskedMobile: '09*****222',
        startsAt: at(6, 9 * hour),
        endsAt: at(6, 10 * hour),
        site: expect.objectContaining({ nameEn: "Da'an District Health Center Q1" }),
      },
    });
  });

  test('finds the person however the number is typed, full width and small letters among it', async () => {
    const personNumber = await personWith([{ mobile: '0912345222' }]);
    const typed = ` ａ${personNumber.slice(1)} `;
    expect((await look(typed, '２２２')).ok).toBe(true);
  });

  test.each([
    ['booked', 'stands'],
    ['cancelled', 'cancelled'],
    ['attended', 'over'],
    ['missed', 'over'],
  ] as const)('says of an appointment that is %s: %s', async (status, said) => {
    const personNumber = await personWith([{ mobile: '0912345222', status }]);
    expect(await look(personNumber, '222')).toMatchObject({ ok: true, value: { status: said } });
  });

  test("gives the same answer to an unknown person, wrong digits, an older booking's digits and no booking", async () => {
    const twice = await personWith([{ mobile: '0912345111', status: 'cancelled' }, { mobile: '0912345222' }]);
    const never = await personWith([]);
    const stranger = syntheticNationalId('B', 'female', 77);
    const misses = [
      [stranger, '222'],
      [twice, '223'],
      [twice, '111'],
      [never, '222'],
      [never, '-x'],
      [never, '--x'],
      [twice, ''],
      [twice, '22'],
      [twice, '0912345222'],
      ['', ''],
      ["' or true --", '222'],
    ] as const;
    for (const [personNumber, digits] of misses) expect(await look(personNumber, digits)).toEqual(noMatch);
  });

  test('asks the database the same one question, whoever is asked for', async () => {
    const known = await personWith([{ mobile: '0912345222' }]);
    const never = await personWith([]);
    const asked: string[] = [];
    const spied = openLedger({
      databaseUrl: world.ledger.pool.options.connectionString ?? '',
      keys: world.ledger.keys,
    });
    spied.pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
      Object.assign(client, {
        query: (...parameters: unknown[]) => {
          asked.push(String(parameters[0]));
          return query(...parameters);
        },
      });
    });
    for (const personNumber of [known, never, syntheticNationalId('B', 'female', 78)]) {
      await quickLookup(spied, { personNumber, mobileLastThree: '999' });
    }
    await spied.close();
    expect(asked).toHaveLength(3);
    expect(new Set(asked).size).toBe(1);
  });

  // Last: the clock goes forward.
  test('says when the day is over, and not before', async () => {
    const personNumber = await personWith([{ mobile: '0912345222' }]);
    await world.stepTo(at(5, 23 * hour));
    expect(await look(personNumber, '222')).toMatchObject({ value: { status: 'stands' } });
    await world.stepTo(at(6, 0));
    expect(await look(personNumber, '222')).toMatchObject({ value: { status: 'over' } });
  });
});
