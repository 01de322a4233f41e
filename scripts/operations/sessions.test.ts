import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { enrolOperator } from '../../ledger/operator';
import { syntheticNationalId } from '../demo-data/synthetic-numbers';
import { AppWorld } from '../../test/support/app';
import { runOperationsCommand } from './command';

let world: AppWorld;
let run: (number: string) => Promise<string>;

beforeAll(async () => {
  world = await AppWorld.create();
  await world.world.round();
  const url = await world.app.listen({ port: 0, host: '127.0.0.1' });
  const { key } = await enrolOperator(world.world.ledger.db, 'lin');
  const file = path.join(await mkdtemp(path.join(os.tmpdir(), 'yiyue-sessions-')), 'number');
  run = async (number) => {
    await writeFile(file, `${number}\n`);
    return runOperationsCommand(['sessions', 'end', file], { YIYUE_URL: url, OPERATOR_KEY: key });
  };
}, 120_000);
afterAll(() => world?.close());

test('an operator ends all sessions of somebody who called, and it stands in that person’s history', async () => {
  const person = await world.insured();
  const citizen = await world.signIn(person);
  expect(await run(person.personNumber)).toBe('1 sessions ended.');
  expect((await citizen.act('DELETE', '/v1/registration')).json()).toMatchObject({ code: 'sessionEnded' });
  const { rows } = await world.world.ledger.pool.query(
    `select channel, detail, person_key is not null as known from audit_entry where act = 'endSessions'`,
  );
  expect(rows).toEqual([{ channel: 'operator:lin', detail: { endedSessions: 1 }, known: true }]);
});

test('nobody has none, and what is no number is told', async () => {
  expect(await run(syntheticNationalId('Z', 'male', 5))).toBe('0 sessions ended.');
  await expect(run('A123')).rejects.toThrow(/not valid|number/);
});
