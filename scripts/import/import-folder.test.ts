import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import {
  aRound,
  authorityFiles,
  elderNumber,
  inFolder,
  residentNumber,
  residentOldNumber,
  type AuthorityFiles,
} from '../../test/builders/authority-files';
import { createTestDatabase, type TestDatabase } from '../../test/support/database';
import { syntheticCardNumber, syntheticNationalId } from '../demo-data/synthetic-numbers';
import type { ImportReport } from './counts';
import { importFolder } from './import-folder';
import { ImportRefused, problemLine } from './problem';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
}, 120_000);

beforeEach(async () => {
  // Slots refuse to be deleted: the tests' own database may switch that off for a moment.
  await client.query(`
    set session_replication_role = replica;
    truncate round, round_product, dose_interval, booking_window, supply, site, slot, settlement, vaccine_product,
      participation, registration, contact, person, simulated_registry.insured_person,
      simulated_registry.insured_number, simulated_registry.previous_dose cascade;
    set session_replication_role = origin`);
});

afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const imported = (files: AuthorityFiles, lineEnd?: string): Promise<ImportReport> =>
  inFolder(files, (folder) => importFolder(database.url, folder), lineEnd);

/** The problems of an import that must be refused, one string each. */
async function problemsOf(files: AuthorityFiles): Promise<string[]> {
  const error: unknown = await imported(files).then(
    () => new Error('the import was not refused'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ImportRefused)) throw error;
  expect(error.count).toBe(error.problems.length);
  return error.problems.map(problemLine);
}

const rowsOf = async (sql: string): Promise<unknown[]> =>
  (await client.query({ text: sql, rowMode: 'array' })).rows;

/** Everything that an import writes, but for generated ids. */
async function everything(): Promise<unknown> {
  const tables = {
    round: 'select r.*, null as loaded_at from round r',
    roundProduct: 'select * from round_product order by place',
    doseInterval: 'select * from dose_interval order by 1, 2, 3',
    bookingWindow: 'select * from booking_window order by 1, 2, 3',
    supply: 'select * from supply order by 1, 2, 3',
    site: 'select * from site order by 1',
    slot: 'select * from slot order by slot_id',
    person: 'select * from simulated_registry.insured_person order by card_number',
    number: 'select * from simulated_registry.insured_number order by number',
    dose: 'select * from simulated_registry.previous_dose order by 1, 2',
  };
  return Object.fromEntries(
    await Promise.all(Object.entries(tables).map(async ([name, sql]) => [name, await rowsOf(sql)] as const)),
  );
}

const added = (count: number) => ({ added: count, changed: 0, unchanged: 0, leftAlone: 0 });
const unchanged = (count: number) => ({ added: 0, changed: 0, unchanged: count, leftAlone: 0 });

