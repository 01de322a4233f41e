/** Somebody registers their card, mistypes, confirms by mail, forgets the password. */
import type { Browser } from 'playwright-core';

import { sessionCookieName } from '../../api/plugins/session';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { startMailSimulator, type MailSimulator } from '../../gateways/mail/simulator';
import { createHttpRegistry } from '../../gateways/insurance-registry/http-registry';
import { accountPasswordMatches } from '../../ledger/card-account';
import { identifyPerson } from '../../ledger/person';
import { householdOf } from '../../scripts/demo-data/person-record';
import { mailedToken } from '../builders/card-accounts';
import { startBrowser, Visitor } from './pages-browser';
import { PagesTown, type TownPerson } from './pages-world';

jest.setTimeout(180_000);

let town: PagesTown;
let browser: Browser;
let mail: MailSimulator;
beforeAll(async () => {
  mail = await startMailSimulator();
  town = await PagesTown.open({ mailInboxUrl: mail.inboxUrl });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await town.close();
  await mail.close();
});

const ledger = () => town.running.world.ledger;

/** Somebody of the registry, whose card was read in this visitor's browser just now. */
async function withCardRead(v: Visitor): Promise<{ person: TownPerson; personKey: string }> {
  const person = await town.person();
  const { householdNumber, registeredAddress } = householdOf(person.cardNumber);
  await ledger().pool.query(
    'update simulated_registry.insured_person set household_number = $2, registered_address = $3 where card_number = $1',
    [person.cardNumber, householdNumber, registeredAddress],
  );
  const [number, card] = [parsePersonNumber(person.personNumber), parseCardNumber(person.cardNumber)];
  if ('refusal' in number || 'refusal' in card) throw new Error('the town made no number');
  const asked = { personNumber: number.number, cardNumber: card.cardNumber };
  const known = await createHttpRegistry({ url: town.running.registry.url }).verifyCard(asked);
  if (known.outcome !== 'match') throw new Error('the registry does not know them');
  const { personKey } = await identifyPerson(ledger(), known.person);
  const { app } = town.running;
  const session = app.createSecureSession({ cardRead: { personKey, at: Date.now() } });
  const value = encodeURIComponent(app.encodeSecureSession(session));
  await v.context.addCookies([{ name: sessionCookieName(false), value, url: town.address }]);
  return { person, personKey };
}

async function fillApplication(v: Visitor, { cardNumber }: TownPerson, password: string): Promise<void> {
  const { householdNumber, registeredAddress } = householdOf(cardNumber);
  await v.page.fill('#householdNumber', householdNumber.toLowerCase());
  await v.page.fill('#registeredAddress', registeredAddress.replace('臺', '台'));
  await v.page.fill('#mobile', '0912-345-678');
  await v.page.fill('#email', 'jianguo@example.com');
  await v.page.fill('#newPassword', password);
  await v.page.fill('#passwordAgain', password);
}

test('without scripts: first registration, a mistake, the link that has to be pressed, and what is shown after', async () => {
  const v = await Visitor.come(browser, town, { scripts: false, width: 390 });
  await v.open('/account/card');
  expect(await v.text()).toContain('戶口名簿');
  await v.press('首次登入請先申請');
  // The reader is checked first; without scripts nothing can be, and the check says where to go instead.
  expect(v.address).toBe('/environment?way=card&next=account%2Fcard%2Fread%3Ffor%3Dapplication');
  expect(await v.text()).toContain('請到服務據點辦理');
  const { person, personKey } = await withCardRead(v);
  await v.open('/account/card/application');
  await v.press('送出申請');
  expect(await v.page.locator('.govuk-error-summary a').count()).toBe(5);
  await fillApplication(v, person, '123456');
  await v.press('送出申請');
  expect(await v.page.locator('.govuk-error-summary').innerText()).toContain('太常見');
  expect(await v.page.inputValue('#newPassword')).toBe('');
  await fillApplication(v, person, 'k7mzQ2!x');
  await v.press('送出申請');
  expect(v.address).toBe('/account/card?done=applied');
  expect(await v.text()).toContain('j******@example.com');
  expect(await v.page.content()).not.toContain('jianguo');

  const token = await mailedToken(town.running.world, personKey);
  const other = await Visitor.come(browser, town, { scripts: false });
  await other.open(`/account/confirm?token=${token}`);
  expect(await other.text()).toContain('甄○康');
  // Whoever only opens the link, as a mail scanner does, has changed nothing.
  expect(await accountPasswordMatches(ledger(), personKey, 'k7mzQ2!x')).toBe('notRegistered');
  await other.press('確認');
  expect(await other.heading()).toBe('註冊完成');
  expect(await accountPasswordMatches(ledger(), personKey, 'k7mzQ2!x')).toBe('match');
  await other.open(`/account/confirm?token=${token}`);
  expect(await other.heading()).toBe('這個連結已經使用過');
  await other.leave();

  await v.open('/account/card');
  expect(await v.text()).toContain('已註冊');
  await v.press('註冊密碼變更');
  await v.page.fill('#currentPassword', 'wrong!1');
  await v.page.fill('#newPassword', 'vU4-rtpN');
  await v.page.fill('#passwordAgain', 'vU4-rtpN');
  await v.press('變更密碼');
  expect(await v.page.locator('.govuk-error-summary').innerText()).toContain('目前的密碼不正確');
  await v.page.fill('#currentPassword', 'k7mzQ2!x');
  await v.page.fill('#newPassword', 'vU4-rtpN');
  await v.page.fill('#passwordAgain', 'vU4-rtpN');
  await v.press('變更密碼');
  expect(await v.heading()).toBe('密碼已變更');
  await v.open('/account/card/contact');
  expect(v.address).toMatch(/^\/sign-in/);
  await v.leave();
});

test('an application is deleted after it was asked back', async () => {
  const v = await Visitor.come(browser, town, { scripts: false, width: 390 });
  const { person } = await withCardRead(v);
  await v.open('/account/card/application');
  await fillApplication(v, person, 'k7mzQ2!x');
  await v.press('送出申請');
  await v.press('刪除註冊申請');
  expect(await v.heading()).toBe('確定要刪除註冊申請嗎？');
  await v.press('刪除註冊申請');
  expect(v.address).toBe('/account/card?done=removed');
  expect(await v.text()).toContain('尚未註冊');
  await v.leave();
});
