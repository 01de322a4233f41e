import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { enrolOperator } from '../../ledger/operator';
import { settleRound } from '../../ledger/settlement';
import { populate, roundToSettle } from '../../test/builders/settlement-world';
import { AppWorld } from '../../test/support/app';
import { runOperationsCommand } from './command';

let app: AppWorld;
let environment: NodeJS.ProcessEnv;
let folder: string;
let roundId: string;

beforeAll(async () => {
  app = await AppWorld.create();
  const url = await app.app.listen({ port: 0, host: '127.0.0.1' });
  const { key } = await enrolOperator(app.world.ledger.db, 'lin');
  environment = { YIYUE_URL: url, OPERATOR_KEY: key };
  folder = await mkdtemp(path.join(os.tmpdir(), 'yiyue-settlement-'));
  await app.world.site('S1');
  roundId = await roundToSettle(app.world, [3, 0, 2, 0]);
  const people = Array.from({ length: 12 }, (_, index) => ({
    ...{ countyCode: '63000', priorityGroup: index % 2 ? 5 : 9, birthDate: `19${String(40 + index)}-03-01` },
    ...{ products: ['Moderna', 'AZ'], lastDose: null, waitedFor: [], mixedIntent: false, consents: [] },
  }));
  await populate(app.world, roundId, '', people);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => runOperationsCommand(['settlement', ...args], environment);

test('a settlement is previewed, made, shown, exported and checked', async () => {
  await expect(run('preview', 'none')).rejects.toThrow('[roundUnknown]');
  await expect(run('show', roundId)).rejects.toThrow('[settlementUnknown]');
  const preview = await run('preview', roundId);
  expect(preview).toContain('12 registered, 5 would be invited. Nothing was changed.');
  expect(preview).toMatch(/Taipei City +Moderna +3 of 12 for 3 doses; last: group 5, born 1945-03-01/);
  const publicAddress = `/v1/rounds/${roundId}/settlement`;
  expect((await app.app.inject(publicAddress)).statusCode).toBe(404);

  await settleRound(app.world.ledger, roundId);
  expect(await run('show', roundId)).toContain('12 registered, 5 invited, 0 of them not yet recorded');
  const file = path.join(folder, 'export.txt');
  await run('export', roundId, file);
  await expect(run('export', roundId, file)).rejects.toThrow('is there already');
  expect(await runOperationsCommand(['operator', 'acts'], environment)).toMatch(/lin {2}exportSettlement/);

  const published = await app.app.inject(publicAddress);
  const { keyFingerprint, total } = published.json<{ keyFingerprint: string; total: unknown }>();
  expect(total).toEqual({ registered: 10, invited: 5 });
  const checked = await runOperationsCommand(['settlement', 'verify', file, keyFingerprint], {});
  expect(checked).toContain('12 registrations, 5 invited');
  expect(checked).toContain('Signature, digests and ranking are right.');
  await expect(run('verify', file, '0000000000000000')).rejects.toThrow('another key');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/,1$/m, ',2'));
  await expect(run('verify', file)).rejects.toThrow('does not hold');
});

test('only operators preview, and nobody exports without leaving a trace', async () => {
  for (const address of ['settlement-preview', 'settlement', 'settlement-export']) {
    const answer = await app.app.inject(`/v1/staff/rounds/${roundId}/${address}`);
    expect(answer.statusCode).toBe(401);
  }
});
