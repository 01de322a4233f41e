import { enrolOperator, revokeOperator } from '../../ledger/operator';
import { recordOperatorAct } from '../../ledger/operator-audit';
import { AppWorld } from '../../test/support/app';
import { runOperationsCommand } from './command';

let world: AppWorld;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  world = await AppWorld.create();
  const url = await world.app.listen({ port: 0, host: '127.0.0.1' });
  const { key } = await enrolOperator(world.world.ledger.db, 'lin');
  environment = { YIYUE_URL: url, OPERATOR_KEY: key };
}, 120_000);

afterAll(() => world?.close());

const run = (...args: string[]) => runOperationsCommand(args, environment);

describe('npm run operations', () => {
  test('acts under the key of the operator', async () => {
    expect(await run('operator', 'show')).toBe('This is the key of operator lin.');
  });

  test('a revoked key and a strange one open nothing, and say so in a sentence', async () => {
    const { key } = await enrolOperator(world.world.ledger.db, 'wu');
    await revokeOperator(world.world.ledger.db, 'wu');
    for (const wrong of [key, 'nobodys-key']) {
      await expect(
        runOperationsCommand(['operator', 'show'], { ...environment, OPERATOR_KEY: wrong }),
      ).rejects.toThrow('The key of this operator is not valid or was revoked. [operatorUnknown]');
    }
    const answer = await world.app.inject('/v1/staff/operators/current');
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="operator"');
  });

  test('shows what operators did, newest first', async () => {
    const { db } = world.world.ledger;
    await recordOperatorAct(db, 'lin', 'firstAct', {});
    await recordOperatorAct(db, 'lin', 'secondAct', { people: 3 });
    const [newest, before] = (await run('operator', 'acts', '2')).split('\n');
    expect(newest).toMatch(/ {2}lin {2}secondAct {2}people=3$/);
    expect(before).toMatch(/ {2}lin {2}firstAct$/);
  });

  test('says plainly what is wrong with the call', async () => {
    expect(await run()).toContain('operator show');
    await expect(run('operator', 'dance')).rejects.toThrow('There is no such command.');
    await expect(runOperationsCommand(['operator', 'show'], {})).rejects.toThrow('OPERATOR_KEY is not set');
    await expect(
      runOperationsCommand(['operator', 'show'], { OPERATOR_KEY: 'key', YIYUE_URL: 'http://127.0.0.1:9' }),
    ).rejects.toThrow('does not answer');
  });
});
