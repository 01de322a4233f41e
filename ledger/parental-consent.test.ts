import { randomUUID } from 'node:crypto';

import { syntheticNationalId } from '../scripts/demo-data/synthetic-numbers';
import { addDays } from '../domain/civil-time/plain-date';
import { firstDay, LedgerWorld } from '../test/builders/ledger-world';
import { book } from './booking';
import { readOperatorActs } from './operator-audit';
import { readParentalConsents, recordConsents, revokeConsents } from './parental-consent';
import { identifyPerson, type RegistryRecord } from './person';

let world: LedgerWorld;
let slotId: number;

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.site('A');
  slotId = await world.slot({ siteId: 'A', capacity: 50 });
  await world.stepTo(`${firstDay}T02:30:00.000Z`);
}, 120_000);
afterAll(() => world?.close());

let serial = 0;

/** Someone of 18 as the registry knows them. */
function young(more: Partial<RegistryRecord> = {}): RegistryRecord & { readonly number: string } {
  serial += 1;
  const number = syntheticNationalId('A', 'male', serial);
  return {
    number,
    registryPersonId: randomUUID(),
    name: '游已允',
    birthDate: '2013-01-01',
    personNumbers: [{ number, kind: 'nationalId', validFrom: null, validTo: null }],
    priorityGroups: [9],
    previousDoses: [],
    ...more,
  };
}

const consentedOn = addDays(firstDay, -3);
const record = (personNumber: string, product: string | null = null, on = consentedOn) =>
  recordConsents(world.ledger, 'lin', [{ personNumber, product, consentedOn: on }]);
const wish = () => ({ slotId, mobile: '0912345678', language: 'zh' as const });

describe('a guardian’s consent', () => {
  test('lets a young person book once it is recorded, and no longer once it is revoked', async () => {
    const person = young();
    const { personKey } = await identifyPerson(world.ledger, person);
    const missing = await book(world.ledger, world.acting(personKey), wish());
    expect(missing).toEqual({ ok: false, refusal: { code: 'consentMissing', product: 'Moderna' } });

    expect(await record(person.number, 'AZ')).toEqual(['recorded']);
    expect((await book(world.ledger, world.acting(personKey), wish())).ok).toBe(false);
    expect(await record(person.number, 'Moderna')).toEqual(['recorded']);
    expect(await record(person.number.toLowerCase(), 'Moderna')).toEqual(['alreadyRecorded']);
    expect(
      await revokeConsents(world.ledger, 'lin', [{ personNumber: person.number, product: 'Moderna' }]),
    ).toEqual(['revoked']);
    expect((await book(world.ledger, world.acting(personKey), wish())).ok).toBe(false);
    expect(await record(person.number, 'Moderna')).toEqual(['recorded']);
    expect((await book(world.ledger, world.acting(personKey), wish())).ok).toBe(true);
  });

  test('handed in before the person was ever here is theirs when they come', async () => {
    const person = young();
    expect(await record(person.number)).toEqual(['awaitingPerson']);
    expect(await record(person.number)).toEqual(['awaitingPerson']);
    const { personKey } = await identifyPerson(world.ledger, person);
    expect(await readParentalConsents(world.ledger.db, personKey)).toEqual([{ product: null, consentedOn }]);
    const known = young();
    await identifyPerson(world.ledger, known);
    expect(await record(known.number)).toEqual(['recorded']);
  });

  test('that the registry knows of is taken over, but not again once it was revoked here', async () => {
    const person = young({
      parentalConsents: [
        { product: null, consentedOn },
        { product: 'unheard-of', consentedOn },
      ],
    });
    const { personKey } = await identifyPerson(world.ledger, person);
    expect(await readParentalConsents(world.ledger.db, personKey)).toHaveLength(1);
    const all = { personNumber: person.number, product: null };
    expect(await revokeConsents(world.ledger, 'lin', [all])).toEqual(['revoked']);
    await identifyPerson(world.ledger, person);
    expect(await readParentalConsents(world.ledger.db, personKey)).toEqual([]);
    expect(await revokeConsents(world.ledger, 'lin', [all])).toEqual(['notFound']);
  });

  test('is answered line by line, and the history says who recorded it', async () => {
    const known = young();
    const { personKey } = await identifyPerson(world.ledger, known);
    const answers = await recordConsents(world.ledger, 'wu', [
      { personNumber: 'A123456788', product: null, consentedOn },
      { personNumber: known.number, product: 'unheard-of', consentedOn },
      { personNumber: known.number, product: null, consentedOn: addDays(firstDay, 1) },
      { personNumber: known.number, product: null, consentedOn },
    ]);
    expect(answers).toEqual(['personNumberInvalid', 'productUnknown', 'dateInFuture', 'recorded']);
    const [all, one] = await readOperatorActs(world.ledger.db, { limit: 2 });
    expect([all, one].map((entry) => entry?.operatorId)).toEqual(['wu', 'wu']);
    expect([all, one]).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ act: 'recordConsent', personKey, detail: { consentedOn } }),
        expect.objectContaining({ act: 'recordConsents', personKey: null }),
      ]),
    );
  });
});
