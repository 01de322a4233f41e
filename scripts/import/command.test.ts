import path from 'node:path';
import { authorityFiles, inFolder, type AuthorityFiles } from '../../test/builders/authority-files';
import { createTestDatabase, type TestDatabase } from '../../test/support/database';
import { runImportCommand } from './command';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
}, 120_000);

afterAll(() => database?.drop());

async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const reported: string[] = [];
  const told: string[] = [];
  const output = { report: (text: string) => reported.push(text), tell: (text: string) => told.push(text) };
  const code = await runImportCommand(args, { DATABASE_URL: database.url, ...environment }, output);
  return { code, reported: reported.join('\n'), told: told.join('\n') };
}

const importing = (files: AuthorityFiles) =>
  inFolder(files, (folder) => run([path.basename(folder)], { INIT_CWD: path.dirname(folder) }));

describe('npm run import', () => {
  test('says what was loaded, and that the same files again change nothing', async () => {
    expect(await importing(authorityFiles())).toEqual({
      code: 0,
      reported: [
        'Loaded round test-round:',
        '  round     1 added, 0 changed, 0 unchanged',
        '  sites     2 added, 0 changed, 0 unchanged',
        '  sessions  4 added, 0 changed, 0 unchanged',
        '  supply    3 added, 0 changed, 0 unchanged',
        '  people    3 added, 0 changed, 0 unchanged',
      ].join('\n'),
      told: '',
    });
    const again = await importing(authorityFiles());
    expect(again.reported.match(/0 added, 0 changed, \d unchanged/g)).toHaveLength(5);
  });

  test('lists what is wrong and ends with 1', async () => {
    const files = authorityFiles();
    files.supply[1] = 'AZ,9,90';
    expect(await importing(files)).toEqual({
      code: 1,
      reported:
        'supply.csv:2 county_code: no county has the code 9 (five digits; spreadsheets drop a leading 0)',
      told: 'Nothing was loaded: 1 problem in the files.',
    });
  });

  test('a folder that is not there is told as five missing files', async () => {
    const { code, reported } = await run(['no-such-folder']);
    expect(code).toBe(1);
    expect(reported.split('\n')).toHaveLength(5);
    expect(reported).toContain('round.json: this file is missing');
  });

  test('wants one folder', async () => {
    await expect(run([])).rejects.toThrow('Name one folder');
    await expect(run(['one', 'two'])).rejects.toThrow('Name one folder');
    expect(await run(['--help'])).toMatchObject({
      code: 0,
      reported: expect.stringContaining('npm run import'),
    });
  });
});
