/**
 * Signing in with a card: Chromium, the real card bridge, a real reader service and a virtual card. From the
 * environment check, which opens the page, to one's own registration.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';

import type { ReaderProcess } from '../../card-bridge/reader/reader-process';
import { startBridge, type RunningBridge } from '../../card-bridge/server';
import { BridgeHome } from '../../card-bridge/settings';
import { createHttpCrl } from '../../gateways/certificate-revocation/http-crl';
import { setAccountPassword } from '../../ledger/card-account';
import { findPersonKey } from '../../ledger/person';
import { cardOf } from '../../scripts/card/card-behaviours';
import { cardImage } from '../../scripts/card/card-image';
import type { VirtualCard } from '../../scripts/card/virtual-card';
import { freePort } from '../../scripts/runtime/ports';
import { CertificateAuthority } from '../builders/certificate-authority';
import { ReaderDaemon } from '../support/reader-daemon';
import { SoftwareToken } from '../support/software-token';
import { barriersOf, startBrowser, Visitor } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

const password = 'k7mzQ2!x';

let town: PagesTown;
let browser: Browser;
let daemon: ReaderDaemon;
let reader: ReaderProcess;
let bridge: RunningBridge;
let authority: CertificateAuthority;
let token: SoftwareToken;
const logged: string[] = [];
let home: string;
let person: TownPerson;
let card: VirtualCard | undefined;

beforeAll(async () => {
  const port = await freePort();
  authority = await CertificateAuthority.found();
  town = await PagesTown.open(
    { cardBridgeUrl: `http://127.0.0.1:${String(port)}` },
    { certificateAuthorities: { trust: authority.trust, revocation: createHttpCrl() } },
  );
  await town.openRound();
  daemon = await ReaderDaemon.start();
  token = new SoftwareToken();
  reader = daemon.readers();
  home = mkdtempSync(path.join(os.tmpdir(), 'yiyue-bridge-'));
  const key = new BridgeHome(home).key();
  bridge = await startBridge({
    ...{ port, origins: [town.address], reader, key, testMode: true, log: (event) => logged.push(event) },
    token: token.access(),
  });
  browser = await startBrowser();
  person = await town.person({ birthDate: '1969-05-04' });
  await register(person);
});
afterAll(async () => {
  await browser?.close();
  await card?.remove();
  await bridge?.close();
  await reader?.stop();
  await daemon?.stop();
  await town?.close();
  await authority?.close();
  token?.close();
  rmSync(home, { recursive: true, force: true });
});

/** The person's card is registered, at a counter say. */
async function register({ personNumber, cardNumber, name }: TownPerson): Promise<void> {
  const { ledger } = town.running.world;
  await town.running.signIn({ personNumber, cardNumber, name });
  const personKey = (await findPersonKey(ledger, personNumber)) ?? '';
  const context = town.running.world.acting(personKey);
  const set = await setAccountPassword(ledger, context, { password, by: 'counter' });
  expect(set.ok).toBe(true);
}

const imageOf = ({ personNumber, cardNumber, name }: TownPerson) =>
  cardImage({
    personNumber,
    cardNumber,
    name,
    birthDate: '1969-05-04',
    sex: 'female',
    issuedOn: '2020-01-02',
  });

const line = (v: Visitor, name: string) => v.page.locator(`[data-check="${name}"]`);

test('the check says what is missing, opens the page once all is there, and the card and password let in', async () => {
  const v = await Visitor.come(browser, town, { width: 390 });
  await v.open('/sign-in/card');
  expect(v.address).toBe('/environment?way=card&next=registration');
  await v.page.locator('[data-check="card"].check--failed').waitFor();
  expect(await line(v, 'card').innerText()).toContain('讀卡機裡沒有卡片');
  expect(await line(v, 'bridge').innerText()).toContain('通過');
  expect(await line(v, 'clock').innerText()).toContain('通過');
  expect(await v.page.locator('[data-check-go]').isHidden()).toBe(true);
  expect(await v.barriers()).toEqual([]);

  card = await daemon.insert(cardOf('new', imageOf(person)));
  await v.page.locator('[data-check-go]').waitFor();
  expect(await v.page.locator('.check--passed').count()).toBe(6);
  expect(await v.barriers()).toEqual([]);
  expect(await v.scrollsSideways()).toBe(false);
  // The button has the focus by now: the keyboard alone goes on.
  await v.page.keyboard.press('Enter');
  await v.page.waitForURL('**/sign-in/card**');
  await v.page.getByText('已偵測到卡片，可以讀取。').waitFor();
  expect(await v.barriers()).toEqual([]);

  await v.page.fill('#personNumber', person.personNumber);
  await v.page.fill('#password', 'autumn12');
  await v.page.keyboard.press('Enter');
  await v.page.locator('.govuk-error-summary').waitFor();
  expect(await v.text()).toContain('還沒註冊過健保卡，或忘記密碼');
  expect(await v.page.inputValue('#password')).toBe('');

  await v.page.fill('#password', password);
  await v.page.keyboard.press('Enter');
  await v.page.waitForURL('**/registration**');
  expect(await v.page.locator('[data-session]').count()).toBe(1);
  expect(v.complaints).toEqual([]);
  await v.leave();
});

