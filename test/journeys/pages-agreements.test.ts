/** What some people have to agree to before a dose, on pages: a mixed intent, and a guardian's consent. */
import { sql } from 'kysely';
import type { Browser } from 'playwright-core';

import { addDays } from '../../domain/civil-time/plain-date';
import { recordConsents } from '../../ledger/parental-consent';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(90_000);

let town: PagesTown;
let browser: Browser;
let visitor: Visitor | undefined;

beforeAll(async () => {
  town = await PagesTown.open();
  await town.rankedRound();
  await town.openRound();
  await sql`insert into dose_interval values ('round-9', 'AZ', 'Moderna', 2, 70, true)`.execute(
    town.running.world.ledger.db,
  );
  browser = await startBrowser();
});
afterEach(async () => {
  expect(visitor?.complaints ?? []).toEqual([]);
  await visitor?.leave();
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

/** From the first question to that for the vaccines. */
async function upToTheVaccines(person: TownPerson): Promise<Visitor> {
  visitor = await Visitor.come(browser, town, { width: 375 });
  const v = visitor;
  await v.open('/registration');
  await v.signIn(person);
  await v.page.fill('#mobile', '0912345678');
  await v.press('繼續');
  await v.page.selectOption('#county', { label: '臺北市' });
  await v.press('繼續');
  await v.page.selectOption('#district', { label: '大安區' });
  await v.press('繼續');
  return v;
}

test('after a first dose of AZ another vaccine takes a mixed intent of its own', async () => {
  const person = await town.person();
  await sql`insert into simulated_registry.previous_dose
    select registry_person_id, 1, 'AZ', ${addDays(town.today, -80)}::date from simulated_registry.insured_number
    where number = ${person.personNumber}`.execute(town.running.world.ledger.db);
  const v = await upToTheVaccines(person);
  expect(await v.page.isChecked('input[value=AZ]')).toBe(true);
  expect(await v.page.isChecked('input[value=Moderna]')).toBe(false);
  expect(await v.text()).toContain('您願意混打嗎？');
  expect(await v.barriers()).toEqual([]);
  expect(await v.scrollsSideways()).toBe(false);
  await v.page.check('input[value=Moderna]');
  await v.press('繼續');
  expect(await v.text()).toContain('請勾選同意混打，或取消勾選那種疫苗');
  await v.page.check('input[value=Moderna]');
  await v.page.check('input[name=mixedIntent]');
  await v.press('繼續');
  expect(await v.text()).toMatch(/混打意願\s*同意混打/);
  await v.press('確認送出');
  expect(await v.text()).toMatch(/混打意願\s*同意混打/);
  await v.press('修改登記');
  expect(await v.text()).toContain('目前沒有任何變更');
});

test('nobody else reads of mixing or of consent', async () => {
  const v = await upToTheVaccines(await town.person());
  expect(await v.text()).not.toContain('混打');
  await v.press('繼續');
  await v.press('確認送出');
  expect(await v.text()).not.toMatch(/混打|監護人/);
});

test('someone of 17 reads that the consent is missing and what to do, and that it came', async () => {
  const person = await town.person({ birthDate: addDays(town.today, -17 * 366) });
  const v = await upToTheVaccines(person);
  await v.press('繼續');
  await v.press('確認送出');
  expect(await v.heading()).toBe('意願登記完成');
  expect(await v.text()).toContain('尚缺監護人同意');
  expect(await v.text()).toContain('由監護人把同意書交給縣市衛生局');
  expect(await v.barriers()).toEqual([]);
  await recordConsents(town.running.world.ledger, 'lin', [
    { personNumber: person.personNumber, product: null, consentedOn: '2026-01-01' },
  ]);
  await v.open('/registration');
  expect(await v.text()).not.toContain('尚缺監護人同意');
  expect(await v.text()).toMatch(/監護人同意\s*已登錄/);
});

test('someone of 19 who would book at once is told before they choose a place', async () => {
  visitor = await Visitor.come(browser, town, { scripts: false, width: 375 });
  await visitor.open('/booking');
  await visitor.signIn(await town.person({ birthDate: addDays(town.today, -19 * 366), groups: [5] }));
  expect(await visitor.heading()).toBe('尚缺監護人同意');
});
