import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import {
  syntheticNationalId,
  syntheticNewUiNumber,
  syntheticOldUiNumber,
} from '../scripts/demo-data/synthetic-numbers';
import { LedgerWorld } from '../test/builders/ledger-world';
import { findPersonKey, identifyPerson, readPerson, type RegistryRecord } from './person';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());
const db = () => world.ledger.db;

let serial = 0;
function record(change: Partial<RegistryRecord> = {}): RegistryRecord {
  serial += 1;
  return {
    registryPersonId: randomUUID(),
    name: '甄健康',
    birthDate: '1950-01-01',
    personNumbers: [
      {
        number: syntheticNationalId('A', 'male', serial),
        kind: 'nationalId',
        validFrom: null,
        validTo: null,
      },
    ],
    priorityGroups: [9],
    previousDoses: [],
    ...change,
  };
}

const rowsOf = async (personKey: string) => {
  const { rows } = await sql<Record<string, unknown>>`select p.xmin::text as person, p.version,
    (select array_agg(n.xmin::text || n.person_number_id order by 1) from person_number n where n.person_key = p.person_key) as numbers,
    (select array_agg(d.xmin::text order by 1) from dose d where d.person_key = p.person_key) as doses
    from person p where p.person_key = ${personKey}::uuid`.execute(db());
  return rows[0];
};

describe('a person of the insurance registry', () => {
  test('is taken over once, with a key that tells nothing', async () => {
    const registry = record({ previousDoses: [{ doseNumber: 1, product: 'AZ', givenOn: '2031-01-01' }] });
    const person = await identifyPerson(world.ledger, registry);
    expect(person).toEqual({
      personKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
      birthDate: '1950-01-01',
      priorityGroups: [9],
      doses: registry.previousDoses,
    });
    expect(person.personKey).not.toBe(registry.registryPersonId);
    expect(await readPerson(world.ledger, person.personKey)).toMatchObject({
      name: '甄健康',
      personNumber: registry.personNumbers[0]?.number,
      personNumberKind: 'nationalId',
      lastDose: registry.previousDoses[0],
    });
  });

  test('who signs in again without news is only read', async () => {
    const registry = record({ previousDoses: [{ doseNumber: 1, product: 'AZ', givenOn: '2031-01-01' }] });
    const first = await identifyPerson(world.ledger, registry);
    const before = await rowsOf(first.personKey);
    expect(await identifyPerson(world.ledger, registry)).toEqual(first);
    expect(await rowsOf(first.personKey)).toEqual(before);
  });

  test('who signs in twenty times at once is one person', async () => {
    const registry = record();
    const people = await Promise.all(
      Array.from({ length: 20 }, () => identifyPerson(world.ledger, registry)),
    );
    expect(new Set(people.map(({ personKey }) => personKey)).size).toBe(1);
  });

  test('brings what is new: name, groups, birth date, doses', async () => {
    const registry = record();
    const { personKey } = await identifyPerson(world.ledger, registry);
    const changed = {
      ...registry,
      name: '甄更名',
      birthDate: '1951-02-03',
      priorityGroups: [9, 5],
      previousDoses: [{ doseNumber: 1, product: 'AZ', givenOn: '2031-01-01' }],
    };
    expect(await identifyPerson(world.ledger, changed)).toEqual({
      personKey,
      birthDate: '1951-02-03',
      priorityGroups: [5, 9],
      doses: changed.previousDoses,
    });
    expect(await readPerson(world.ledger, personKey)).toMatchObject({
      name: '甄更名',
      birthDate: '1951-02-03',
    });
  });

  test('keeps the key when the residence number changes; both numbers lead there and the newer is shown', async () => {
    const old = {
      number: syntheticOldUiNumber('A', 'C', 1),
      kind: 'oldUiNumber',
      validFrom: null,
      validTo: '2030-12-31',
    } as const;
    const fresh = {
      number: syntheticNewUiNumber('A', 'male', 'foreign', 1),
      kind: 'newUiNumber',
      validFrom: '2021-01-02',
      validTo: null,
    } as const;
    const registry = record({ personNumbers: [{ ...old, validTo: null }] });
    const { personKey } = await identifyPerson(world.ledger, registry);
    await identifyPerson(world.ledger, { ...registry, personNumbers: [fresh, old] });
    expect(await findPersonKey(world.ledger, old.number)).toBe(personKey);
    expect(await findPersonKey(world.ledger, ` ${fresh.number.toLowerCase()} `)).toBe(personKey);
    expect(await readPerson(world.ledger, personKey)).toMatchObject({ personNumber: fresh.number });
    const { rows } =
      await sql`select valid_to from person_number where person_key = ${personKey}::uuid and kind = 'oldUiNumber'`.execute(
        db(),
      );
    expect(rows).toEqual([{ valid_to: '2030-12-31' }]);
    // Nothing but an end date is new.
    await identifyPerson(world.ledger, {
      ...registry,
      personNumbers: [fresh, { ...old, validTo: '2030-06-30' }],
    });
    const shortened =
      await sql`select valid_to from person_number where person_key = ${personKey}::uuid and kind = 'oldUiNumber'`.execute(
        db(),
      );
    expect(shortened.rows).toEqual([{ valid_to: '2030-06-30' }]);
  });

  test('does not take a number from another person: casework decides on duplicates', async () => {
    const first = record();
    const { personKey } = await identifyPerson(world.ledger, first);
    const second = record({ personNumbers: [...first.personNumbers, ...record().personNumbers] });
    const other = await identifyPerson(world.ledger, second);
    expect(other.personKey).not.toBe(personKey);
    expect(await findPersonKey(world.ledger, first.personNumbers[0]?.number ?? '')).toBe(personKey);
  });

  test('with a part in a round has the engine hear of new groups or doses, others not', async () => {
    const roundId = await world.round({ kind: 'rankThenInvite', roundId: 'heard' });
    const registry = record();
    const { personKey } = await identifyPerson(world.ledger, registry);
    expect(await rowsOf(personKey)).toMatchObject({ version: 0 });
    await world.invite(personKey, { roundId });
    await identifyPerson(world.ledger, {
      ...registry,
      previousDoses: [{ doseNumber: 1, product: 'AZ', givenOn: '2031-01-01' }],
    });
    expect(await rowsOf(personKey)).toMatchObject({ version: 2 });
  });

  test('is nobody when the number is unknown, and reading a key that is none fails', async () => {
    expect(await findPersonKey(world.ledger, syntheticNationalId('Z', 'male', 1))).toBeUndefined();
    await expect(readPerson(world.ledger, randomUUID())).rejects.toThrow('no result');
  });

  test('has neither name nor number in plain text in any table', async () => {
    const registry = record({ name: '甄祕密' });
    await identifyPerson(world.ledger, registry);
    for (const canary of ['甄祕密', registry.personNumbers[0]?.number ?? '']) {
      for (const table of ['person', 'person_number', 'audit_entry', 'contact']) {
        const { rows } =
          await sql`select from ${sql.table(table)} t where t::text like ${`%${canary}%`}`.execute(db());
        expect(rows).toHaveLength(0);
      }
    }
  });
});
