import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { Client } from 'pg';
import { counties } from '../../domain/area/area';
import { ageOn, isPlainDate } from '../../domain/civil-time/plain-date';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { createTestDatabase, type TestDatabase } from '../../test/support/database';
import { ensureDemonstrationFamily } from './family';
import { generateDemonstrationSet } from './generate';
import { demonstrationPeople } from './known-people';
import { loadDemonstrationRound } from './load';
import { demonstrationRegistry } from './people';
import { demonstrationRounds } from './rounds';
import { demonstrationSites } from './sites';

const now = '2026-11-21T06:10:00.000Z';
const today = '2026-11-21';

describe('the demonstration registry', () => {
  const registry = demonstrationRegistry(today);
  const kinds = registry.flatMap(({ numbers }) =>
    numbers.map((number) => {
      const parsed = parsePersonNumber(number);
      return 'refusal' in parsed ? parsed.refusal : parsed.kind;
    }),
  );
  const share = (matching: (person: (typeof registry)[number]) => boolean): number =>
    registry.filter(matching).length;

  test('has some 2,000 people whose numbers of all three kinds are valid and belong to one each', () => {
    expect(registry.length).toBeGreaterThan(1_950);
    expect(registry.length).toBeLessThan(2_050);
    expect(new Set(kinds)).toEqual(new Set(['nationalId', 'oldUiNumber', 'newUiNumber']));
    const numbers = registry.flatMap((person) => person.numbers);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(new Set(registry.map(({ cardNumber }) => cardNumber)).size).toBe(registry.length);
  });

  test('has the awkward cases among them', () => {
    const names = registry.map(({ name }) => name);
    expect(names.filter((name) => /[\u{20000}-\u{2FFFF}]/u.test(name)).length).toBeGreaterThan(5);
    expect(names.filter((name) => /\p{Co}/u.test(name)).length).toBeGreaterThan(5);
    expect(names.filter((name) => /^[A-Z ]+$/.test(name) && name.length >= 19).length).toBeGreaterThan(1);
    expect(share(({ numbers }) => numbers.length > 1)).toBeGreaterThan(20);
    expect(share(({ mobile }) => mobile === null)).toBeGreaterThan(100);
    expect(share(({ birthDate }) => birthDate.endsWith('-02-29'))).toBeGreaterThan(5);
    expect(share(({ priorityGroups }) => priorityGroups.length === 0)).toBeGreaterThan(100);
    expect(new Set(registry.flatMap(({ priorityGroups }) => priorityGroups)).size).toBe(10);
  });

  test.each([12, 18, 20, 50, 65])('somebody becomes %d today, and somebody tomorrow', (age) => {
    const atLimit = registry.filter(({ name }) => ['林滿歲', '林將滿'].includes(name));
    expect(
      atLimit.some(
        ({ birthDate }) => ageOn(birthDate, today) === age && ageOn(birthDate, '2026-11-20') === age - 1,
      ),
    ).toBe(true);
    expect(
      atLimit.some(
        ({ birthDate }) => ageOn(birthDate, today) === age - 1 && ageOn(birthDate, '2026-11-22') === age,
      ),
    ).toBe(true);
  });

  test('on no day is anybody born, or vaccinated, on a date that does not exist or has not come', () => {
    const day = fc.date({ min: new Date('2026-01-01'), max: new Date('2032-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(day, (date) => {
        const on = date.toISOString().slice(0, 10);
        const dates = demonstrationRegistry(on).flatMap(({ birthDate, previousDoses }) => [
          birthDate,
          ...previousDoses.map(({ givenOn }) => givenOn),
        ]);
        expect(dates.filter((each) => !isPlainDate(each) || each > on)).toEqual([]);
      }),
      { numRuns: 30, examples: [[new Date('2028-02-29')], [new Date('2028-04-09')]] },
    );
  });

  test('numbers, cards and names are the same on every day', () => {
    const fixed = (on: string) =>
      demonstrationRegistry(on).map(({ numbers, name, cardNumber, mobile }) => [
        numbers,
        name,
        cardNumber,
        mobile,
      ]);
    expect(fixed('2028-02-29')).toEqual(fixed(today));
  });
});