describe('importing the files of a health authority', () => {
  test('everything in them is loaded', async () => {
    await expect(imported(authorityFiles())).resolves.toEqual({
      roundId: 'test-round',
      round: added(1),
      sites: added(2),
      sessions: added(4),
      supply: added(3),
      people: added(3),
    });
    expect(
      await rowsOf(`select kind, open_groups, registration_opens_at = '2026-11-01T02:00Z', settles_at = '2026-11-05T10:00Z',
        age_reckoned_on::text from round`),
    ).toEqual([['rankThenInvite', [5, 8, 9], true, true, '2026-11-01']]);
    expect(await rowsOf('select product, place from round_product order by place')).toEqual([
      ['AZ', 1],
      ['Moderna', 2],
    ]);
    expect(await rowsOf('select count(*)::int from booking_window')).toEqual([[3]]);
    expect(
      await rowsOf(
        'select from_product, to_product, dose_number, interval_days from dose_interval order by 1',
      ),
    ).toEqual([
      ['AZ', 'AZ', 2, 56],
      ['Moderna', 'Moderna', 2, 28],
    ]);
    expect(
      await rowsOf(`select site_id, county_code, district_code, note_zh from site order by site_id`),
    ).toEqual([
      ['S1', '63000', '63000020', '請帶健保卡\n與身分證'],
      ['S2', '10015', '10015030', ''],
    ]);
    expect(
      await rowsOf(`select session_date::text, starts_at = '2026-11-10T01:00Z', ends_at = '2026-11-10T04:00Z', capacity, booked
        from slot where site_id = 'S1' and product = 'AZ' order by starts_at limit 1`),
    ).toEqual([['2026-11-10', true, true, 50, 0]]);
    expect(
      await rowsOf(`select name, birth_date::text, priority_groups, mobile_contract from simulated_registry.insured_person
        order by card_number`),
    ).toEqual([
      ['甄健康', '1950-02-28', [5, 9], '0912345678'],
      ['NGUYEN, VAN AN', '1990-12-31', [8], null],
      ['陳𠮷', '2008-02-29', [], null],
    ]);
    expect(
      await rowsOf(`select n.number, n.kind, n.place from simulated_registry.insured_number n
        join simulated_registry.insured_person using (registry_person_id) where card_number = '${syntheticCardNumber(2)}' order by place`),
    ).toEqual([
      [residentNumber, 'newUiNumber', 0],
      [residentOldNumber, 'oldUiNumber', 1],
    ]);
    expect(
      await rowsOf(
        'select dose_number, product, given_on::text from simulated_registry.previous_dose order by given_on',
      ),
    ).toEqual([
      [1, 'AZ', '2021-06-01'],
      [2, 'AZ', '2021-09-01'],
      [1, 'Moderna', '2024-01-31'],
    ]);
  });

  test('guardians’ consents and intervals that need a mixed intent are loaded, changed and checked', async () => {
    const mixed = { from: 'AZ', to: 'Moderna', doseNumber: 2, days: 70, needsMixedIntent: true };
    const files = authorityFiles();
    files.round = JSON.stringify(aRound({ doseIntervals: [mixed] }));
    const columns = files.people[0] ?? '';
    files.people = [
      `${columns},parental_consents`,
      `${files.people[1] ?? ''},`,
      `${files.people[3] ?? ''},BNT 2026-08-30; 2026-08-30`,
    ];
    await imported(files);
    expect(await rowsOf('select to_product, interval_days, needs_mixed_intent from dose_interval')).toEqual([
      ['Moderna', 70, true],
    ]);
    const consents = 'select parental_consents from simulated_registry.insured_person order by card_number';
    expect(await rowsOf(consents)).toEqual([
      [[]],
      [
        [
          { product: null, consentedOn: '2026-08-30' },
          { product: 'BNT', consentedOn: '2026-08-30' },
        ],
      ],
    ]);
    await expect(imported(files)).resolves.toMatchObject({ people: unchanged(2), round: unchanged(1) });

    files.round = JSON.stringify(aRound({ doseIntervals: [{ ...mixed, needsMixedIntent: false }] }));
    await expect(imported(files)).resolves.toMatchObject({ round: { changed: 1 } });
    files.round = JSON.stringify(
      aRound({ doseIntervals: [mixed], kind: 'bookIfEligible', registration: undefined }),
    );
    expect(await problemsOf(files)).toContain(
      'round.json /doseIntervals/0/needsMixedIntent: nobody registers for this round, so nobody could state it',
    );
  });

  test('a window that the authority closed stays closed; its line says what it has when it opens again', async () => {
    await imported(authorityFiles());
    await rowsOf(`update slot set closed_at = ledger_now(), closure_id = 'typhoon' where site_id = 'S2'`);
    await expect(imported(authorityFiles())).resolves.toMatchObject({ sessions: unchanged(4) });
    const files = authorityFiles();
    files.sessions[4] = 'S2,2026-11-12,09:00-12:00,AZ,25';
    await expect(imported(files)).resolves.toMatchObject({ sessions: { changed: 1, unchanged: 3 } });
    expect(await rowsOf(`select capacity, capacity_when_open from slot where site_id = 'S2'`)).toEqual([
      [0, 25],
    ]);
  });

  test('the same files again change nothing', async () => {
    await imported(authorityFiles());
    const before = await everything();
    await expect(imported(authorityFiles())).resolves.toEqual({
      roundId: 'test-round',
      round: unchanged(1),
      sites: unchanged(2),
      sessions: unchanged(4),
      supply: unchanged(3),
      people: unchanged(3),
    });
    expect(await everything()).toEqual(before);
  });

  test('a byte order mark, carriage returns, spaces and quoted fields mean nothing', async () => {
    await imported(authorityFiles());
    const files = authorityFiles();
    files.round = `\uFEFF${files.round}`;
    for (const part of ['sites', 'sessions', 'supply', 'people'] as const)
      files[part][0] = `\uFEFF${files[part][0]}`;
    files.supply[1] = ' "AZ" , 63000 ,"90"'.replace(' "AZ" ', '"AZ"');
    files.sessions.push('', ',,,,');
    await expect(imported(files, '\r\n')).resolves.toMatchObject({
      sites: unchanged(2),
      sessions: unchanged(4),
      supply: unchanged(3),
      people: unchanged(3),
    });
  });

  test('changed lines change what was loaded, and what no line names any more is left alone', async () => {
    await imported(authorityFiles());
    const files = authorityFiles();
    files.round = JSON.stringify(aRound({ nameEn: 'Another name', products: ['Moderna', 'AZ'] }));
    files.sites[2] = files.sites[2]?.replace('Yuli Health Centre', 'Yuli Hospital') ?? '';
    files.sessions = [
      files.sessions[0] ?? '',
      'S1,2026-11-10,09:00-12:30,AZ,60',
      'S2,2026-11-11,09:00-12:00,AZ,10',
    ];
    files.supply[1] = 'AZ,63000,70';
    files.people[1] = files.people[1]?.replace('5;9', '5').replace('; AZ 2021-09-01', '') ?? '';
    files.people[2] = `${residentNumber},"NGUYEN, VAN AN",1990-12-31,${syntheticCardNumber(3)},8,,`;
    files.people[3] = files.people[3]?.replace(syntheticCardNumber(3), syntheticCardNumber(2)) ?? '';
    await expect(imported(files)).resolves.toEqual({
      roundId: 'test-round',
      round: { added: 0, changed: 1, unchanged: 0, leftAlone: 0 },
      sites: { added: 0, changed: 1, unchanged: 1, leftAlone: 0 },
      sessions: { added: 1, changed: 1, unchanged: 0, leftAlone: 3 },
      supply: { added: 0, changed: 1, unchanged: 2, leftAlone: 0 },
      people: { added: 0, changed: 3, unchanged: 0, leftAlone: 0 },
    });
    expect(await rowsOf('select product, place from round_product order by place')).toEqual([
      ['Moderna', 1],
      ['AZ', 2],
    ]);
    expect(await rowsOf('select number from simulated_registry.insured_number order by number')).toHaveLength(
      4,
    );
    expect(await rowsOf('select count(*)::int from simulated_registry.previous_dose')).toEqual([[2]]);
    await expect(imported(files)).resolves.toMatchObject({ people: unchanged(3), round: unchanged(1) });
  });

  test.each<[string, boolean, (files: AuthorityFiles) => void]>([
    ['the round itself', true, (files) => (files.round = JSON.stringify(aRound({ nameEn: 'Another name' })))],
    ['a session', true, (files) => (files.sessions[1] = 'S1,2026-11-10,09:00-12:00,AZ,51')],
    ['supply', true, (files) => (files.supply[1] = 'AZ,63000,91')],
    ['a person', false, (files) => (files.people[1] = files.people[1]?.replace('5;9', '5') ?? '')],
    ['nothing', false, () => undefined],
  ])('when %s is other than before, the round counts as changed: %s', async (_what, told, change) => {
    await imported(authorityFiles());
    await client.query(`update round set loaded_at = '2026-10-01', changed_at = '2026-10-01'`);
    const files = authorityFiles();
    change(files);
    await imported(files);
    expect(await rowsOf(`select changed_at > '2026-10-01', loaded_at = '2026-10-01' from round`)).toEqual([
      [told, true],
    ]);
  });

  test('a person is known by an old number too, and keeps it', async () => {
    const files = authorityFiles();
    files.people[2] = `${residentOldNumber},"NGUYEN, VAN AN",1990-12-31,${syntheticCardNumber(2)},8,,`;
    await imported(files);
    await expect(imported(authorityFiles())).resolves.toMatchObject({
      people: { added: 0, changed: 1, unchanged: 2, leftAlone: 0 },
    });
    expect(
      await rowsOf(
        `select number, place from simulated_registry.insured_number where kind <> 'nationalId' order by place`,
      ),
    ).toEqual([
      [residentNumber, 0],
      [residentOldNumber, 1],
    ]);
  });
});

