/** The ways in as people meet them, and their own list of who came in: in a browser, with scripts and without. */
import type { Browser } from 'playwright-core';

import { startBrowser, Visitor } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(300_000);

let town: PagesTown;
let browser: Browser;
beforeAll(async () => {
  town = await PagesTown.open();
  await town.sites(await town.openRound());
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

async function fillBirthDate(v: Visitor, person: TownPerson, year: string): Promise<void> {
  await v.page.fill('#personNumber', person.personNumber);
  await v.page.fill('#cardNumber', person.cardNumber);
  await v.page.fill('#birthDate-year', year);
  await v.page.fill('#birthDate-month', '5');
  await v.page.fill('#birthDate-day', '4');
  await v.passCaptcha();
  await v.press('確認身分');
}

test('number and card number come first, and every other way that is offered is there', async () => {
  const v = await Visitor.come(browser, town, { width: 390 });
  await v.open('/sign-in?next=booking');
  const first = v.page.locator('main input:not([type=hidden])').first();
  expect(await first.getAttribute('id')).toBe('personNumber');
  const links = await v.page
    .locator('.other-ways li a')
    .evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  expect(links).toContain('/sign-in/birth-date?next=booking');
  for (const href of links) {
    await v.open(href ?? '');
    expect(await v.page.locator('.other-ways a').first().getAttribute('href')).toBe('/sign-in?next=booking');
    expect(await v.barriers()).toEqual([]);
  }
  await v.leave();
});

test('without scripts, by birth date in the year of the Republic, for whose duplicate number was cleared', async () => {
  const person = await town.person();
  const v = await Visitor.come(browser, town, { scripts: false, width: 390 });
  await v.open('/sign-in/birth-date?next=booking');
  await v.press('確認身分');
  expect(await v.text()).toContain('請輸入出生日期');
  await fillBirthDate(v, person, '58');
  expect(await v.text()).toContain('無法確認您的資料');
  expect(await v.page.inputValue('#birthDate-year')).toBe('58');
  expect(await v.page.inputValue('#cardNumber')).toBe('');

  await town.running.world.ledger.pool.query(
    'update simulated_registry.insured_person set duplicate_cleared = true where card_number = $1',
    [person.cardNumber],
  );
  await fillBirthDate(v, person, '1969');
  expect(v.address).toBe('/booking');
  await v.leave();
});

test('whoever has tried too often by one way is shown the others', async () => {
  const person = await town.person();
  const v = await Visitor.come(browser, town, { scripts: false });
  for (let tries = 0; tries < 7; tries += 1) {
    await v.open('/sign-in');
    await v.signIn(person, '999999999999');
  }
  expect(await v.heading()).toBe('嘗試次數過多');
  const others = await v.page
    .locator('.other-ways a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  expect(others).toContain('/sign-in/birth-date?next=registration');
  await v.leave();
});

test('one finds a stranger among one’s sign-ins, and that is the end of the stranger', async () => {
  const person = await town.person();
  const stranger = await Visitor.come(browser, town);
  await stranger.open('/sign-in?next=booking');
  await stranger.signIn(person);

  const v = await Visitor.come(browser, town, { width: 390 });
  await v.open('/account/sign-ins');
  await v.signIn(person);
  expect(v.address).toBe('/account/sign-ins');
  expect(await v.page.locator('.sign-ins__one').allInnerTexts()).toEqual([
    expect.stringContaining('您現在的登入'),
    expect.stringContaining('Chrome、Linux'),
  ]);
  expect([...(await v.barriers()), ...((await v.scrollsSideways()) ? ['scrolls'] : [])]).toEqual([]);
  await v.press(/這不是我/);
  expect(await v.heading()).toBe('這次登入不是您本人嗎？');
  expect(await v.barriers()).toEqual([]);
  await v.press('這不是我，全部登出');
  expect(await v.heading()).toBe('其他登入都已登出');
  expect(await v.barriers()).toEqual([]);
  await v.press('回到登入紀錄');
  expect(await v.text()).toContain('表示不是本人');

  await stranger.page.waitForTimeout(1_050);
  await stranger.open('/booking');
  expect(await stranger.heading()).toBe('您已經登出');
  expect(v.complaints).toEqual([]);
  await Promise.all([v.leave(), stranger.leave()]);
});
