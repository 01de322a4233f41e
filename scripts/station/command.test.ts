import { findStation } from '../../ledger/station';
import { findStaff } from '../../ledger/station-staff';
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
    expect(await findStation(world.ledger.db, first)).toMatchObject({ stationId: 'desk-1', siteId: 'A' });
    const second = keyIn(await run('enrol', 'desk-1', 'A'));
    expect(await findStation(world.ledger.db, first)).toBeUndefined();
    expect(await findStation(world.ledger.db, second)).toMatchObject({ stationId: 'desk-1', siteId: 'A' });
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
      ['enrol', 'desk-3', 'A', '--kind', 'pharmacy'],
      ['enrol', 'desk-3', '--kind', 'site', '--district', '63000030', '--name', '站', '--english', 'S'],
      ['enrol', 'desk-3', '--kind', 'pharmacy', '--name', '藥局', '--english', 'Pharmacy'],
      [
        'enrol',
        'kiosk-3',
        '--kind',
        'storeKiosk',
        '--district',
        '63000030',
        '--name',
        '店',
        '--english',
        'S',
      ],
      ['enrol', 'desk-3', '--sort', 'pharmacy'],
      ['revoke', 'desk-3', '--kind', 'pharmacy'],
      ['designate', 'desk-3'],
      ['enrol', 'a name', 'A'],
    ]) {
      await expect(run(...args)).rejects.toThrow('Call it so: npm run station');
    }
  });

  const hotline = [
    '--kind',
    'hotline',
    '--district',
    '63000030',
    '--name',
    '臺北市專線',
    '--english',
    'Taipei hotline',
  ];

  test('enrols a station of another kind with its place, and designates its staff', async () => {
    const key = keyIn(await run('enrol', 'hotline-1', ...hotline));
    expect(await findStation(world.ledger.db, key)).toMatchObject({
      kind: 'hotline',
      siteId: null,
      place: { nameZh: '臺北市專線', nameEn: 'Taipei hotline', districtCode: '63000030' },
    });
    const staffKey = keyIn(await run('designate', 'hotline-1', 'lin'));
    expect(await findStaff(world.ledger.db, 'hotline-1', { key: staffKey })).toMatchObject({
      staffId: 'lin',
    });
    expect(await run('dismiss', 'hotline-1', 'lin')).toBe('The key of lin at station hotline-1 has ended.');
    await expect(run('dismiss', 'hotline-1', 'lin')).rejects.toThrow(
      'lin has no key at station hotline-1 to end.',
    );
    expect(await findStaff(world.ledger.db, 'hotline-1', { key: staffKey })).toBeUndefined();
  });

  test('designates nobody where nobody is looked up, and lists what is enrolled', async () => {
    await run('enrol', 'kiosk-1', '--kind', 'storeKiosk', '--chain', 'okMart', ...hotline.slice(2));
    await expect(run('designate', 'kiosk-1', 'lin')).rejects.toThrow('only hotline and counter have staff');
    await expect(run('designate', 'nowhere', 'lin')).rejects.toThrow('There is no station nowhere.');
    await expect(run('enrol', 'k', ...hotline.with(3, '99999999'))).rejects.toThrow(
      'There is no district 99999999.',
    );
    await run('revoke', 'kiosk-1');
    expect(await run('list')).toContain('kiosk-1\tstoreKiosk\trevoked');
  });
});