describe('wrong lines', () => {
  test('are all told at once, with file, line, column and reason, and nothing is loaded', async () => {
    const files = authorityFiles();
    files.sites.push('S 3,,Name,63000999,地址,Address,,,', 'S1,甲,A,63000020,地址,Address,,,');
    files.sessions.push(
      'S9,2026-11-10,09:00-12:00,AZ,50',
      'S1,2026-11-09,9:00-12:00,BNT,-1',
      'S1,2026-02-30,12:00-09:00,AZ,',
      'S1,2026-11-10,11:00-14:00,AZ,5',
      'S1,2026-11-10,09:00-12:00,AZ,5',
      'S1,2026-11-10',
    );
    files.supply.push('AZ,63000,5', 'AZ,9007,1', 'Novavax,63000,1.5');
    files.people.push(
      `A223456789,名,1990-02-29,99000000000,11,AZ,02-1234567`,
      `${elderNumber},甲,1880-01-01,${syntheticCardNumber(1)},,XX 2021-01-01,`,
      `${syntheticNationalId('D', 'male', 9)};${syntheticNationalId('D', 'male', 9)},乙,2100-01-01,${syntheticCardNumber(9)},,AZ 2021-09-01; AZ 2021-06-01,`,
    );
    expect(await problemsOf(files)).toEqual([
      'sites.csv:5 district_code: no district has the code 63000999 (eight digits; spreadsheets drop a leading 0)',
      'sites.csv:5 name_zh: is empty',
      'sites.csv:5 site_id: must be at most 20 letters, digits and hyphens',
      'sites.csv:6 site_id: site S1 stands already in line 2',
      'sessions.csv:6 site_id: no site S9 stands in sites.csv or was loaded before',
      'sessions.csv:7 capacity: must be a whole number, digits only',
      'sessions.csv:7 date: lies outside the round, whose sessions are from 2026-11-10 to 2026-11-12',
      'sessions.csv:7 product: BNT is not among the products of the round (AZ, Moderna)',
      'sessions.csv:7 window: must be written like 09:00-12:00',
      'sessions.csv:8 capacity: is empty',
      'sessions.csv:8 date: must be a date of the calendar, written YYYY-MM-DD',
      'sessions.csv:8 window: ends before it begins',
      'sessions.csv:9 window: overlaps the window of line 2 at the same site',
      'sessions.csv:10 window: a window of this site, day, product and beginning stands already in line 2',
      'sessions.csv:10 window: overlaps the window of line 9 at the same site',
      'sessions.csv:11: has 2 fields where the heading has 5',
      'supply.csv:5 county_code: supply of AZ for county 63000 stands already in line 2',
      'supply.csv:6 county_code: no county has the code 9007 (five digits; spreadsheets drop a leading 0)',
      'supply.csv:7 doses: must be a whole number, digits only',
      'supply.csv:7 product: Novavax is not among the products of the round (AZ, Moderna)',
      'people.csv:5 birth_date: must be a date of the calendar, written YYYY-MM-DD',
      'people.csv:5 card_number: must have twelve digits',
      'people.csv:5 mobile_contract: must be a Taiwan mobile number like 0912345678, or empty',
      'people.csv:5 numbers: has a wrong check digit',
      'people.csv:5 previous_doses: must be written like AZ 2021-06-01; Moderna 2021-09-01',
      'people.csv:5 priority_groups: must be numbers from 1 to 10, separated by semicolons',
      'people.csv:6 card_number: the same card number stands already in line 2',
      'people.csv:6 numbers: the same number stands already in line 2',
      'people.csv:6 previous_doses: XX is not among the vaccines of round.json',
      'people.csv:7 birth_date: lies in the future',
      'people.csv:7 numbers: names the same number twice',
      'people.csv:7 previous_doses: doses must be in the order in which they were given, no two on one day',
    ]);
    expect(await rowsOf('select from round union all select from site union all select from slot')).toEqual(
      [],
    );
    expect(await rowsOf('select from simulated_registry.insured_person')).toEqual([]);
  });

  test('reasons about people repeat nothing of the line', async () => {
    const files = authorityFiles();
    const canary = 'canary1990';
    files.people.push(Array.from({ length: 7 }, () => canary).join(','));
    const problems = await problemsOf(files);
    expect(problems.length).toBeGreaterThan(4);
    expect(problems.join('\n')).not.toContain(canary);
  });

  test('a missing file and a wrong heading are told by name', async () => {
    const files = authorityFiles();
    files.supply[0] = 'product,county,doses';
    expect(await problemsOf(files)).toEqual([
      'supply.csv:1 county: is no column of this file; it has product, county_code, doses',
      'supply.csv:1 county_code: this column is missing from the heading',
    ]);
    await expect(
      inFolder(authorityFiles(), async (folder) => {
        await rm(path.join(folder, 'people.csv'));
        return importFolder(database.url, folder);
      }),
    ).rejects.toMatchObject({
      problems: [{ file: 'people.csv', line: null, column: '', reason: 'this file is missing' }],
    });
  });

  test('only the first thousand problems of a file are listed, all are counted', async () => {
    const files = authorityFiles();
    for (let line = 0; line < 1_500; line += 1) files.supply.push('AZ,63000,1');
    await expect(imported(files)).rejects.toMatchObject({ count: 1_500, problems: { length: 1_000 } });
  });
});

