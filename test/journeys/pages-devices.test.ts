/** A phone from binding to removal, by a real browser: its virtual authenticator is the phone's own unlock. */
import type { Browser, Page } from 'playwright-core';

import { setAccountPassword } from '../../ledger/card-account';
import { findPersonKey } from '../../ledger/person';
import { eventually } from '../support/eventually';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(120_000);

let town: PagesTown;
let browser: Browser;

beforeAll(async () => {
  town = await PagesTown.open();
  await town.rankedRound();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

/** Passkeys need a name: browsers make none for a bare address. */
const named = (): string => town.address.replace('127.0.0.1', 'localhost');

/** Gives the browser the unlock of a phone, by Chromium's virtual authenticator. */
async function withUnlock(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
}

/** Somebody at a computer; `byCard` as if they had put their card into a reader. */
async function atComputer(person: TownPerson, byCard = true): Promise<Visitor> {
  const visitor = await Visitor.come(browser, town, { width: 1280, scripts: false });
  await visitor.open(`${named()}/registration`);
  await visitor.signIn(person);
  if (byCard) {
    await town.running.world.ledger.pool.query(
      `update sign_in set method = 'card-password' where session_id = (
        select session_id from sign_in order by at desc limit 1)`,
    );
  }
  return visitor;
}

async function deviceCode(computer: Visitor): Promise<string> {
  await computer.open(`${named()}/account/devices`);
  await computer.press('產生裝置碼');
  return computer.page.locator('.device-code__text').innerText();
}

test('bound by a scanned code, the phone’s unlock signs in, its code lets a computer in, and removed it lets nobody in', async () => {
  const person = await town.person();
  const computer = await atComputer(person);
  const code = await deviceCode(computer);
  expect(code).toMatch(/^[A-Za-z2-9]{8}$/);
  expect(await computer.text()).toMatch(/有效時間至 .*\d\d:\d\d:\d\d/);
  expect(await computer.scrollsSideways()).toBe(false);

  const phone = await Visitor.come(browser, town, { width: 390 });
  await withUnlock(phone.page);
  await phone.open(`${named()}/app/bind#${code}`);
  await phone.page.locator('form[data-binding]').waitFor();
  expect(await phone.page.inputValue('#code')).toBe(code);
  expect(phone.page.url()).toBe(`${named()}/app/bind`);
  await phone.page.fill('#deviceName', '媽媽的手機');
  expect(await phone.barriers()).toEqual([]);
  await phone.page.getByRole('button', { name: '綁定', exact: true }).click();
  await phone.page.getByRole('heading', { name: '綁定完成' }).waitFor();
  await phone.press('前往登入');
  expect(await phone.barriers()).toEqual([]);
  await phone.page.getByRole('button', { name: '以手機解鎖登入' }).click();
  await phone.page.locator('.ways a[href="/app/otp"]').waitFor();
  expect(await phone.text()).toContain(person.personNumber.slice(0, 6));
  expect(await phone.text()).not.toContain('您非本期開放登記對象');
  expect(await phone.barriers()).toEqual([]);

  await phone.open(`${named()}/app/otp`);
  await phone.press('產生認證碼');
  const otp = (await phone.page.locator('.otp__digits [aria-hidden]').innerText()).replace(/\s/g, '');
  expect(otp).toMatch(/^\d{6}$/);
  expect(await phone.page.locator('[data-left]').innerText()).toMatch(/^剩下 [23]:\d\d。$/);
  expect(await phone.scrollsSideways()).toBe(false);
  expect(await phone.barriers()).toEqual([]);

  const other = await Visitor.come(browser, town, { scripts: false });
  await other.openAfterCheck('/sign-in/app?next=booking');
  const enter = async (typed: string): Promise<void> => {
    await other.page.fill('#personNumber', person.personNumber);
    await other.page.fill('#otp', typed);
    await other.passCaptcha();
    await other.press('確認身分');
  };
  await enter(String((Number(otp) + 1) % 1_000_000).padStart(6, '0'));
  expect(await other.page.locator('.govuk-error-summary').innerText()).toContain('認證碼無法確認身分');
  // Whoever cannot have the code finds another way on the same page.
  expect(await other.page.locator('.other-ways a').first().innerText()).toContain('健保卡卡號');
  await enter(`${otp.slice(0, 3)} ${otp.slice(3)}`);
  expect(other.address).toBe('/booking');

  for (const address of ['/app/card', '/app/messages', '/registration']) {
    await phone.open(`${named()}${address}`);
    expect(await phone.barriers()).toEqual([]);
    expect(await phone.page.locator('.nav a').first().getAttribute('href')).toBe('/app');
  }
  await phone.open(`${named()}/app/card`);
  expect((await phone.text()).replace(/\s/g, '')).toContain(person.cardNumber);

  await phone.open(`${named()}/app/otp`);
  await phone.press('產生認證碼');
  const late = (await phone.page.locator('.otp__digits [aria-hidden]').innerText()).replace(/\s/g, '');
  await computer.open(`${named()}/account/devices`);
  expect(await computer.text()).toContain('媽媽的手機');
  await computer.press(/改名或移除/);
  await computer.page.fill('#deviceName', '');
  await computer.press('改名稱');
  expect(await computer.page.locator('.govuk-error-summary').innerText()).toContain('請輸入裝置名稱');
  await computer.press('移除裝置');
  expect(await computer.text()).toContain('目前沒有綁定的裝置');

  await other.press('登出');
  await other.openAfterCheck('/sign-in/app');
  await enter(late);
  expect(await other.page.locator('.govuk-error-summary').innerText()).toContain('認證碼無法確認身分');
  // Pages believe for a second that a session was not ended elsewhere.
  const headingAgain = async (): Promise<string> => {
    await phone.open(`${named()}/app/otp`);
    return phone.heading();
  };
  await eventually(headingAgain, (heading) => heading === '您已經登出');
  await phone.press('重新登入');
  expect(phone.address).toBe('/app?next=app%2Fotp');
  await phone.page.getByRole('button', { name: '以手機解鎖登入' }).click();
  await phone.page.getByRole('heading', { name: '這支裝置的綁定已移除' }).waitFor();
  expect([...phone.complaints, ...computer.complaints, ...other.complaints]).toEqual([]);
  for (const visitor of [phone, computer, other]) await visitor.leave();
});

test('without an unlock a key of the browser signs in with number and password; offline the app says so and shows nobody’s page', async () => {
  const outsider = await town.person({ name: '甄遠方' });
  const computer = await atComputer(outsider);
  const { ledger } = town.running.world;
  const code = await deviceCode(computer);
  const personKey = (await findPersonKey(ledger, outsider.personNumber)) ?? '';
  const set = await setAccountPassword(ledger, town.running.world.acting(personKey), {
    ...{ password: 'k7mzQ2!x', by: 'counter' },
  });
  expect(set.ok).toBe(true);
  await ledger.pool.query(`update person set priority_groups = '{1}' where person_key = $1`, [personKey]);

  const phone = await Visitor.come(browser, town, { width: 390 });
  await phone.open('/app/bind');
  await phone.page.fill('#code', code.toLowerCase() === code ? code.toUpperCase() : code.toLowerCase());
  await phone.page.getByRole('button', { name: '綁定', exact: true }).click();
  await phone.page.getByRole('heading', { name: '裝置碼不正確' }).waitFor();
  await phone.page.fill('#code', code);
  await phone.page.getByRole('button', { name: '綁定', exact: true }).click();
  await phone.page.getByRole('heading', { name: '綁定完成' }).waitFor();
  await phone.press('前往登入');
  await phone.page.fill('#personNumber', outsider.personNumber);
  await phone.page.fill('#password', 'wrong-1');
  await phone.page.getByRole('button', { name: '登入', exact: true }).click();
  await phone.page.locator('.govuk-error-summary a').waitFor();
  expect(await phone.page.locator('.govuk-error-summary').first().innerText()).toContain('無法登入 APP');
  await phone.page.fill('#password', 'k7mzQ2!x');
  await phone.page.getByRole('button', { name: '登入', exact: true }).click();
  await phone.page.locator('.ways a[href="/app/otp"]').waitFor();
  expect(await phone.text()).toContain('您非本期開放登記對象');

  await phone.page.evaluate(() => navigator.serviceWorker.ready);
  await phone.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  const kept = await phone.page.evaluate(async () => {
    const found: string[] = [];
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
    }
    return found;
  });
  expect(kept.filter((address) => !address.startsWith('/assets/'))).toEqual(['/app/offline']);
  await phone.context.setOffline(true);
  await phone.open('/app/otp').catch(() => undefined);
  expect(await phone.heading()).toBe('目前沒有網路連線');
  expect(await phone.text()).not.toContain(outsider.personNumber.slice(0, 6));
  await phone.context.setOffline(false);
  const complaints = phone.complaints.filter((line) => !line.includes('ERR_INTERNET_DISCONNECTED'));
  expect([...complaints, ...computer.complaints]).toEqual([]);
  await phone.leave();
  await computer.leave();
});

test('a computer that came in by knowing numbers is led to the card for a device code', async () => {
  const computer = await atComputer(await town.person(), false);
  await computer.open(`${named()}/account/devices`);
  await computer.press('產生裝置碼');
  expect(await computer.heading()).toBe('請改用健保卡或自然人憑證登入');
  await computer.leave();
});
