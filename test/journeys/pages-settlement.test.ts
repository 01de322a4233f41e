/** A settlement as people read it: the picture for everybody, and one's own reason, by a real browser. */
import type { Browser } from 'playwright-core';
import { sql } from 'kysely';

import { counties } from '../../domain/area/area';
import { findPersonKey } from '../../ledger/person';
import { settleRound } from '../../ledger/settlement';
import { populate } from '../builders/settlement-world';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(90_000);

const roundId = 'round-9';
let town: PagesTown;
let browser: Browser;

beforeAll(async () => {
  town = await PagesTown.open();
  await town.rankedRound(roundId);
  await town.sites(roundId);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

async function comeRegistered(
  person: TownPerson,
  products: readonly string[],
  scripts = true,
): Promise<Visitor> {
  const visitor = await Visitor.come(browser, town, { width: 360, scripts });
  await visitor.open('/registration');
  await visitor.signIn(person);
  const { app, world } = town.running;
  const personKey = (await findPersonKey(world.ledger, person.personNumber)) ?? '';
  const registered = await app.acts.register(world.acting(personKey), {
    ...{ roundId, mobile: '0912345678', districtCode: '63000030', products, language: 'zh' },
    mixedIntent: false,
  });
  if (!registered.ok) throw new Error(registered.refusal.code);
  return visitor;
}

test('everybody reads the picture, and each person why their turn has or has not come', async () => {
  const { world } = town.running;
  const old = await comeRegistered(await town.person({ birthDate: '1931-05-04' }), ['Moderna'], false);
  const young = await comeRegistered(await town.person({ birthDate: '1985-05-04' }), ['AZ', 'Moderna']);
  const crowd = Array.from({ length: 44 }, (_, index) => ({
    ...{ countyCode: counties[index % 4]?.code ?? '', priorityGroup: index % 3 ? 9 : 5 },
    ...{ birthDate: `19${String(40 + (index % 30))}-03-01`, products: ['Moderna'] },
    ...{ lastDose: null, waitedFor: [], mixedIntent: false, consents: [] },
  }));
  await populate(world, roundId, '', crowd);
  await sql`delete from supply where round_id = ${roundId}`.execute(world.ledger.db);
  for (const [index, { code }] of counties.slice(0, 4).entries()) {
    await sql`insert into supply values (${roundId}, 'Moderna', ${code}, ${5 + 2 * index})`.execute(
      world.ledger.db,
    );
  }
  await young.open(`/rounds/${roundId}/settlement`);
  expect(await young.heading()).toBe('此期別尚未結算');
  await town.stepTo(town.at(7, 840));
  await settleRound(world.ledger, roundId);

  await young.open('/registration');
  expect(await young.text()).toContain('臺北市有 5 人輪到，最後一位是第');
  expect(await young.text()).toContain('AZ：這一期臺北市沒有名額。');
  expect(await young.scrollsSideways()).toBe(false);
  expect(await young.barriers()).toEqual([]);
  await young.press('看各縣市的結果');
  expect(await young.heading()).toBe('結算結果');
  expect(await young.text()).toMatch(/登記\s*45 人/);
  expect(await young.text()).toContain('少於 5 人');
  expect(await young.scrollsSideways()).toBe(false);
  expect(await young.barriers()).toEqual([]);

  await old.open('/registration');
  expect(await old.text()).toMatch(/您輪到了：莫德納，在臺北市排第 \d 位。|臺北市有 5 人輪到/);
  await old.leave();

  const visitor = await Visitor.come(browser, town, { language: 'en', width: 360 });
  await visitor.open('/');
  await visitor.press(/See the result/);
  expect(await visitor.heading()).toBe('Result of the settlement');
  expect(await visitor.barriers()).toEqual([]);

  // The round closes after its last session; the reason stays readable.
  await sql`update round set closed_at = ledger_now() where round_id = ${roundId}`.execute(world.ledger.db);
  await young.open('/registration');
  expect(await young.text()).not.toContain('臺北市');
  await young.press('我的結算結果');
  expect(young.address).toBe('/registration/settlements');
  expect(await young.text()).toContain('AZ：這一期臺北市沒有名額。');
  expect(await young.scrollsSideways()).toBe(false);
  expect(await young.barriers()).toEqual([]);
  await young.open('/account');
  await young.press('我的結算結果');
  expect(await young.heading()).toBe('我的結算結果');
  const told = await young.page.evaluate(async () => (await fetch('/v1/registration/settlements')).json());
  expect(told).toMatchObject({
    settlements: [
      { roundId, countyCode: '63000', products: [{ code: 'noDosesInCounty' }, { code: 'supplyEnded' }] },
    ],
  });
  expect([...young.complaints, ...visitor.complaints]).toEqual([]);
  await young.leave();
  await visitor.leave();
});
