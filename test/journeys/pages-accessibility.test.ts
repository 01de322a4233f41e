/** Every page, in both languages, zoomed and on a desk: no barrier that a program can find, nothing cut off, all by keyboard. */
import path from 'node:path';
import type { Browser } from 'playwright-core';

import { startMailSimulator, type MailSimulator } from '../../gateways/mail/simulator';
import { startSmsSimulator, type SmsSimulator } from '../../gateways/sms/simulator';
import { startBrowser, Visitor } from './pages-browser';
import { desk, frame, obstacles, phone, zoomed } from './pages-inspection';
import { tour } from './pages-tour';
import { PagesTown } from './pages-world';

jest.setTimeout(300_000);

let town: PagesTown;
let browser: Browser;
let sms: SmsSimulator;
let mail: MailSimulator;

beforeAll(async () => {
  sms = await startSmsSimulator({});
  mail = await startMailSimulator();
  town = await PagesTown.open({ smsInboxUrl: sms.inboxUrl, mailInboxUrl: mail.inboxUrl });
  await town.rankedRound();
  await town.sites(await town.openRound());
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
  await sms.close();
  await mail.close();
});

/** Where pictures of all pages are to be put, for people to look at; none are made otherwise. */
const pictures = process.env['YIYUE_PICTURES'];

describe.each(['zh', 'en'] as const)('in %s nothing bars the way', (language) => {
  test.each(Object.entries(tour))('%s', async (name, leg) => {
    const v = await Visitor.come(browser, town, { language, width: desk.width });
    const found: Record<string, readonly string[]> = {};
    let looks = 0;
    const look = async (page: string): Promise<void> => {
      if (pictures !== undefined) await picture(v, path.join(pictures, language, name), page);
      const all = await obstacles(v, language, looks === 0 ? [] : frame);
      looks += 1;
      if (all.length > 0) found[page] = all;
    };
    await leg({ v, town, look });
    expect(found).toEqual({});
    expect(v.complaints.filter((complaint) => !withoutReader.test(complaint))).toEqual([]);
    await v.leave();
  });
});

/** Nobody has the reader program on their computer here: that the browser says so is no complaint of ours. */
const withoutReader = /ERR_CONNECTION_REFUSED|WebSocket/;

async function picture(v: Visitor, folder: string, page: string): Promise<void> {
  for (const [name, size] of Object.entries({ zoomed, phone, desk })) {
    await v.page.setViewportSize(size);
    const file = `${page.replaceAll(/[^\w]+/g, '-').slice(0, 60)}-${name}.png`;
    await v.page.screenshot({ path: path.join(folder, file), fullPage: true });
  }
}

test('the language is kept by the switch, on every page, and in the cookie', async () => {
  const v = await Visitor.come(browser, town, { scripts: false });
  await v.open('/lookup');
  await v.page.locator('a.language').click();
  expect(v.address).toBe('/lookup?lang=en');
  expect(await v.heading()).toBe('Quick lookup');
  await v.open('/');
  expect(await v.page.getAttribute('html', 'lang')).toBe('en');
  await v.page.locator('a.language').click();
  expect(await v.heading()).toBe('公費疫苗意願登記與預約');
  await v.leave();
});

test('the keyboard alone reaches the skip link, the content and the forms', async () => {
  const v = await Visitor.come(browser, town, { width: 360 });
  await v.open('/lookup');
  await v.page.keyboard.press('Tab');
  expect(await v.page.evaluate(() => document.activeElement?.className)).toContain('govuk-skip-link');
  await v.page.keyboard.press('Enter');
  await v.page.keyboard.press('Tab');
  expect(await v.page.evaluate(() => document.activeElement?.id)).toBe('personNumber');
  await v.leave();
});

test('texts that citizens would have received stand in the inbox of the demonstration', async () => {
  const v = await Visitor.come(browser, town, { scripts: false });
  await v.open('/inbox');
  expect(await v.text()).toContain('還沒有簡訊');
  await v.page.fill('#mobile', '0912345678');
  await v.press('篩選');
  expect(v.address).toBe('/inbox');
  await v.page.fill('#mobile', '12');
  await v.press('篩選');
  expect(await v.page.locator('.govuk-error-summary a').innerText()).toContain('09 開頭');
  await v.leave();
});
