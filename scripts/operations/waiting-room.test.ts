import { randomBytes } from 'node:crypto';

import { enrolOperator } from '../../ledger/operator';
import { AppWorld } from '../../test/support/app';
import { runOperationsCommand } from './command';

let world: AppWorld;
let run: (...args: string[]) => Promise<string>;

beforeAll(async () => {
  world = await AppWorld.create({
    sessionKey: randomBytes(32),
    waitingRoom: { perSecond: 10, holdMinutes: 0, lookEveryMs: 0 },
  });
  const url = await world.app.listen({ port: 0, host: '127.0.0.1' });
  const { key } = await enrolOperator(world.world.ledger.db, 'lin');
  run = (...args) => runOperationsCommand(args, { YIYUE_URL: url, OPERATOR_KEY: key });
}, 120_000);
afterAll(() => world?.close());

test('operations keep a line before an opening and leave it to the load again', async () => {
  expect(await run('waiting-room', 'show')).toMatch(/^Everybody signs in without waiting\./);
  expect(await run('waiting-room', 'keep')).toContain('Operations keep the line');
  await world.app.waitingRoom.look();
  expect(world.app.waitingRoom.isShut).toBe(true);
  expect(await run('waiting-room', 'show')).toMatch(/^People wait since .*: 0 in line, 0 let in so far\./);
  expect(await run('waiting-room', 'leave')).not.toContain('Operations keep the line');
  expect(await run('operator', 'acts', '2')).toMatch(/lin {2}leaveWaitingRoom\n.*lin {2}keepWaitingRoom$/);
});

test('nobody does so without a key', async () => {
  const answer = await world.app.inject({
    method: 'PUT',
    url: '/v1/staff/waiting-room',
    payload: { kept: true },
  });
  expect(answer.json()).toMatchObject({ code: 'operatorUnknown' });
});