describe('a wrong round.json', () => {
  test.each<[string, string, string[]]>([
    ['no JSON', '{"roundId": "x",\n oops}', ['round.json:2: is no proper JSON from here on']],
    [
      'a missing, an unknown and a wrong property',
      JSON.stringify(
        aRound({
          nameEn: undefined,
          colour: 'red',
          kind: 'lottery',
          openGroups: [0, 11],
          ageReckonedOn: '1.11.2026',
        }),
      ),
      [
        'round.json /ageReckonedOn: must be a date written YYYY-MM-DD',
        'round.json /colour: is not known here; is it misspelt?',
        'round.json /kind: must be one of rankThenInvite, bookIfEligible',
        'round.json /nameEn: is missing',
        'round.json /openGroups/0: must be >= 1',
        'round.json /openGroups/1: must be <= 10',
      ],
    ],
    [
      'times in the wrong order',
      JSON.stringify(
        aRound({
          registration: {
            opensAt: '2026-11-05T10:00:00Z',
            endsAt: '2026-11-05T10:00:00Z',
            settlesAt: '2026-11-05T09:00:00Z',
          },
          sessionDates: { first: '2026-11-12', last: '2026-11-10' },
          bookingWindows: [
            {
              product: 'AZ',
              ageFrom: 18,
              ageTo: 64,
              opensAt: '2026-11-05T08:00:00Z',
              closesAt: '2026-11-05T07:00:00Z',
            },
            {
              product: 'AZ',
              ageFrom: 64,
              ageTo: 60,
              opensAt: '2026-11-07T08:00:00Z',
              closesAt: '2026-11-08T07:00:00Z',
            },
            {
              product: 'BNT',
              ageFrom: 18,
              ageTo: 64,
              opensAt: '2026-11-07T08:00:00Z',
              closesAt: '2026-11-08T07:00:00Z',
            },
          ],
        }),
      ),
      [
        'round.json /bookingWindows/0/closesAt: must be after opensAt',
        'round.json /bookingWindows/0/opensAt: lies before the round is settled: nobody is invited yet',
        'round.json /bookingWindows/1/ageTo: is below ageFrom',
        'round.json /bookingWindows/2/product: BNT is not among the products of the round',
        'round.json /products/1: Moderna has no booking window, so nobody could ever book it',
        'round.json /registration/endsAt: must be after opensAt',
        'round.json /registration/settlesAt: must not be before endsAt',
        'round.json /sessionDates/last: lies before the first date',
      ],
    ],
    [
      'ages that overlap, names twice, vaccines that nobody named',
      JSON.stringify(
        aRound({
          openGroups: [5, 5],
          products: ['AZ', 'AZ', 'Novavax'],
          doseIntervals: [{ from: 'AZ', to: 'Novavax', doseNumber: 2, days: 56 }],
          bookingWindows: [
            {
              product: 'AZ',
              ageFrom: 18,
              ageTo: 64,
              opensAt: '2026-11-07T08:00:00Z',
              closesAt: '2026-11-08T07:00:00Z',
            },
            {
              product: 'AZ',
              ageFrom: 64,
              ageTo: 150,
              opensAt: '2026-11-07T08:00:00Z',
              closesAt: '2026-11-08T07:00:00Z',
            },
            {
              product: 'Novavax',
              ageFrom: 64,
              ageTo: 150,
              opensAt: '2026-11-07T08:00:00Z',
              closesAt: '2026-11-08T07:00:00Z',
            },
          ],
        }),
      ),
      [
        'round.json /bookingWindows/1/ageFrom: the ages of this window and of /bookingWindows/0 overlap',
        'round.json /doseIntervals/0/to: Novavax is not among the vaccines of this file',
        'round.json /openGroups/1: 5 stands there twice',
        'round.json /products/1: AZ stands there twice',
        'round.json /products/2: Novavax is not among the vaccines of this file',
      ],
    ],
    [
      'a ranked round without registration',
      JSON.stringify(aRound({ registration: undefined })),
      ['round.json /registration: is missing: people register for a round of the kind rankThenInvite'],
    ],
    [
      'registration where everybody eligible books',
      JSON.stringify(aRound({ kind: 'bookIfEligible' })),
      ['round.json /registration: a round of the kind bookIfEligible has no registration'],
    ],
  ])('%s', async (_what, round, expected) => {
    expect(await problemsOf({ ...authorityFiles(), round })).toEqual(expected);
  });
});

