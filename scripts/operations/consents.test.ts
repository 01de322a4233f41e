import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { enrolOperator } from '../../ledger/operator';
import { AppWorld, type Insured } from '../../test/support/app';
import { runOperationsCommand } from './command';

let world: AppWorld;
let folder: string;
let environment: NodeJS.ProcessEnv;
let known: Insured;

beforeAll(async () => {
  world = await AppWorld.create();
  await world.world.round();
  folder = await mkdtemp(path.join(os.tmpdir(), 'yiyue-consents-'));
  const { key } = await enrolOperator(world.world.ledger.db, 'lin');
  const url = await world.app.listen({ port: 0, host: '127.0.0.1' });
  environment = { YIYUE_URL: url, OPERATOR_KEY: key };
  known = await world.insured([9], '2013-01-01');
  await world.signIn(known);
}, 120_000);
afterAll(async () => {
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(verb: string, ...lines: string[]): Promise<string> {
  const file = path.join(folder, 'class-3.csv');
  await writeFile(file, lines.join('\r\n'));
  return runOperationsCommand(['consents', verb, file], environment);
}

describe('npm run operations -- consents', () => {
  test('records a file of consents and names lines to look at by their place alone', async () => {
    const report = await run(
      'record',
      'person_number,consented_on,product',
      `${known.personNumber},2026-07-01,`,
      'A123456788,2026-07-01,',
      `${known.personNumber},2026-07-01,`,
    );
    expect(report.split('\n')).toEqual([
      'class-3.csv:3 is no person number',
      'recorded: 2, personNumberInvalid: 1',
    ]);
    expect(await run('revoke', 'person_number', known.personNumber)).toBe('revoked: 1');
  });

  test('sends nothing of a file that is wrong in itself', async () => {
    await expect(
      run('record', 'person_number,consented_on', `${known.personNumber},1.7.2026`),
    ).rejects.toThrow('class-3.csv:2 consented_on: must be a date');
    await expect(
      runOperationsCommand(['consents', 'record', path.join(folder, 'none.csv')], environment),
    ).rejects.toThrow('There is no file');
  });
});
