/** A typhoon day as the one who had booked reads it, by a real browser on a phone. */
import type { Browser } from 'playwright-core';

import { sql } from 'kysely';

import { addDays } from '../../domain/civil-time/plain-date';
import { book } from '../../ledger/booking';
import { confirmClosure, proposeClosure } from '../../ledger/closure';
import { carryOutClosure } from '../../ledger/closure-steps';
import { enrolOperator } from '../../ledger/operator';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown } from './pages-world';

jest.setTimeout(90_000);

let town: PagesTown;
let browser: Browser;

beforeAll(async () => {
  town = await PagesTown.open();
  await town.openRound();
  await town.sites('round-8');
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

test('someone whose day was closed reads why, and books again on the next page', async () => {
  const { ledger } = town.running.world;
  const v = await Visitor.come(browser, town, { width: 375 });
  await v.open('/booking');
  await v.signIn(await town.person());
  const { rows } = await sql<{ person_key: string; slot_id: number }>`
    select person_key, slot_id from person, slot where site_id = 'S2' and session_date = ${addDays(town.today, 10)}::date
    order by starts_at limit 1`.execute(ledger.db);
  const { person_key: personKey = '', slot_id: slotId = 0 } = rows[0] ?? {};
  await book(ledger, town.running.world.acting(personKey), { slotId, mobile: '0912345678', language: 'zh' });

  for (const operatorId of ['lin', 'wu']) await enrolOperator(ledger.db, operatorId);
  const proposed = await proposeClosure(ledger, 'lin', {
    ...{ closureId: 'typhoon', reason: 'typhoon', countyCodes: [], districtCodes: [], siteIds: ['S2'] },
    dates: [addDays(town.today, 10)],
  });
  if (!proposed.ok) throw new Error(proposed.refusal.code);
  const { digest } = proposed.value.preview;
  await confirmClosure(ledger, 'wu', { closureId: 'typhoon', digest, atMost: 1 });
  await carryOutClosure(ledger, 'typhoon');

  await v.open('/appointment');
  expect(await v.heading()).toBe('主管機關已取消這筆預約');
  expect(await v.text()).toContain('因颱風停班停課');
  expect(await v.text()).toMatch(/現在就可以重新預約，到 .* 為止/);
  expect(await v.barriers()).toEqual([]);
  expect(await v.scrollsSideways()).toBe(false);
  await v.press('重新預約');
  expect(await v.heading()).toBe('預約接種');
  await v.open('/booking/time?round=round-8&product=Moderna&site=S2');
  expect(await v.text()).toContain('停診');
  await v.leave();
  expect(v.complaints).toEqual([]);
});
