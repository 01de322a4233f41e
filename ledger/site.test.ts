import { sql } from 'kysely';

import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import type { LedgerReader } from './database';
import { earliestNearest, findSlot, sitesIn, slotsOf } from './site';

let world: LedgerWorld;
const offer = { roundId: 'round-1', product: 'Moderna' };

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.site('DAAN', '63000030');
  await world.site('XINYI', '63000020');
  await world.site('FULL', '63000030');
  await world.site('KAOHSIUNG', '64000010');
  await world.site('NOTHING', '63000030');
  await world.slot({ siteId: 'DAAN', capacity: 0, day: 3 });
  await world.slot({ siteId: 'DAAN', capacity: 4, day: 6 });
  await world.slot({ siteId: 'DAAN', capacity: 3, day: 6, fromMinute: 14 * hour });
  await world.slot({ siteId: 'DAAN', capacity: 9, day: -1 });
  await world.slot({ siteId: 'DAAN', capacity: 5, day: 6, product: 'AZ' });
  await world.slot({ siteId: 'XINYI', capacity: 2, day: 4 });
  await world.slot({ siteId: 'FULL', capacity: 0, day: 4 });
  await world.slot({ siteId: 'KAOHSIUNG', capacity: 8, day: 1 });
});
afterAll(() => world.close());

test('a district’s sites are shown with what is left from now on, full ones last', async () => {
  const sites = await sitesIn(world.ledger.db, { ...offer, districtCode: '63000030' });
  expect(sites.map(({ siteId, left, nextFreeAt }) => ({ siteId, left, nextFreeAt }))).toEqual([
    { siteId: 'DAAN', left: 7, nextFreeAt: at(6, 9 * hour) },
    { siteId: 'FULL', left: 0, nextFreeAt: null },
  ]);
});

test('a county’s sites are those of all its districts', async () => {
  const sites = await sitesIn(world.ledger.db, { ...offer, countyCode: '63000' });
  expect(sites.map(({ siteId }) => siteId)).toEqual(['DAAN', 'XINYI', 'FULL']);
});

test('a site’s windows are shown in order of time, full ones too, past ones and other products not', async () => {
  const slots = await slotsOf(world.ledger.db, 'DAAN', offer);
  expect(slots.map(({ startsAt, capacity, left }) => ({ startsAt, capacity, left }))).toEqual([
    { startsAt: at(3, 9 * hour), capacity: 0, left: 0 },
    { startsAt: at(6, 9 * hour), capacity: 4, left: 4 },
    { startsAt: at(6, 14 * hour), capacity: 3, left: 3 },
  ]);
});

test('one day’s windows can be asked for', async () => {
  const slots = await slotsOf(world.ledger.db, 'DAAN', { ...offer, date: '2031-07-04' });
  expect(slots).toEqual([expect.objectContaining({ left: 0, sessionDate: '2031-07-04' })]);
});

test('the earliest free window of the neighbourhood comes before a later one around the corner', async () => {
  const free = await earliestNearest(world.ledger.db, { ...offer, districtCode: '63000030', limit: 5 });
  expect(free.map(({ siteId, startsAt }) => [siteId, startsAt])).toEqual([
    ['XINYI', at(4, 9 * hour)],
    ['DAAN', at(6, 9 * hour)],
    ['KAOHSIUNG', at(1, 9 * hour)],
  ]);
  expect(free[1]?.distanceKm).toBe(0);
  expect(free[2]?.distanceKm).toBeGreaterThan(250);
});

test('windows before a given instant are left out, and an unknown district has no neighbours', async () => {
  const db = world.ledger.db;
  const later = await earliestNearest(db, { ...offer, districtCode: '63000030', from: at(5, 0), limit: 5 });
  expect(later.map(({ siteId }) => siteId)).toEqual(['DAAN']);
  expect(await earliestNearest(db, { ...offer, districtCode: '99999999', limit: 5 })).toEqual([]);
});

test('a window is found with its site', async () => {
  const [slot] = await slotsOf(world.ledger.db, 'XINYI', offer);
  expect(await findSlot(world.ledger.db, slot?.slotId ?? 0)).toMatchObject({
    left: 2,
    site: { siteId: 'XINYI' },
  });
  expect(await findSlot(world.ledger.db, 999_999)).toBeUndefined();
});

test('the lists read little more than they show, among a thousand sites with a hundred thousand windows', async () => {
  // A twelfth of them stand in the district that is asked for; of the nearest, 300 are looked into, 80 windows each.
  await sql`insert into site (site_id, name_zh, name_en, county_code, district_code, address_zh, address_en)
    select 'S' || n, 'x', 'x', '63000', '630000' || (1 + n % 12) || '0', 'x', 'x' from generate_series(1, 1200) n`.execute(
    world.ledger.db,
  );
  await sql`insert into slot (round_id, site_id, product, session_date, starts_at, ends_at, capacity, booked)
    select 'round-1', 'S' || n, 'Moderna', date '2031-07-02' + h / 8,
      timestamptz '2031-07-02T00:00Z' + (h / 8) * interval '1 day' + (h % 8) * interval '1 hour',
      timestamptz '2031-07-02T01:00Z' + (h / 8) * interval '1 day' + (h % 8) * interval '1 hour', 20, 20
    from generate_series(1, 1200) n, generate_series(0, 79) h`.execute(world.ledger.db);
  await sql`analyze`.execute(world.ledger.db);
  // Rows, not time: what a list costs is its own, how long that takes is the machine's.
  const rowsRead = (read: (db: LedgerReader) => Promise<unknown>) =>
    world.ledger.db.transaction().execute(async (tx) => {
      await sql`set local max_parallel_workers_per_gather = 0`.execute(tx);
      const soFar = async () => {
        const { rows } = await sql<{ read: number }>`
          select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as read
          from pg_stat_xact_user_tables`.execute(tx);
        return rows[0]?.read ?? 0;
      };
      const before = await soFar();
      await read(tx);
      return (await soFar()) - before;
    });
  const inDistrict = { ...offer, districtCode: '63000030' };
  expect(await rowsRead((db) => earliestNearest(db, { ...inDistrict, limit: 10 }))).toBeLessThan(32_000);
  expect(await rowsRead((db) => sitesIn(db, inDistrict))).toBeLessThan(10_000);
  const ofOne = await rowsRead((db) => slotsOf(db, 'S7', offer));
  expect(ofOne).toBeGreaterThanOrEqual(80);
  expect(ofOne).toBeLessThan(200);
});
