/** Booking, moving, cancelling and looking up on pages, by a real browser, over the real app and ledger. */
import { sql } from 'kysely';
import type { Browser } from 'playwright-core';

import { addDays } from '../../domain/civil-time/plain-date';
import { startBrowser, Visitor, type VisitorOptions } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(90_000);

let town: PagesTown;
let browser: Browser;
let visitor: Visitor | undefined;

beforeAll(async () => {
  town = await PagesTown.open();
  await town.sites(await town.openRound());
  browser = await startBrowser();
});
afterEach(async () => {
  expect(visitor?.complaints ?? []).toEqual([]);
  await visitor?.leave();
  visitor = undefined;
});
afterAll(async () => {
  await browser.close();
  await town.close();
});

async function signedIn(person: TownPerson, options: VisitorOptions = { scripts: false }): Promise<Visitor> {
  visitor = await Visitor.come(browser, town, options);
  await visitor.open('/booking');
  await visitor.signIn(person);
  return visitor;
}

/** Through county, district and site to the windows of the first site. */
async function toWindows(v: Visitor): Promise<void> {
  await v.press('選擇地點與時段');
  await v.press(/^臺北市$/);
  await v.page.locator('.choices a', { hasText: '大安區' }).click();
  await v.page.locator('.sites__site', { hasText: '大安區健康服務中心' }).getByRole('link').click();
}

async function booked(person: TownPerson, options?: VisitorOptions): Promise<Visitor> {
  const v = await signedIn(person, options);
  await toWindows(v);
  await v.page.locator('button.slot', { hasText: '14:00' }).first().click();
  await v.page.fill('#mobile', '0912345678');
  await v.press('確認預約');
  return v;
}

test('county, district, site, date and window: full ones are shown and cannot be chosen', async () => {
  const v = await signedIn(await town.person(), { scripts: false, width: 360 });
  expect(await v.text()).toContain('您可以預約：莫德納 第 1 劑');
  await toWindows(v);
  const full = v.page.locator('.slot--full');
  expect((await full.innerText()).replaceAll('\u2060', '')).toMatch(/10:00–11:00\s*額滿/);
  expect(await full.evaluate((element) => element.tagName)).toBe('SPAN');
  expect(await v.page.locator('.soonest button').count()).toBeGreaterThanOrEqual(3);

  await v.page.locator('main button.slot', { hasText: '11:00' }).first().click();
  expect(await v.heading()).toBe('請核對預約內容');
  await v.press('確認預約');
  expect(await v.text()).toContain('請輸入手機號碼');
  await v.page.fill('#mobile', '0912345678');
  await v.press('確認預約');
  expect(await v.heading()).toBe('預約完成');
  const ticket = await v.text();
  expect(ticket).toMatch(/2\d{3} \d{3} \d{3}/);
  expect(ticket).toContain('大安區健康服務中心');
  expect(ticket).toContain('臺北市大安區建國南路二段15號');
  expect(ticket).toContain('請由側門進入');
  expect(ticket).toContain('健保卡');
  expect(ticket).toContain('颱風');
  expect(ticket).not.toContain('0912345678');
});

test('who may book but not register is shown the way to book, and districts say how many places they have', async () => {
  const v = await signedIn(await town.person());
  await v.open('/registration');
  expect(await v.heading()).toBe('您非本期開放登記對象');
  await v.press('預約接種');
  await v.press('選擇地點與時段');
  await v.press(/^臺北市$/);
  expect(await v.text()).toContain('剩餘的名額數');
  const { rows } = await sql<{ left: number }>`select sum(capacity - booked)::int as left
    from slot join site using (site_id) where district_code = '63000030'`.execute(
    town.running.world.ledger.db,
  );
  expect(await v.page.locator('.choices', { hasText: '大安區' }).innerText()).toMatch(
    new RegExp(`大安區\\s*${String(rows[0]?.left)}\\b`),
  );
});

test('a NUL in an address or a form finds nothing and breaks nothing', async () => {
  const v = await booked(await town.person());
  expect((await v.context.request.get('/appointment/move/time?site=%00')).status()).toBe(404);
  await v.press('取消預約');
  const token = await v.page.locator('main input[name=_csrf]').getAttribute('value');
  for (const address of ['/appointment/cancel', '/appointment/move/check']) {
    const answer = await v.context.request.post(address, {
      form: { _csrf: token ?? '', slotId: '1', appointmentNumber: '\0' },
    });
    expect(answer.status()).toBe(404);
  }
});

