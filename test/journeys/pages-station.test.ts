/** At a store's kiosk, by touch and with the card in; and with the county's hotline, for somebody without one. */
import type { Browser } from 'playwright-core';

import { enrolStation } from '../../ledger/station';
import { designateStaff } from '../../ledger/station-staff';
import { PretendedBridge } from './pages-bridge';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown } from './pages-world';

jest.setTimeout(120_000);

const place = { nameZh: '安和門市', nameEn: 'Anhe Store', districtCode: '63000030' };
/** Not the usual one: the pages have to be told. */
const bridgeAddress = 'http://127.0.0.1:18777';

let town: PagesTown;
let browser: Browser;
let kioskKey: string;
let pharmacyKey: string;
let hotlineKey: string;
let staffKey: string;

beforeAll(async () => {
  town = await PagesTown.open({ stationBridgeUrl: bridgeAddress });
  await town.sites(await town.openRound());
  await town.rankedRound();
  const { db } = town.running.world.ledger;
  kioskKey = (
    await enrolStation(db, { stationId: 'kiosk-1', kind: 'storeKiosk', chain: 'familyMart', ...place })
  ).key;
  pharmacyKey = (await enrolStation(db, { stationId: 'pharmacy-1', kind: 'pharmacy', ...place })).key;
  hotlineKey = (await enrolStation(db, { stationId: 'line-1', kind: 'hotline', ...place })).key;
  staffKey = await designateStaff(db, 'line-1', 'lin');
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

/** A screen of 1080 × 1920 that was set up with the station's key. */
async function kiosk(key: string): Promise<{ v: Visitor; bridge: PretendedBridge }> {
  const v = await Visitor.come(browser, town, { width: 1080 });
  await v.page.setViewportSize({ width: 1080, height: 1920 });
  const bridge = new PretendedBridge(town.address, bridgeAddress);
  await bridge.beside(v);
  await v.open('/station');
  await v.page.fill('#stationKey', key);
  await v.press('啟用');
  await v.page.getByRole('heading', { name: '請插入健保卡' }).waitFor();
  return { v, bridge };
}

/** What is pressed on this page and is smaller than 64 pixels either way. */
const tooSmall = ({ page }: Visitor): Promise<readonly string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('a[href], button, input:not([type=hidden]), select')]
      .filter((element) => element.checkVisibility() && !element.classList.contains('govuk-skip-link'))
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.height < 63.5 || box.width < 63.5))
      .map(
        ({ element, box }) =>
          `${element.outerHTML.slice(0, 90)} ${Math.round(box.width)}×${Math.round(box.height)}`,
      ),
  );

test('at a kiosk the card opens the person’s own service; a store books, prints, and cancels nothing', async () => {
  const { v, bridge } = await kiosk(kioskKey);
  const found: Record<string, readonly string[]> = {};
  const look = async (name: string): Promise<void> => {
    const all = [
      ...(await v.barriers()),
      ...(await tooSmall(v)),
      ...((await v.scrollsSideways()) ? ['scrolls sideways'] : []),
    ];
    if (all.length > 0) found[name] = all;
  };
  await look('waiting for a card');
  expect(await v.text()).toContain('這裡不受理取消');
  const person = await town.person();
  bridge.insert(person);
  await v.page.waitForURL('**/station/menu');
  expect(await v.page.locator('.tiles a').allInnerTexts()).not.toContainEqual(
    expect.stringContaining('取消'),
  );
  await look('menu');
  await v.press('預約接種');
  await look('what may be booked');
  await v.page.locator('main a.govuk-button').first().click();
  await v.page.locator('.choices a').first().waitFor();
  await look('county');
  await v.page.locator('.choices a', { hasText: '臺北市' }).click();
  await v.page.locator('.choices a', { hasText: '大安區' }).click();
  await look('site');
  await v.page.locator('.sites__site a').first().click();
  await look('time');
  await v.page.locator('main .day button.slot').nth(2).click();
  await v.page.fill('#mobile', '0912345678');
  await look('check');
  await v.press('確認預約');
  expect(await v.text()).toContain('這裡不受理取消');
  await look('booked');
  expect(await v.page.getByRole('link', { name: '取消預約' }).count()).toBe(0);
  await v.press('列印預約單');
  await look('slip');
  const slip = await v.text();
  expect(slip).toContain('09*****678');
  expect(slip).not.toMatch(new RegExp(`0912345678|${person.personNumber}|${person.name}`));
  await v.open('/appointment/cancel');
  expect(await v.heading()).toBe('這裡不受理取消');
  await look('refused');
  expect(found).toEqual({});

  // Taking the card out ends it; what is left is the screen for the next one.
  bridge.remove();
  await v.page.waitForURL('**/station?ended=finished*');
  expect(await v.text()).toContain('已結束，請取回健保卡');
  await v.page.goBack();
  await v.page.waitForURL(/\/station(\?|$)/);
  await v.open('/appointment');
  expect(v.address).toBe('/station');
  expect(v.complaints).toEqual([]);
  await v.leave();
});