test('another person’s number, a card without an account and a forged card read one and the same answer', async () => {
  const stranger = await town.person({ birthDate: '1969-05-04' });
  const v = await Visitor.come(browser, town, { language: 'en' });
  await v.open('/environment?way=card');
  const texts: string[] = [];
  for (const [holder, typed] of [
    [person, stranger],
    [stranger, stranger],
    [{ ...person, cardNumber: '999999999999' }, person],
  ] as const) {
    await card?.remove();
    card = await daemon.insert(cardOf('old', imageOf(holder)));
    await v.open('/environment?way=card');
    await v.page.locator('[data-check-go]').waitFor();
    await v.page.locator('[data-check-go]').click();
    await v.page.fill('#personNumber', typed.personNumber);
    await v.page.fill('#password', password);
    await v.page.keyboard.press('Enter');
    await v.page.locator('.govuk-error-summary').waitFor();
    texts.push(await v.page.locator('.govuk-error-summary').innerText());
  }
  expect(new Set(texts).size).toBe(1);
  await v.leave();
});

test('a card that is pulled, or is no NHI card, is told in plain words where it matters', async () => {
  const v = await Visitor.come(browser, town);
  await card?.remove();
  card = await daemon.insert(cardOf('other', imageOf(person)));
  await v.open('/environment?way=card');
  await v.page.locator('[data-check-go]').click();
  await v.page.fill('#personNumber', person.personNumber);
  await v.page.fill('#password', password);
  await v.page.keyboard.press('Enter');
  await v.page.getByText('這不是健保卡').waitFor();
  await card.remove();
  card = undefined;
  await v.page.getByText('讀卡機裡沒有卡片').first().waitFor();
  await v.page.keyboard.press('Tab');
  await v.leave();
});

test('a certificate card signs after its PIN, which is typed on the bridge’s own page alone', async () => {
  const v = await Visitor.come(browser, town, { width: 390 });
  token.remove();
  await v.open('/sign-in/certificate?next=booking');
  expect(v.address).toBe('/environment?way=certificate&next=booking');
  await v.page.locator('[data-check="card"].check--failed').waitFor();
  expect(await line(v, 'card').innerText()).toContain('讀卡機裡沒有自然人憑證');
  expect(await v.barriers()).toEqual([]);

  const { certificate, privateKey } = await authority.card({
    ...{ name: person.name, idLastFour: person.personNumber.slice(-4), rsa: true },
  });
  token.insert('246810', { certificate: Buffer.from(certificate.rawData), privateKey });
  await v.press('重新檢測');
  await v.page.locator('[data-check-go]').waitFor();
  await v.page.locator('[data-check-go]').press('Enter');
  await v.page.waitForURL('**/sign-in/certificate**');
  expect(await v.barriers()).toEqual([]);
  expect(await v.scrollsSideways()).toBe(false);

  await v.page.fill('#personNumber', person.personNumber);
  await v.page.keyboard.press('Enter');
  const open = v.page.getByRole('button', { name: '開啟 PIN 碼視窗' });
  await open.waitFor();
  expect(await v.barriers()).toEqual([]);
  const [pinWindow] = await Promise.all([v.context.waitForEvent('page'), open.press('Enter')]);
  await pinWindow.waitForLoadState('load');
  expect(new URL(pinWindow.url()).origin).toBe(bridge.url);
  expect(await pinWindow.locator('main').innerText()).toContain(town.address);
  expect(await barriersOf(pinWindow)).toEqual([]);
  await pinWindow.fill('#pin', '111111');
  await pinWindow.keyboard.press('Enter');
  await pinWindow.getByText('PIN 碼不正確。').waitFor();
  await pinWindow.fill('#pin', '246810');
  await pinWindow.keyboard.press('Enter');
  await pinWindow.getByText('卡片已經簽章').waitFor();
  await v.page.waitForURL('**/booking**');
  expect(logged.join(' ')).not.toContain('246810');
  expect(v.complaints).toEqual([]);
  await v.leave();
});

