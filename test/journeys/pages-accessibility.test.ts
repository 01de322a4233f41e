/** Every page, in both languages, on a phone and on a desk: no barrier that a program can find, nothing cut off. */
import type { Browser } from 'playwright-core';

import { startSmsSimulator, type SmsSimulator } from '../../gateways/sms/simulator';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown } from './pages-world';

jest.setTimeout(300_000);

let town: PagesTown;
let browser: Browser;
let sms: SmsSimulator;

beforeAll(async () => {
  sms = await startSmsSimulator({});
  town = await PagesTown.open({ smsInboxUrl: sms.inboxUrl });
  await town.rankedRound();
  await town.sites(await town.openRound());
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
  await sms.close();
});

const words = {
  zh: {
    next: '繼續',
    send: '確認送出',
    book: '確認預約',
    change: '修改登記',
    confirm: '確認身分',
    cancel: '是，取消預約',
  },
  en: {
    next: 'Continue',
    send: 'Send registration',
    book: 'Book it',
    change: /^Change$/,
    confirm: 'Confirm',
    cancel: 'Yes, cancel it',
  },
} as const;

/** A phone and a desk: each page is looked at in both, without coming to it twice. */
const widths = [360, 1280] as const;

describe.each(['zh', 'en'] as const)('in %s on a phone and on a desk', (language) => {
  test('no page has a barrier, none scrolls sideways, none breaks the content policy', async () => {
    const v = await Visitor.come(browser, town, { language, width: widths[0] });
    const say = words[language];
    const found: Record<string, readonly string[]> = {};
    const look = async (name: string): Promise<void> => {
      const lang = await v.page.getAttribute('html', 'lang');
      const all = lang === (language === 'zh' ? 'zh-Hant-TW' : 'en') ? [] : [`lang is ${lang ?? 'missing'}`];
      for (const width of widths) {
        await v.widen(width);
        all.push(...(await v.barriers()).map((barrier) => `${barrier} at ${String(width)}`));
        if (await v.scrollsSideways()) all.push(`scrolls sideways at ${String(width)}`);
      }
      if (all.length > 0) found[name] = all;
    };

    for (const page of [
      '/',
      '/lookup',
      '/accessibility',
      '/privacy',
      '/inbox',
      '/nowhere',
      '/session/ended',
      '/session/left',
      '/sign-in/birth-date',
      '/environment?way=app',
      '/app',
      '/app/bind',
      '/app/offline',
    ]) {
      await v.open(page);
      await look(page);
    }
    await v.openAfterCheck('/sign-in/app');
    await look('/sign-in/app');
    await v.open('/registration');
    await look('sign-in');
    await v.press(say.confirm);
    await look('sign-in with errors');
    await v.signIn(await town.person());
    await look('mobile');
    await v.press(say.next);
    await look('mobile with an error');
    await v.page.fill('#mobile', '0912345678');
    await v.press(say.next);
    await look('county');
    await v.page.selectOption('#county', '63000');
    await v.press(say.next);
    await look('district');
    await v.page.selectOption('#district', '63000030');
    await v.press(say.next);
    await look('products');
    await v.press(say.next);
    await look('check');
    await v.press(say.send);
    await look('result');
    await v.press(say.change);
    await look('check of a change');
    for (const page of [
      '/registration/withdraw',
      '/registration/settlements',
      '/session/ending?return=/registration',
      '/account/sign-ins',
      '/account/devices',
      '/account/devices/code',
      '/account/family',
      '/account/family/elder',
      '/appointment',
      '/booking',
    ]) {
      await v.open(page);
      await look(page);
    }
    await v.page.locator('main a.govuk-button').first().click();
    await look('booking: county');
    await v.page.locator('.choices a').first().click();
    await look('booking: district');
    await v.page.locator('.choices a').nth(1).click();
    await look('booking: site');
    await v.page.locator('.sites__site a').first().click();
    await look('booking: time');
    await v.page.locator('main .day button.slot').nth(2).click();
    await look('booking: check');
    await v.press(say.book);
    await look('appointment, just booked');
    for (const page of [
      '/appointment',
      '/appointment/print',
      '/appointment/cancel',
      '/booking',
      '/appointment/move',
    ]) {
      await v.open(page);
      await look(page);
    }
    await v.page.locator('main .day button.slot').nth(5).click();
    await look('move: check');
    await v.open('/appointment/cancel');
    await v.press(say.cancel);
    await look('appointment, cancelled');

    expect(found).toEqual({});
    expect(v.complaints).toEqual([]);
    await v.leave();
  });
});

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
