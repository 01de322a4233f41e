/**
 * Signing in with a card: Chromium, the real card bridge, a real reader service and a virtual card. From the
 * environment check, which opens the page, to one's own registration.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';

import type { ReaderProcess } from '../../card-bridge/reader/reader-process';
import { startBridge, type RunningBridge } from '../../card-bridge/server';
import { BridgeHome } from '../../card-bridge/settings';
import { setAccountPassword } from '../../ledger/card-account';
import { findPersonKey } from '../../ledger/person';
import { cardOf } from '../../scripts/card/card-behaviours';
import { cardImage } from '../../scripts/card/card-image';
import type { VirtualCard } from '../../scripts/card/virtual-card';
import { freePort } from '../../scripts/runtime/ports';
import { ReaderDaemon } from '../support/reader-daemon';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

const password = 'k7mzQ2!x';

let town: PagesTown;
let browser: Browser;
let daemon: ReaderDaemon;
let reader: ReaderProcess;
let bridge: RunningBridge;
let home: string;
let person: TownPerson;
let card: VirtualCard | undefined;

beforeAll(async () => {
  const port = await freePort();
  town = await PagesTown.open({ cardBridgeUrl: `http://127.0.0.1:${String(port)}` });
  await town.openRound();
  daemon = await ReaderDaemon.start();
  reader = daemon.readers();
  home = mkdtempSync(path.join(os.tmpdir(), 'yiyue-bridge-'));
  const key = new BridgeHome(home).key();
  bridge = await startBridge({
    ...{ port, origins: [town.address], reader, key, testMode: true, log: () => undefined },
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