test('a pharmacy cancels; after a while without an act the screen asks, and then clears itself', async () => {
  const { v, bridge } = await kiosk(pharmacyKey);
  bridge.insert(await town.person());
  await v.page.waitForURL('**/station/menu');
  expect(await v.page.locator('.tiles a').allInnerTexts()).toContainEqual(
    expect.stringContaining('取消預約'),
  );
  const seconds = Number(await v.page.locator('[data-session]').getAttribute('data-seconds'));
  expect(seconds).toBeGreaterThan(80);
  expect(seconds).toBeLessThanOrEqual(90);
  await v.waitWithoutActing(town, 1.1);
  await v.open('/session/remaining');
  expect(Number(/\d+/.exec(await v.page.locator('body').innerText())?.[0])).toBeLessThan(30);
  await v.open('/appointment');
  await v.waitWithoutActing(town, 1.1);
  await v.open('/session/ending?return=/appointment');
  // The dialog of the script and the page of those without one say the same.
  expect(await v.text()).toContain('按「繼續使用」就可以接著辦');
  await v.page.locator('dialog button').click();
  await v.page.locator('dialog').waitFor({ state: 'detached' });
  await v.waitWithoutActing(town, 1.6);
  await v.open('/appointment');
  expect(v.address).toMatch(/^\/station\?ended=over/);
  expect(await v.text()).toContain('畫面已清除');
  await v.leave();
});

test('a card that is not in use, and a bridge that is away, are told at the kiosk in words', async () => {
  const { v, bridge } = await kiosk(kioskKey);
  const person = await town.person();
  bridge.insert({ ...person, cardNumber: '000000000000' });
  await v.page.locator('[data-station-state]', { hasText: '無法確認您的資料' }).waitFor();
  expect(await v.page.getByRole('button', { name: '再試一次' }).isVisible()).toBe(true);
  bridge.remove();
  bridge.insert(person);
  await v.page.waitForURL('**/station/menu');
  await v.leave();
});

test('the hotline registers for somebody without a card, reads it back, and the person is told', async () => {
  const v = await Visitor.come(browser, town);
  await v.open('/station/assisted');
  await v.page.fill('#stationKey', hotlineKey);
  await v.press('啟用');
  expect(v.address).toBe('/station/assisted');
  expect(await v.barriers()).toEqual([]);
  await v.page.fill('#staffKey', 'wrong');
  await v.press('開始值班');
  expect(await v.page.locator('.govuk-error-summary a').innerText()).toContain('代碼不正確');
  await v.page.fill('#staffKey', staffKey);
  await v.press('開始值班');
  expect(await v.barriers()).toEqual([]);
  await v.press('查詢');
  expect(await v.page.locator('.govuk-error-summary a').allInnerTexts()).toEqual([
    '請選擇原因',
    expect.stringContaining('證號'),
  ]);
  const person = await town.person({ name: '周玉蘭' });
  await v.page.check('#reason-3');
  await v.page.fill('#personNumber', person.personNumber);
  await v.page.fill('#birthDate-year', '58');
  await v.page.fill('#birthDate-month', '5');
  await v.page.fill('#birthDate-day', '4');
  await v.press('查詢');
  expect(await v.heading()).toBe('查到 1 人');
  expect(await v.text()).toContain('周○蘭');
  expect(await v.page.content()).not.toMatch(new RegExp(`${person.personNumber}|周玉蘭`));
  expect(await v.barriers()).toEqual([]);
  await v.press(/替這位民眾辦理/);
  expect(await v.page.locator('.strip--notice').innerText()).toContain(
    '人員 lin　原因：看不到或不便操作螢幕',
  );
  await v.press(/意願登記/);
  await v.page.fill('#mobile', '0912345678');
  await v.press('繼續');
  await v.page.selectOption('#county', '63000');
  await v.press('繼續');
  await v.page.selectOption('#district', '63000030');
  await v.press('繼續');
  await v.press('繼續');
  expect(await v.page.locator('.read-back').innerText()).toMatch(
    /請念給民眾聽[\s\S]*0912 345 678[\s\S]*臺北市大安區/,
  );
  expect(await v.barriers()).toEqual([]);
  // A form that nobody confirmed to have read out does nothing, whatever sent it.
  await v.press('確認送出');
  expect(await v.heading()).toBe('尚未向民眾覆誦');
  await v.press('回到要念的內容');
  expect(v.address).toBe('/registration/check');
  await v.page.check('#readBack');
  await v.press('確認送出');
  expect(await v.heading()).toContain('完成');
  await v.press('修改登記');
  // What is on record stands nowhere in the page, and stays as it is when nobody types another.
  expect(await v.text()).toContain('09*****678');
  expect(await v.page.content()).not.toMatch(/0912\s?345\s?678/);
  await v.page.check('#readBack');
  await v.press('確認修改');
  expect(await v.heading()).toContain('完成');
  await v.press('修改登記');
  await v.open('/registration/mobile?then=check');
  expect(await v.page.inputValue('#mobile')).toBe('');
  expect(await v.text()).toContain('09*****678');
  await v.press('結束代辦');
  expect(v.address).toMatch(/^\/station\/assisted/);
  const { rows } = await town.running.world.ledger.pool.query<{ act: string }>(
    `select distinct act from audit_entry where channel = 'station:line-1/staff:lin' order by act`,
  );
  expect(rows.map(({ act }) => act)).toEqual(['beginAssistance', 'lookUp', 'register']);
  const texts = await town.running.world.ledger.pool.query(
    `select purpose from text_message where purpose in ('assistedAct', 'registrationReceived') order by 1`,
  );
  expect(texts.rows).toEqual([{ purpose: 'assistedAct' }, { purpose: 'registrationReceived' }]);
  await v.open('/registration');
  expect(v.address).toMatch(/^\/station\/assisted/);
  await v.leave();
});