describe('the demonstration rounds', () => {
  test('at any moment one can register in one and book in the other', () => {
    const moment = fc.date({ min: new Date('2026-01-01'), max: new Date('2032-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(moment, (date) => {
        const at = date.getTime();
        const { ranked, eligible } = demonstrationRounds(date.toISOString());
        const registration = ranked.registration ?? { opensAt: '', endsAt: '', settlesAt: '' };
        expect(Date.parse(registration.opensAt)).toBeLessThan(at);
        expect(Date.parse(registration.endsAt) - at).toBeGreaterThanOrEqual(3_600_000);
        expect(Date.parse(registration.settlesAt) - at).toBeLessThanOrEqual(2 * 3_600_000);
        for (const window of eligible.bookingWindows) {
          expect(Date.parse(window.opensAt)).toBeLessThan(at);
          expect(Date.parse(window.closesAt)).toBeGreaterThan(at);
        }
        for (const window of ranked.bookingWindows) {
          expect(Date.parse(window.closesAt) - Date.parse(window.opensAt)).toBeGreaterThan(24 * 3_600_000);
        }
      }),
    );
  });

  test('there are some 200 sites, in every county', () => {
    const sites = demonstrationSites();
    expect(sites).toHaveLength(200);
    expect(new Set(sites.map(({ district_code: code }) => code.slice(0, 5)))).toEqual(
      new Set(counties.map(({ code }) => code)),
    );
  });
});

describe('the demonstration set', () => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  }, 120_000);

  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  const count = async (table: string): Promise<number> =>
    (await client.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]?.n ?? 0;

  test('is the same for the same moment, byte by byte', async () => {
    const contents = async (): Promise<string> => {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'yiyue-set-'));
      try {
        const [ranked = ''] = await generateDemonstrationSet(folder, { now });
        const files = ['round.json', 'sites.csv', 'sessions.csv', 'supply.csv', 'people.csv'];
        return (await Promise.all(files.map((file) => readFile(path.join(ranked, file), 'utf8')))).join('\f');
      } finally {
        await rm(folder, { recursive: true });
      }
    };
    expect(await contents()).toBe(await contents());
  });

  test('loads by the import, once', async () => {
    await loadDemonstrationRound(database.url);
    expect(await count('round')).toBe(2);
    expect(await count('site')).toBe(200);
    expect(await count('slot')).toBeGreaterThan(2_000);
    expect(await count('simulated_registry.insured_person')).toBe(demonstrationRegistry(today).length);
    const slots = await count('slot');
    await loadDemonstrationRound(database.url);
    expect(await count('round')).toBe(2);
    expect(await count('slot')).toBe(slots);
  });

  test('has a family of three generations in the household register, entered once', async () => {
    expect(await ensureDemonstrationFamily(database.url)).toBe(2);
    expect(await ensureDemonstrationFamily(database.url)).toBe(0);
  });

  test('knows the people who are introduced by name', async () => {
    for (const { personNumber, earlierNumbers, cardNumber, mobile } of demonstrationPeople) {
      for (const number of [personNumber, ...earlierNumbers]) {
        const found = await client.query(
          `select card_number, mobile_contract from simulated_registry.insured_person
           join simulated_registry.insured_number using (registry_person_id) where number = $1`,
          [number],
        );
        expect(found.rows).toEqual([{ card_number: cardNumber, mobile_contract: mobile }]);
      }
    }
    expect(demonstrationPeople[0]).toMatchObject({
      personNumber: 'A123456789',
      situation: 'elder who may register',
    });
  });

  test('is loaded anew when its rounds are over', async () => {
    await client.query(`update ledger_clock set offset_ms = 40 * 86400000::bigint`);
    await loadDemonstrationRound(database.url);
    expect(await count('round')).toBe(4);
    expect(await count('simulated_registry.insured_person')).toBe(demonstrationRegistry(today).length);
  });
});