describe('what people already rely on', () => {
  const changedSessions = (line: number, changed: string): AuthorityFiles => {
    const files = authorityFiles();
    files.sessions[line - 1] = changed;
    return files;
  };

  test('the capacity of a window cannot fall below its appointments', async () => {
    await imported(authorityFiles());
    await client.query(`update slot set booked = 20 where capacity = 50`);
    expect(await problemsOf(changedSessions(2, 'S1,2026-11-10,09:00-12:00,AZ,19'))).toEqual([
      'sessions.csv:2 capacity: 19 is below the 20 appointments that stand in this window',
    ]);
    await expect(imported(changedSessions(2, 'S1,2026-11-10,09:00-12:00,AZ,20'))).resolves.toMatchObject({
      sessions: { changed: 1, unchanged: 3 },
    });
  });

  test('the end of a window with appointments cannot change', async () => {
    await imported(authorityFiles());
    await client.query(`update slot set booked = 1 where capacity = 50`);
    expect(await problemsOf(changedSessions(2, 'S1,2026-11-10,09:00-11:00,AZ,50'))).toEqual([
      'sessions.csv:2 window: its end cannot change: 1 appointments stand in this window',
    ]);
  });

  test('a new window cannot overlap one that was loaded before', async () => {
    await imported(authorityFiles());
    expect(await problemsOf(changedSessions(2, 'S1,2026-11-10,10:00-12:30,AZ,50'))).toEqual([
      'sessions.csv:2 window: overlaps the window 09:00-12:00 that was loaded before',
    ]);
  });

  test('after settlement neither supply nor what people were ranked by can change', async () => {
    await imported(authorityFiles());
    await client.query(
      `insert into settlement (round_id, rules_version, registrations, invited) values ('test-round', '1', 0, 0)`,
    );
    const files = authorityFiles();
    files.supply[1] = 'AZ,63000,91';
    files.round = JSON.stringify(aRound({ openGroups: [5, 8], nameEn: 'Another name' }));
    expect(await problemsOf(files)).toEqual([
      'round.json /openGroups: cannot change: the round was settled and people were invited by it',
      'supply.csv:2 doses: cannot change: the round was settled with the supply loaded before',
    ]);
    files.supply[1] = 'AZ,63000,90';
    files.round = JSON.stringify(aRound({ nameEn: 'Another name' }));
    await expect(imported(files)).resolves.toMatchObject({ round: { changed: 1 } });
  });

  test('a product or group of somebody who is registered cannot be taken out', async () => {
    await imported(authorityFiles());
    await client.query(`
      insert into person (person_key, registry_person_id, name_cipher, birth_date)
        values ('00000000-0000-4000-8000-000000000001', gen_random_uuid(), '', '1950-01-01');
      insert into contact (contact_id, person_key, mobile_cipher)
        values ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', '');
      set session_replication_role = replica;
      insert into participation (person_key, round_id, dose_number, stage, last_act)
        values ('00000000-0000-4000-8000-000000000001', 'test-round', 1, 'registered', 'register');
      insert into registration (person_key, round_id, contact_id, county_code, district_code, products, priority_group)
        values ('00000000-0000-4000-8000-000000000001', 'test-round', '00000000-0000-4000-8000-000000000002',
          '63000', '63000020', '{Moderna}', 9);
      set session_replication_role = origin`);
    const files = authorityFiles();
    const [window] = aRound()['bookingWindows'] as unknown[];
    files.round = JSON.stringify(
      aRound({
        openGroups: [5, 8],
        products: ['AZ'],
        bookingWindows: [window],
        kind: 'bookIfEligible',
        registration: undefined,
      }),
    );
    files.sessions.splice(3, 1);
    files.supply.splice(2, 1);
    expect(await problemsOf(files)).toEqual([
      'round.json /kind: cannot change: people take part in the round already',
      'round.json /openGroups: group 9 cannot be taken out: people of it are registered',
      'round.json /products: Moderna cannot be taken out: people are registered for it',
    ]);
  });

  test('the numbers and cards of people who were loaded before are not mixed up', async () => {
    await imported(authorityFiles());
    const files = authorityFiles();
    files.people = [
      files.people[0] ?? '',
      `${elderNumber};${residentOldNumber},甲,1950-02-28,${syntheticCardNumber(1)},,,`,
      `${residentNumber},乙,1950-02-28,${syntheticCardNumber(3)},,,`,
    ];
    expect(await problemsOf(files)).toEqual([
      'people.csv:2 numbers: the numbers belong to different people who were loaded before',
      'people.csv:3 card_number: this card belongs to somebody who was loaded before',
      'people.csv:3 numbers: names a person, by a number loaded before, who stands already in line 2',
    ]);
  });
});
