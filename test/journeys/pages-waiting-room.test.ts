/** The line before signing in, as people meet it: on a phone, with scripts and without, in both languages. */
import type { Browser } from 'playwright-core';

import { startBrowser, Visitor } from './pages-browser';
import { PagesTown } from './pages-world';

jest.setTimeout(300_000);

let town: PagesTown;
let browser: Browser;
beforeAll(async () => {
  town = await PagesTown.open({}, { waitingRoom: { perSecond: 1_000, holdMinutes: 5, lookEveryMs: 0 } });
  await town.sites(await town.openRound());
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

const pool = () => town.running.world.ledger.pool;
/** A line in which so many stand before whoever comes next. */
async function lineOf(people: number): Promise<void> {
  await pool().query(
    `update waiting_room set kept_shut = true, shut_at = clock_timestamp(), next_number = admitted + $1,
      leader = gen_random_uuid(), leads_until = clock_timestamp() + interval '1 hour'`,
    [people],
  );
  await town.running.app.waitingRoom.look();
}
/** So many of them go in. */
async function letIn(people: number): Promise<void> {
  await pool().query('update waiting_room set admitted = least(next_number, admitted + $1)', [people]);
  await town.running.app.waitingRoom.look();
}

test('on a phone: take a place, see the line move, keep the place across a reload, sign in at one’s turn', async () => {
  await lineOf(12_345);
  const person = await town.person();
  const v = await Visitor.come(browser, town, { width: 390 });
  await v.page.clock.install();
  await v.open('/booking');
  expect(await v.heading()).toBe('現在人很多，請先領號碼牌');
  await v.page.fill('#personNumber', 'A123456788');
  await v.press('領取號碼牌');
  expect(await v.text()).toContain('證號格式不對');
  await v.page.fill('#personNumber', person.personNumber);
  await v.passCaptcha();
  await v.press('領取號碼牌');
  expect(await v.heading()).toBe('您正在排隊');
  expect(await v.text()).toContain('12,345 人');

  // The page asks again by itself, when it was told to.
  await letIn(9_000);
  await v.page.clock.fastForward('01:40');
  await v.page.getByText('3,345', { exact: true }).waitFor();
  await v.page.reload();
  expect(await v.text()).toContain('3,345 人');

  await letIn(5_000);
  await v.page.clock.fastForward('01:40');
  await v.page.waitForURL(/\/sign-in\?next=booking/);
  await v.signIn(person);
  expect(v.address).toBe('/booking');
  expect(v.complaints).toEqual([]);

  // Inside one goes on, while others still wait.
  await v.open('/booking/area');
  expect(v.address).toMatch(/^\/booking\/area/);
  await v.leave();
});

test('without scripts: the question in words gives a place, and the page renews itself', async () => {
  await lineOf(40);
  const v = await Visitor.come(browser, town, { width: 390, scripts: false });
  await v.open('/sign-in?next=registration');
  await v.page.fill('#personNumber', (await town.person()).personNumber);
  await v.page.fill('#captchaAnswer', '999');
  await v.press('領取號碼牌');
  expect(await v.text()).toContain('驗證沒有完成');
  await v.passCaptcha();
  await v.press('領取號碼牌');
  expect(await v.text()).toContain('40 人');
  expect(await v.page.content()).toMatch(/<meta http-equiv="refresh" content="\d+">/);
  await letIn(41);
  await v.page.waitForURL(/\/sign-in\?next=registration/, { timeout: 60_000 });
  await v.leave();
});

test('before an opening the page says that places are drawn then', async () => {
  await lineOf(5_000);
  await pool().query(`update booking_window set opens_at = $1`, [town.at(1, 600)]);
  await town.stepTo(town.at(1, 599));
  await town.running.app.waitingRoom.look();
  const v = await Visitor.come(browser, town, { width: 390 });
  await v.open('/sign-in?next=booking');
  await v.page.fill('#personNumber', (await town.person()).personNumber);
  await v.passCaptcha();
  await v.press('領取號碼牌');
  expect(await v.text()).toContain('重新抽籤排定順序');
  await v.leave();
});

describe.each([
  ['zh', 360],
  ['en', 360],
  ['en', 1280],
] as const)('in %s at %i pixels', (language, width) => {
  test('neither page has a barrier or scrolls sideways', async () => {
    await lineOf(123_456);
    const v = await Visitor.come(browser, town, { language, width });
    const look = async () => [
      ...(await v.barriers()),
      ...((await v.scrollsSideways()) ? ['scrolls sideways'] : []),
    ];
    await v.open('/sign-in?next=booking');
    expect(await look()).toEqual([]);
    if (process.env['SHOTS'])
      await v.page.screenshot({
        path: `${process.env['SHOTS']}/ticket-${language}-${width}.png`,
        fullPage: true,
      });
    await v.page.fill('#personNumber', (await town.person()).personNumber);
    await v.passCaptcha();
    await v.press(language === 'zh' ? '領取號碼牌' : 'Take a place');
    expect(await v.text()).toContain('123,456');
    expect(await look()).toEqual([]);
    expect(v.complaints).toEqual([]);
    if (process.env['SHOTS'])
      await v.page.screenshot({
        path: `${process.env['SHOTS']}/line-${language}-${width}.png`,
        fullPage: true,
      });
    await v.leave();
  });
});
