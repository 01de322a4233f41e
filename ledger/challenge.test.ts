import { LedgerWorld } from '../test/builders/ledger-world';
import { spendChallenge, sweepChallenges } from './challenge';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());

const inMinutes = (minutes: number): Date => new Date(Date.now() + minutes * 60_000);

describe('a captcha challenge', () => {
  test('is good for one use, also when twenty try at once', async () => {
    const spent = await Promise.all(
      Array.from({ length: 20 }, () => spendChallenge(world.ledger.db, 'one', inMinutes(10))),
    );
    expect(spent.filter((first) => first)).toHaveLength(1);
    expect(await spendChallenge(world.ledger.db, 'one', inMinutes(10))).toBe(false);
    expect(await spendChallenge(world.ledger.db, 'other', inMinutes(10))).toBe(true);
  });

  test('is remembered until it would have expired', async () => {
    await spendChallenge(world.ledger.db, 'expired', inMinutes(-1));
    await spendChallenge(world.ledger.db, 'alive', inMinutes(1));
    await sweepChallenges(world.ledger);
    expect(await spendChallenge(world.ledger.db, 'alive', inMinutes(1))).toBe(false);
    expect(await spendChallenge(world.ledger.db, 'expired', inMinutes(1))).toBe(true);
  });
});
