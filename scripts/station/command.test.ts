import { findStation } from '../../ledger/station';
import { LedgerWorld } from '../../test/builders/ledger-world';
import { runStationCommand } from './command';

let world: LedgerWorld;

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.site('A');
}, 120_000);

afterAll(() => world?.close());

const run = (...args: string[]) => runStationCommand(args, { DATABASE_URL: world.databaseUrl });

/** The key as the command printed it. */
const keyIn = (report: string): string => /this once: (\S+)$/.exec(report)?.[1] ?? '';

describe('npm run station', () => {
  test('enrols a station and shows its key once; enrolling again ends the earlier key', async () => {
    const first = keyIn(await run('enrol', 'desk-1', 'A'));
    expect(await findStation(world.ledger.db, first)).toEqual({ stationId: 'desk-1', siteId: 'A' });
    const second = keyIn(await run('enrol', 'desk-1', 'A'));
    expect(await findStation(world.ledger.db, first)).toBeUndefined();
    expect(await findStation(world.ledger.db, second)).toEqual({ stationId: 'desk-1', siteId: 'A' });
  });

  test('revokes a key at once', async () => {
    const key = keyIn(await run('enrol', 'desk-2', 'A'));
    expect(await run('revoke', 'desk-2')).toBe('The key of station desk-2 has ended.');
    expect(await findStation(world.ledger.db, key)).toBeUndefined();
    await expect(run('revoke', 'desk-2')).rejects.toThrow('Station desk-2 has no key to end.');
  });

  test('says plainly what is wrong with the call', async () => {
    await expect(run('enrol', 'desk-3', 'nowhere')).rejects.toThrow('There is no site nowhere.');
    for (const args of [
      [],
      ['enrol', 'desk-3'],
      ['revoke'],
      ['remove', 'desk-3'],
      ['enrol', 'a name', 'A'],
    ]) {
      await expect(run(...args)).rejects.toThrow('Call it so: npm run station');
    }
  });
});
