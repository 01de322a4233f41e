/** The waiting list on pages, by a real browser: join it, read what is offered, accept in time, come too late. */
import type { Browser } from 'playwright-core';
import { sql } from 'kysely';

import { addMs } from '../../domain/civil-time/plain-date';
import { findPersonKey } from '../../ledger/person';
import { book, cancel } from '../../ledger/booking';
import { passPlaceOn } from '../../ledger/place-offer';
import { settledRound } from '../builders/waiting-people';
import { startBrowser, Visitor, type VisitorOptions } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(90_000);

const roundId = 'round-9';
let town: PagesTown;
let browser: Browser;
let visitor: Visitor | undefined;

beforeAll(async () => {
  town = await PagesTown.open();
  await town.rankedRound(roundId);
  await town.sites(roundId);
  browser = await startBrowser();
});
afterEach(async () => {
  expect(visitor?.complaints ?? []).toEqual([]);
  await visitor?.leave();
  visitor = undefined;
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

/** Signs in to the waiting list, and registers behind the pages: how that goes on pages is another test's. */
async function comeRegistered(person: TownPerson, options: VisitorOptions): Promise<Visitor> {
  const v = await Visitor.come(browser, town, options);
  await v.open('/waiting-list');
  await v.signIn(person);
  const { ledger } = town.running.world;
  const personKey = (await findPersonKey(ledger, person.personNumber)) ?? '';
  const registered = await town.running.app.acts.register(town.running.world.acting(personKey), {
    ...{ roundId, mobile: '0912345678', districtCode: '63000030', products: ['Moderna'] },
    ...{ language: 'zh', mixedIntent: false },
  });
  if (!registered.ok) throw new Error(registered.refusal.code);
  return v;
}

/** Somebody books the one place at nine, and gives it back; the place goes its first step. */
async function giveAPlaceBack(): Promise<string> {
  const { world } = town.running;
  const { rows } = await sql<{ slot_id: number }>`
    select slot_id from slot where site_id = 'S1' and capacity = 1`.execute(world.ledger.db);
  const holder = await world.person();
  await world.invite(holder, { roundId });
  await sql`update invitation set opens_at = ${town.at(7, 600)}, closes_at = ${town.at(9, 720)}
    where person_key = ${holder}::uuid`.execute(world.ledger.db);
  const booked = await book(world.ledger, world.acting(holder), {
    slotId: rows[0]?.slot_id ?? 0,
    mobile: '0922333444',
    language: 'zh',
  });
  if (!booked.ok) throw new Error(booked.refusal.code);
  await cancel(world.ledger, world.acting(holder), booked.value);
  const { rows: freed } = await sql<{ freed_place_id: string }>`
    select freed_place_id from freed_place where ended_at is null`.execute(world.ledger.db);
  const [place] = freed;
  if (!place) throw new Error('nobody waits for the place');
  await passPlaceOn(world.ledger, place.freed_place_id);
  return place.freed_place_id;
}

test('join the list, let an offer run out, take one in time', async () => {
  const before = await comeRegistered(await town.person({ birthDate: '1960-05-04' }), { width: 360 });
  const v = (visitor = await comeRegistered(await town.person({ birthDate: '1970-05-04' }), {
    scripts: false,
    width: 360,
  }));
  await before.open('/waiting-list');
  expect(await before.heading()).toBe('候補尚未開放');
  await town.stepTo(town.at(7, 840));
  await settledRound(town.running.world, roundId);
  await before.open('/registration');
  await before.press('候補');
  expect(await before.heading()).toBe('候補');
  await before.press('加入候補');
  expect(await before.text()).toContain('已加入候補');
  expect(await before.scrollsSideways()).toBe(false);
  expect(await before.barriers()).toEqual([]);
  await v.open('/waiting-list');
  await v.press('加入候補');

  const freedPlaceId = await giveAPlaceBack();
  await before.open('/waiting-list');
  expect(await before.heading()).toBe('有一個名額輪到您');
  expect(await before.text()).toContain('大安區健康服務中心');
  expect(await before.scrollsSideways()).toBe(false);
  expect(await before.barriers()).toEqual([]);
  await before.page.fill('#mobile', '123');
  await before.press('接受，預約這個名額');
  expect(await before.text()).toContain('手機號碼應為 09 開頭的 10 位數字');
  await town.stepTo(addMs(town.at(7, 840), 2 * 3_600_000 + 60_000));
  await before.page.fill('#mobile', '0912345678');
  await before.press('接受，預約這個名額');
  expect(await before.heading()).toBe('這個名額已逾時，由下一位遞補');
  expect(await before.text()).toContain('您仍在候補名單上');
  await before.leave();

  await passPlaceOn(town.running.world.ledger, freedPlaceId);
  await v.open('/waiting-list');
  await v.press('接受，預約這個名額');
  expect(await v.heading()).toBe('預約完成');
  await v.open('/waiting-list');
  expect(await v.heading()).toBe('您不需要候補');
});
