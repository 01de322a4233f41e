/** Leftover doses on pages, by a real browser: ask, read one's ticket, and check the draw without signing in. */
import { createHash } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { sql } from 'kysely';

import { openLeftoverCall } from '../../ledger/leftover-call';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown } from './pages-world';

jest.setTimeout(90_000);

let town: PagesTown;
let browser: Browser;

beforeAll(async () => {
  town = await PagesTown.open();
  await town.openRound();
  await town.sites('round-8');
  await sql`update slot set session_date = ${town.today}::date, starts_at = ${town.at(0, 16 * 60)},
    ends_at = ${town.at(0, 17 * 60)} where slot_id in (
      select min(slot_id) from slot where site_id = 'S1')`.execute(town.running.world.ledger.db);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

test('asked for without scripts, drawn, and checked by a stranger from what the page says', async () => {
  const v = await Visitor.come(browser, town, { scripts: false, width: 360 });
  await v.open('/leftover');
  await v.signIn(await town.person());
  await v.press('申請剩餘疫苗');
  expect(await v.text()).toContain('手機');
  await v.page.selectOption('#district', '63000030');
  await v.page.fill('#mobile', '0912 345 678');
  await v.press('申請剩餘疫苗');
  expect(await v.text()).toContain('已申請');
  expect(await v.text()).toContain('還沒有抽籤，目前 1 人申請');
  expect(await v.scrollsSideways()).toBe(false);

  const stranger = await Visitor.come(browser, town, { width: 360 });
  await stranger.open('/leftover/draw');
  await stranger.page.selectOption('#district', '63000030');
  await stranger.press('查看');
  const [commitment = ''] = await stranger.page.locator('code.hash').allInnerTexts();
  await town.stepTo(town.at(0, 16 * 60 + 40));
  const station = { actor: 'station', channel: 'station:desk-1' } as const;
  const wish = { siteId: 'S1', product: 'Moderna', doses: 2 };
  expect((await openLeftoverCall(town.running.world.ledger, station, wish)).ok).toBe(true);
  await stranger.page.reload();
  const [, seed = '', hash] = await stranger.page.locator('code.hash').allInnerTexts();
  expect(createHash('sha256').update(seed).digest('hex')).toBe(commitment);
  const ticket = (await stranger.page.locator('tbody th').innerText()).slice(0, 10);
  expect(createHash('sha256').update(`${seed}/${ticket}`).digest('hex')).toBe(hash);
  expect(await stranger.scrollsSideways()).toBe(false);
  expect(await stranger.barriers()).toEqual([]);

  await v.open('/leftover');
  expect(await v.text()).toContain('順序第 1，共 1 個號碼');
  await v.page.selectOption('#district', '63000030');
  await v.page.fill('#mobile', '0912 345 678');
  await v.press('申請剩餘疫苗');
  expect(await v.heading()).toBe('當天該區的順序已經抽出');
  expect([...v.complaints, ...stranger.complaints]).toEqual([]);
  await v.leave();
  await stranger.leave();
});
