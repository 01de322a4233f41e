import { findOperator } from '../../ledger/operator';
import { readOperatorActs } from '../../ledger/operator-audit';
import { LedgerWorld } from '../../test/builders/ledger-world';
import { runOperatorCommand } from './command';

let world: LedgerWorld;

beforeAll(async () => {
  world = await LedgerWorld.create();
}, 120_000);

afterAll(() => world?.close());

const run = (...args: string[]) => runOperatorCommand(args, { DATABASE_URL: world.databaseUrl });

/** The key as the command printed it. */
const keyIn = (report: string): string => /this once: (\S+)$/.exec(report)?.[1] ?? '';

describe('npm run operator', () => {
  test('enrols an operator and shows the key once; enrolling again ends the earlier key', async () => {
    const first = keyIn(await run('enrol', 'lin'));
    expect(await findOperator(world.ledger.db, first)).toEqual({ operatorId: 'lin' });
    const second = keyIn(await run('enrol', 'lin'));
    expect(await findOperator(world.ledger.db, first)).toBeUndefined();
    expect(await findOperator(world.ledger.db, second)).toEqual({ operatorId: 'lin' });
  });

  test('revokes a key at once, and the history says so', async () => {
    const key = keyIn(await run('enrol', 'wu'));
    expect(await run('revoke', 'wu')).toBe('The key of operator wu has ended.');
    expect(await findOperator(world.ledger.db, key)).toBeUndefined();
    await expect(run('revoke', 'wu')).rejects.toThrow('Operator wu has no key to end.');
    const acts = await readOperatorActs(world.ledger.db);
    expect(acts.filter(({ operatorId }) => operatorId === 'wu').map(({ act }) => act)).toEqual([
      'revokeOperator',
      'enrolOperator',
    ]);
  });

  test('says plainly what is wrong with the call', async () => {
    for (const args of [
      [],
      ['enrol'],
      ['revoke'],
      ['remove', 'lin'],
      ['enrol', 'a name'],
      ['enrol', 'a', 'b'],
    ]) {
      await expect(run(...args)).rejects.toThrow('Call it so: npm run operator');
    }
  });
});