test('whoever loses the race takes one of the next three with one press', async () => {
  const v = await signedIn(await town.person());
  await toWindows(v);
  await v.page.locator('main button.slot', { hasText: '09:00' }).first().click();
  await town.fill('S1', 10, 9);
  await v.page.fill('#mobile', '0912345678');
  await v.press('確認預約');
  expect(await v.heading()).toBe('這個時段剛剛額滿了');
  const offers = v.page.locator('.offers li');
  expect(await offers.count()).toBe(3);
  const chosen = await offers.nth(1).locator('h2').innerText();
  await offers.nth(1).getByRole('button').click();
  expect(await v.heading()).toBe('預約完成');
  expect(await v.text()).toContain(chosen);
  expect(await v.text()).toContain('09*****678');
});

test('a second appointment is refused with the ways to change the first', async () => {
  const v = await booked(await town.person());
  await v.open('/booking');
  expect(await v.heading()).toBe('您已經有預約了');
  expect(
    await v.page
      .locator('main')
      .getByRole('button', { name: '改期' })
      .or(v.page.getByRole('link', { name: '改期' }))
      .count(),
  ).toBe(1);
});

test('moving keeps the number, shows old and new, and losing the race keeps the old time', async () => {
  const v = await booked(await town.person());
  const number = await v.page.locator('.ticket__number').innerText();
  await v.press('改期');
  await v.page.locator('.day').nth(1).locator('button.slot', { hasText: '15:00' }).last().click();
  expect(await v.heading()).toBe('是否改到這個時段？');
  expect(await v.text()).toContain('14:00');
  await town.fill('S1', 11, 15);
  await v.press('確認改期');
  expect(await v.text()).toContain('您原來的預約沒有變動');
  await v.page.locator('.offers button').first().click();
  expect(await v.heading()).toBe('改期完成');
  expect(await v.page.locator('.ticket__number').innerText()).toBe(number);
});

test('cancelling is asked back with the data, frees the place, and booking again is possible', async () => {
  const v = await booked(await town.person());
  const left = async () =>
    (
      await town.running.world.ledger.db
        .selectFrom('slot')
        .select(({ fn }) => fn.sum<number>('booked').as('booked'))
        .executeTakeFirstOrThrow()
    ).booked;
  const before = Number(await left());
  await v.press('取消預約');
  expect(await v.heading()).toBe('是否取消這筆預約？');
  expect(await v.text()).toContain('大安區健康服務中心');
  await v.press('是，取消預約');
  expect(await v.heading()).toBe('預約已取消');
  expect(Number(await left())).toBe(before - 1);
  await v.press('重新預約');
  expect(await v.text()).toContain('您可以預約');
});

test('the appointment can be printed, taken into a calendar and shown as a code', async () => {
  const person = await town.person();
  const v = await booked(person);
  const calendar = await v.context.request.get('/appointment/calendar.ics');
  expect(calendar.headers()['content-type']).toContain('text/calendar');
  const file = await calendar.text();
  expect(file).toContain('BEGIN:VEVENT');
  expect(file).not.toContain(person.name);
  const code = await v.context.request.get('/appointment/barcode.svg');
  expect(code.headers()['content-type']).toContain('image/svg+xml');
  expect(code.headers()['cache-control']).toBe('no-store');
  await v.open('/appointment/print');
  await v.page.emulateMedia({ media: 'print' });
  expect(await v.page.locator('.head').isVisible()).toBe(false);
  expect(await v.page.locator('.ticket__number').isVisible()).toBe(true);
});

