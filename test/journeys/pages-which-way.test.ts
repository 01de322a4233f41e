/** Which way is mine: every end of the questions is reached in a browser, and the answers that help stand there. */
import type { Browser } from 'playwright-core';

import { en } from '../../web/texts/en';
import { zh } from '../../web/texts/zh';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(120_000);

let town: PagesTown;
let browser: Browser;

beforeAll(async () => {
  town = await PagesTown.open();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

test('without scripts, following every answer reaches every end, and back leads to the question before', async () => {
  const v = await Visitor.come(browser, town, { scripts: false, width: 390 });
  const reached = new Set<string>();
  const open: { readonly address: string; readonly from: string }[] = [{ address: '/which-way', from: '/' }];
  for (const { address, from } of open) {
    await v.open(address);
    reached.add(await v.heading());
    expect(await v.page.locator('a.govuk-back-link').getAttribute('href')).toBe(from);
    const next = await v.page
      .locator('.choices a')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    open.push(...next.map((to) => ({ address: to ?? '', from: address })));
  }
  const { questions, ends } = zh.whichWay;
  const titles = [...Object.values(questions), ...Object.values(ends)].map(({ title }) => title);
  expect([...reached].sort()).toEqual(titles.sort());
  await v.leave();
});

test('pressing an answer and going back, by the page and by the browser, asks the same question again', async () => {
  const v = await Visitor.come(browser, town, { scripts: false, width: 390 });
  const { nationality, phone } = zh.whichWay.questions;
  await v.open('/which-way');
  await v.press(nationality.answers.national);
  expect(await v.heading()).toBe(phone.title);
  await v.press('返回');
  expect(await v.heading()).toBe(nationality.title);
  await v.page.goBack();
  expect(await v.heading()).toBe(phone.title);
  await v.leave();
});

test('at a counter, people read what to bring and where the household number stands', async () => {
  const v = await Visitor.come(browser, town, { scripts: false });
  await v.open('/which-way?nationality=national&phone=other&reader=no');
  const text = await v.text();
  for (const item of ['健保卡', '身分證明文件', '戶口名簿', '手機']) expect(text).toContain(item);
  expect(await v.page.locator('svg[role=img]').getAttribute('aria-label')).toBe(zh.help.householdPicture);
  await v.leave();
});

test('an address that somebody has tampered with asks the first question that it leaves open', async () => {
  const v = await Visitor.come(browser, town, { scripts: false });
  await v.open('/which-way?nationality=national&phone=%00&card=nhiCard&card=x');
  expect(await v.heading()).toBe(zh.whichWay.questions.phone.title);
  await v.leave();
});

test('the keyboard alone answers: the choices come in their order after the way back', async () => {
  const v = await Visitor.come(browser, town, { width: 390 });
  await v.open('/which-way');
  await v.page.locator('a.govuk-back-link').focus();
  await v.page.keyboard.press('Tab');
  await v.page.keyboard.press('Tab');
  await v.page.keyboard.press('Enter');
  await v.page.waitForURL(/nationality=foreign/);
  expect(await v.heading()).toBe(zh.whichWay.questions.anyPhone.title);
  await v.leave();
});

test('the questions and answers are all there, each once', async () => {
  const v = await Visitor.come(browser, town, { scripts: false, language: 'en' });
  await v.open('/help');
  const shown = await v.page.locator('main summary').allInnerTexts();
  const all = Object.values(en.help.items).map(({ question }) => question);
  expect([...shown].sort()).toEqual([...all].sort());
  await v.leave();
});

describe('mobile quick authentication', () => {
  const named = (): string => town.address.replace('127.0.0.1', 'localhost');

  async function holder(): Promise<TownPerson & { readonly mobile: string }> {
    const person = await town.person();
    const mobile = `0977${person.cardNumber.slice(-6)}`;
    await town.running.world.ledger.pool.query(
      'update simulated_registry.insured_person set mobile_contract = $1 where card_number = $2',
      [mobile, person.cardNumber],
    );
    return { ...person, mobile };
  }

  async function ask(v: Visitor, mobile: string, personNumber: string): Promise<void> {
    await v.open(`${named()}/app/quick-authentication`);
    await v.page.fill('#mobile', mobile);
    await v.page.fill('#personNumber', personNumber);
    await v.passCaptcha();
    await v.press(zh.quickAuthentication.submit);
  }

  test('a phone on Wi-Fi is told so, with the device code as the way on, without scripts too', async () => {
    const person = await town.person();
    const v = await Visitor.come(browser, town, { scripts: false, width: 390 });
    await v.open(`${named()}/app/quick-authentication`);
    await v.press(zh.quickAuthentication.submit);
    expect(await v.page.locator('.govuk-error-summary li').count()).toBe(2);
    await ask(v, '0900 990 909', person.personNumber);
    expect(await v.heading()).toBe('手機沒有使用這個門號的行動網路');
    expect(await v.text()).toContain('裝置碼');
    expect(await v.page.locator('main a.govuk-button').first().getAttribute('href')).toBe('/app/bind');
    await v.leave();
  });

  test('first time: the carrier confirms, a password is set, and the phone’s own unlock binds it', async () => {
    const person = await holder();
    const v = await Visitor.come(browser, town, { width: 390 });
    const session = await v.page.context().newCDPSession(v.page);
    await session.send('WebAuthn.enable');
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
        ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
    await v.open(`${named()}/app/quick-authentication`);
    expect(await v.barriers()).toEqual([]);
    await ask(v, person.mobile, person.personNumber);
    expect(await v.heading()).toBe(zh.quickAuthentication.confirmedTitle);
    expect(await v.barriers()).toEqual([]);
    await v.page.fill('#cardLastFour', '0000');
    await v.page.fill('#password', 'k7mzQ2x');
    await v.page.fill('#passwordAgain', 'k7mzQ2x');
    await v.press(zh.quickAuthentication.setPassword);
    expect(await v.page.locator('.govuk-error-summary:not([hidden])').innerText()).toContain('還可以試 2 次');
    await v.page.fill('#cardLastFour', person.cardNumber.slice(-4));
    await v.page.fill('#password', 'k7mzQ2x');
    await v.page.fill('#passwordAgain', 'k7mzQ2x');
    await v.press(zh.quickAuthentication.setPassword);
    expect(await v.text()).toContain(zh.quickAuthentication.passwordSet);
    expect(await v.text()).toContain(zh.quickAuthentication.unlock);
    expect(await v.barriers()).toEqual([]);
    expect(await v.scrollsSideways()).toBe(false);
    await v.page.fill('#deviceName', '媽媽的手機');
    await v.page.getByRole('button', { name: zh.quickAuthentication.bind }).click();
    await v.page.getByRole('heading', { name: zh.app.boundTitle }).waitFor();
    expect(await v.barriers()).toEqual([]);
    expect(v.complaints).toEqual([]);
    // The carrier's word is used up.
    await v.open(`${named()}/app/quick-authentication/phone`);
    const { rows } = await town.running.world.ledger.pool.query(
      `select bound_by from bound_device where removed_at is null`,
    );
    expect(rows).toEqual([{ bound_by: 'mobileQuick' }]);
    await v.leave();
  });
});
