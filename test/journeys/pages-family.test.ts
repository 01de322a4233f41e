/** Acting for a child and an elder, and booking two together, on pages: a parent on a phone without scripts, an elder at a desk. */
import { sql } from 'kysely';
import type { Browser } from 'playwright-core';

import { addDays } from '../../domain/civil-time/plain-date';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(120_000);

let town: PagesTown;
let browser: Browser;
const visitors: Visitor[] = [];

beforeAll(async () => {
  town = await PagesTown.open();
  await town.sites(await town.openRound());
  await sql`insert into booking_window (round_id, product, age_from, age_to, opens_at, closes_at)
    select round_id, product, 5, 17, opens_at, closes_at from booking_window where age_from = 18`.execute(
    town.running.world.ledger.db,
  );
  browser = await startBrowser();
});
afterEach(async () => {
  for (const visitor of visitors.splice(0)) {
    expect(visitor.complaints).toEqual([]);
    await visitor.leave();
  }
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

async function parentOf(parent: TownPerson, child: TownPerson): Promise<void> {
  await sql`insert into simulated_registry.parent_of
    select p.registry_person_id, c.registry_person_id
    from simulated_registry.insured_person p, simulated_registry.insured_person c
    where p.card_number = ${parent.cardNumber} and c.card_number = ${child.cardNumber}`.execute(
    town.running.world.ledger.db,
  );
}

async function comeIn(
  person: TownPerson,
  options: Parameters<typeof Visitor.come>[2],
  to = '/account/family',
) {
  const v = await Visitor.come(browser, town, options);
  visitors.push(v);
  await v.open(to);
  await v.signIn(person);
  return v;
}

/** Nothing cut off on a phone and on a desk, and nothing that a program finds on the phone (axe needs scripts). */
async function lookOver(v: Visitor, { scripts }: { readonly scripts: boolean }): Promise<void> {
  for (const width of [390, 1280]) {
    await v.widen(width);
    expect([v.address, await v.scrollsSideways()]).toEqual([v.address, false]);
  }
  await v.widen(390);
  if (scripts) expect([v.address, await v.barriers()]).toEqual([v.address, []]);
}

const strip = (v: Visitor) => v.page.locator('.strip--acting');

/** From the first page of booking to the check of a window. */
async function chooseWindow(v: Visitor, hour: string): Promise<void> {
  await v.open('/booking/time?site=S2');
  await v.page.locator('main .day button.slot', { hasText: hour }).first().click();
}

test('a parent adds a child, acts for it, consents, books, and goes back; the child’s own page says who did it', async () => {
  const parent = await town.person({ name: '林爸爸', birthDate: '1985-02-03' });
  const child = await town.person({ name: '林小妹', birthDate: addDays(town.today, -13 * 366), groups: [5] });
  await parentOf(parent, child);
  const v = await comeIn(parent, { scripts: false, width: 390 });
  expect(await v.heading()).toBe('家人代辦');
  await lookOver(v, { scripts: false });
  await v.press('替未滿 15 歲的子女辦理');
  await v.press('確認並加入');
  expect(await v.page.locator('.govuk-error-summary').count()).toBe(1);
  await lookOver(v, { scripts: false });
  const name = async (personNumber: string, cardNumber: string) => {
    await v.page.fill('#personNumber', personNumber);
    await v.page.fill('#cardNumber', cardNumber);
    await v.press('確認並加入');
  };
  await name(child.personNumber, parent.cardNumber);
  expect(await v.text()).toContain('無法確認親屬關係');
  await name(child.personNumber, child.cardNumber);
  expect(await v.text()).toContain('已加入');
  expect(await v.text()).toMatch(/林○妹[\s\S]*未滿 15 歲的子女[\s\S]*滿 15 歲生日/);
  await lookOver(v, { scripts: false });

  await v.press('替林○妹辦理');
  expect(await strip(v).innerText()).toContain('正在替 林○妹 辦理');
  await lookOver(v, { scripts: false });
  await v.open('/booking');
  expect(await v.heading()).toBe('尚缺監護人同意');
  expect(await strip(v).innerText()).toContain('正在替 林○妹 辦理');
  await v.press('監護人同意');
  await v.press('我同意子女接種本期提供的疫苗');
  expect(await v.text()).toContain('您已同意子女接種');

  await chooseWindow(v, '14:00');
  expect(await v.text()).toContain('林○妹');
  expect(await v.text()).not.toContain('和家人一起預約');
  await v.page.fill('#mobile', '0912345678');
  await v.press('確認預約');
  expect(await strip(v).innerText()).toContain('林○妹');
  expect(await v.text()).toMatch(/\d{4}\s\d{3}\s\d{3}/);
  // The page of one's own devices stays one's own.
  await v.open('/account/devices');
  expect(await strip(v).innerText()).toContain('這一頁是您本人的資料');

  await v.press('回到本人');
  expect(await strip(v).count()).toBe(0);
  expect(await v.text()).toContain('已回到本人');
  expect(await v.text()).toContain('您替 林○妹預約了接種');
  expect(await v.text()).toContain('您開始替 林○妹 辦理');
  await v.open('/appointment');
  expect(await v.heading()).toBe('您目前沒有預約。');

  const own = await comeIn(child, { scripts: false, width: 390 });
  expect(await own.text()).toContain('林○爸 替您預約了接種');
  expect(await own.text()).toContain('林○爸 替您同意了接種');
  await lookOver(own, { scripts: false });
});

test('a form that was made for somebody else is refused, and nothing is done', async () => {
  const parent = await town.person({ name: '王爸爸', birthDate: '1985-02-03' });
  const child = await town.person({ name: '王小弟', birthDate: addDays(town.today, -8 * 366) });
  await parentOf(parent, child);
  const v = await comeIn(parent, { width: 1280 }, '/account/family/child');
  await v.page.fill('#personNumber', child.personNumber);
  await v.page.fill('#cardNumber', child.cardNumber);
  await v.press('確認並加入');
  await lookOver(v, { scripts: true });
  await v.press('替王○弟辦理');
  await lookOver(v, { scripts: true });
  // Whoever signs in again after ten minutes goes on for the same person.
  await v.waitWithoutActing(town, 11);
  await v.open('/booking');
  await v.press('重新登入');
  await v.signIn(parent);
  expect(await strip(v).innerText()).toContain('正在替 王○弟 辦理');
  await chooseWindow(v, '15:00');
  await v.page.fill('#mobile', '0912345678');
  // In another tab one goes back to oneself.
  const other = await v.context.newPage();
  await other.goto('/account/family');
  await other.getByRole('button', { name: '回到本人' }).click();
  await other.close();
  await v.press('確認預約');
  expect(await v.heading()).toBe('辦理的對象已經切換');
  const { rows } = await sql<{
    n: number;
  }>`select count(*) as n from appointment a join person p using (person_key)
    where p.birth_date = ${addDays(town.today, -8 * 366)}::date`.execute(town.running.world.ledger.db);
  expect(rows[0]?.n).toBe(0);
});

test('an elder is asked, agrees on their own page, sees what was done, and takes it back', async () => {
  const elder = await town.person({ name: '陳阿公', birthDate: '1948-05-06' });
  const daughter = await town.person({ name: '陳美玲', birthDate: '1975-06-07' });
  await parentOf(elder, daughter);
  const v = await comeIn(daughter, { width: 390 }, '/account/family/elder');
  await v.press('送出申請');
  expect(await v.page.locator('.govuk-error-summary').count()).toBe(1);
  await lookOver(v, { scripts: true });
  await v.page.fill('#personNumber', elder.personNumber);
  for (const [part, value] of [
    ['year', '1948'],
    ['month', '5'],
    ['day', '6'],
  ] as const) {
    await v.page.fill(`#birthDate-${part}`, value);
  }
  await v.press('送出申請');
  expect(await v.text()).toMatch(/陳○公[\s\S]*等待長輩同意/);

  const own = await comeIn(elder, { width: 1280 }, '/family-requests');
  await own.open('/account/family');
  await own.press('有 1 項申請等待您回覆');
  expect(await own.text()).toContain('陳○玲申請代您辦理');
  await lookOver(own, { scripts: true });
  await own.press(/^同意/);
  expect(await own.text()).toContain('已同意');

  await v.open('/account/family');
  await v.press('替陳○公辦理');
  await chooseWindow(v, '16:00');
  await v.page.fill('#mobile', '0987654321');
  await v.press('確認預約');
  await own.open('/account/family');
  expect(await own.text()).toContain('陳○玲 替您預約了接種');
  await own.press(/^結束/);
  await lookOver(own, { scripts: true });
  await own.press('確定結束');
  expect(await own.text()).toContain('目前沒有人可以替您辦理');

  await v.open('/appointment');
  expect(await v.heading()).toBe('家人代辦已結束');
  await v.open('/appointment');
  expect(await strip(v).count()).toBe(0);
});

test('two book neighbouring windows together, or neither, by keyboard alone', async () => {
  const parent = await town.person({ name: '吳媽媽', birthDate: '1984-02-03' });
  const child = await town.person({ name: '吳小寶', birthDate: addDays(town.today, -7 * 366) });
  await parentOf(parent, child);
  const v = await comeIn(parent, { width: 390 }, '/account/family/child');
  await v.page.fill('#personNumber', child.personNumber);
  await v.page.fill('#cardNumber', child.cardNumber);
  await v.press('確認並加入');
  await v.open('/booking/time?site=S2');
  await v.page.locator('.day').nth(1).locator('button.slot', { hasText: '10:00' }).last().click();
  await v.press('和 吳○寶 一起預約');
  expect(await v.heading()).toBe('和 吳○寶 一起預約');
  expect(await v.page.locator('input[name=otherSlotId]').count()).toBe(3);
  await v.press('為兩人一起預約');
  expect(await v.text()).toContain('請選擇家人的時段');
  await lookOver(v, { scripts: true });

  // The child's window fills up while the parent reads.
  await v.page.fill('#mobile', '0912345678');
  await v.page.locator('input[name=otherSlotId]').last().check();
  await town.fill('S2', 11, 11);
  await v.press('為兩人一起預約');
  expect(await v.text()).toContain('兩人都沒有預約成功');
  expect(await v.text()).toMatch(/吳○寶：/);
  await lookOver(v, { scripts: true });

  // The window before, chosen and sent by keyboard alone.
  await v.page.locator('input[name=otherSlotId]').first().focus();
  await v.page.keyboard.press('Space');
  await v.page.locator('input[name=otherMobile]').focus();
  await v.page.keyboard.press('Enter');
  await v.page.waitForURL('**/booking/together/done**');
  expect(await v.heading()).toBe('兩人都預約好了');
  expect((await v.text()).match(/\d{4}\s\d{3}\s\d{3}/g)).toHaveLength(2);
  await lookOver(v, { scripts: true });
  await v.open('/appointment');
  expect(await v.text()).toContain('10:00');
});