describe('the quick lookup', () => {
  async function lookUp(v: Visitor, personNumber: string, lastThree: string): Promise<string> {
    await v.open('/lookup');
    await v.page.fill('#personNumber', personNumber);
    await v.page.fill('#mobileLastThree', lastThree);
    await v.passCaptcha();
    await v.page.locator('main form button[type=submit]').click();
    await v.page.locator('.govuk-error-summary, .ticket').waitFor();
    return v.text();
  }

  test('answers every miss alike and a match plainly, masked', async () => {
    const person = await town.person();
    const holder = await booked(person);
    await holder.leave();
    const v = await Visitor.come(browser, town, { scripts: true, width: 360 });
    visitor = v;
    const wrongDigits = await lookUp(v, person.personNumber, '111');
    const unknown = await lookUp(v, 'A123456789', '678');
    expect(unknown).toBe(wrongDigits);
    expect(wrongDigits).toContain('查不到資料');
    const found = await lookUp(v, person.personNumber, '678');
    expect(found).toContain('這筆預約有效');
    expect(found).toContain('大安區健康服務中心');
    expect(found).toContain('甄○康');
    expect(found).toMatch(/A\*{8}\d/);
    expect(found).not.toContain('第 1 劑');
    const { body } = await town.running.app.inject('/metrics');
    for (const act of ['signIn', 'book', 'lookUp']) {
      expect(body).toMatch(new RegExp(`acts_total\\{act="${act}",outcome="accepted"\\} [1-9]`));
    }
    expect(body).toContain('acts_total{act="lookUp",outcome="lookupNoMatch"} 2');
  });
});

test('the session lasts through the check page: what was chosen and typed is there after signing in again', async () => {
  const person = await town.person();
  const v = await signedIn(person);
  await toWindows(v);
  await v.page.locator('main button.slot', { hasText: '16:00' }).first().click();
  await v.page.fill('#mobile', '0912345678');
  await v.waitWithoutActing(town, 11);
  await v.press('確認預約');
  expect(await v.heading()).toBe('登入時間已結束');
  await v.press('重新登入');
  await v.signIn(person);
  expect(await v.heading()).toBe('請核對預約內容');
  expect(await v.page.inputValue('#mobile')).toBe('0912345678');
  expect(await v.text()).toContain('16:00');
});

test('who has appointments in two rounds chooses one, and every way on stays with it', async () => {
  const v = await booked(await town.person(), { scripts: true, width: 360 });
  const first = await v.page.locator('.ticket__number').innerText();
  await alsoBookedInAnotherRound();
  await v.open('/appointment');
  expect(await v.heading()).toBe('您有 2 筆預約');
  expect(await v.barriers()).toEqual([]);
  const choices = v.page.locator('main li a');
  expect(await choices.count()).toBe(2);
  await v.open('/appointment/cancel');
  expect(await v.heading()).toBe('您有 2 筆預約');

  await choices.nth(1).click();
  const second = await v.page.locator('.ticket__number').innerText();
  expect(second).not.toBe(first);
  expect(await v.text()).toContain('第 2 劑');
  await v.press('改期');
  expect(v.address).toContain('round=round-7');
  await v.page.goBack();
  await v.press('取消預約');
  expect(await v.page.locator('.ticket__number').innerText()).toBe(second);
  await v.press('是，取消預約');
  expect(await v.heading()).toBe('預約已取消');
  await v.open('/appointment');
  expect(await v.page.locator('.ticket__number').innerText()).toBe(first);
  await v.open('/appointment?number=2000000000');
  expect(await v.page.locator('.ticket').count()).toBe(0);
});

/** As for somebody whose first dose was recorded elsewhere while the appointment for it still stood. */
async function alsoBookedInAnotherRound(): Promise<void> {
  const roundId = await town.openRound('round-7');
  const { db } = town.running.world.ledger;
  const { person_key, contact_id } = await db
    .selectFrom('appointment')
    .select(['person_key', 'contact_id'])
    .where('status', '=', 'booked')
    .orderBy('booked_at', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  const { slot_id } = await db
    .insertInto('slot')
    .values({
      round_id: roundId,
      site_id: 'S2',
      product: 'Moderna',
      session_date: addDays(town.today, 13),
      starts_at: town.at(13, 540),
      ends_at: town.at(13, 600),
      capacity: 5,
      booked: 1,
    })
    .returning('slot_id')
    .executeTakeFirstOrThrow();
  const own = { person_key, round_id: roundId, dose_number: 2 };
  await db
    .insertInto('participation')
    .values({ ...own, stage: 'invited', last_act: 'invite' })
    .execute();
  await db
    .insertInto('invitation')
    .values({ ...own, product: 'Moderna', opens_at: town.at(-1, 600), closes_at: town.at(20, 720) })
    .execute();
  await db
    .updateTable('participation')
    .set({ stage: 'booked', last_act: 'book' })
    .where('person_key', '=', person_key)
    .where('round_id', '=', roundId)
    .execute();
  await db
    .insertInto('appointment')
    .values({ ...own, product: 'Moderna', status: 'booked', slot_id, contact_id })
    .execute();
}