test('who does not sign, locks the card or types another number reads why on the page that asked', async () => {
  const v = await Visitor.come(browser, town);
  await v.open('/environment?way=certificate');
  await v.page.locator('[data-check-go]').click();
  const sign = async (number: string): Promise<Page> => {
    await v.page.fill('#personNumber', number);
    await v.page.getByRole('button', { name: '以自然人憑證簽章' }).click();
    const open = v.page.getByRole('button', { name: '開啟 PIN 碼視窗' });
    const [pinWindow] = await Promise.all([v.context.waitForEvent('page'), open.click()]);
    await pinWindow.waitForLoadState('load');
    return pinWindow;
  };
  const declined = await sign(person.personNumber);
  await declined.getByRole('button', { name: '不簽章' }).click();
  await v.page.getByText('您沒有簽章').waitFor();

  const stranger = await town.person();
  const other = await sign(stranger.personNumber);
  await other.fill('#pin', '246810');
  await other.keyboard.press('Enter');
  await v.page.locator('.govuk-error-summary').waitFor();
  expect(await v.text()).toContain('證號與自然人憑證不符');

  const locking = await sign(person.personNumber);
  for (const [wrong, said] of [
    ['111111', 'PIN 碼不正確。'],
    ['222222', '只剩 1 次機會'],
    ['333333', '卡片已經鎖住'],
  ] as const) {
    await locking.fill('#pin', wrong);
    await locking.keyboard.press('Enter');
    await locking.getByText(said).waitFor();
  }
  await v.page.getByText('卡片已經鎖住').waitFor();
  await v.leave();
});

test('a card is read for its account by the same bridge, after the same check', async () => {
  const applicant = await town.person({ birthDate: '1969-05-04' });
  await card?.remove();
  card = await daemon.insert(cardOf('new', imageOf(applicant)));
  const v = await Visitor.come(browser, town, { width: 390 });
  await v.open('/account/card/read?for=application');
  expect(v.address).toContain('/environment?way=card');
  await v.page.getByText('讀取健保卡之前').waitFor();
  await v.page.locator('[data-check-go]').waitFor();
  expect(await v.barriers()).toEqual([]);
  await v.page.locator('[data-check-go]').press('Enter');
  await v.page.waitForURL('**/account/card/read?for=application');
  await v.page.getByText('已偵測到卡片').waitFor();
  expect(await v.barriers()).toEqual([]);
  await v.page.getByRole('button', { name: '讀取健保卡' }).press('Enter');
  await v.page.waitForURL('**/account/card/application');
  expect(await v.page.locator('#householdNumber').count()).toBe(1);
  expect(v.complaints).toEqual([]);

  // Another kind of card is told where it was to be read.
  await card.remove();
  await v.open('/account/card/read?for=forgotten');
  await v.page.getByText('讀卡機裡沒有卡片').waitFor();
  card = await daemon.insert(cardOf('professional', imageOf(applicant)));
  await v.page.getByText('已偵測到卡片').waitFor();
  await v.page.getByRole('button', { name: '讀取健保卡' }).click();
  await v.page.getByText('這是醫事人員卡').waitFor();
  await v.leave();
});

test('without a bridge, and without scripts, the page says what to do and leads to the other ways', async () => {
  await bridge.close();
  const v = await Visitor.come(browser, town);
  await v.open('/environment?way=card');
  await v.page.locator('[data-check="bridge"].check--failed').waitFor();
  expect(await line(v, 'bridge').innerText()).toContain('請確認讀卡程式已安裝並啟動');
  expect(await v.page.locator('[data-check-go]').isHidden()).toBe(true);
  await v.leave();

  const plain = await Visitor.come(browser, town, { scripts: false });
  await plain.open('/environment?way=card');
  expect(await plain.text()).toContain('插卡登入需要瀏覽器開啟 JavaScript');
  expect(await plain.text()).toContain('身分證號');
  await plain.leave();
});

test('the check of the app’s way needs no script and opens its page', async () => {
  const v = await Visitor.come(browser, town, { scripts: false, width: 390 });
  await v.open('/environment?way=app');
  expect(await v.page.locator('.check--passed').count()).toBe(2);
  await v.press('系統檢查完畢，前往身分驗證頁面');
  expect(v.address).toBe('/sign-in/app?next=registration');
  await v.leave();
});
