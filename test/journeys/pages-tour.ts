/**
 * Every page of proving who one is and of what follows, as a table: who one is, and what one opens or presses. Other
 * journeys see to what the pages do; whoever looks at all of them goes this way.
 */
import { randomBytes, randomUUID } from 'node:crypto';

import { sessionCookieName } from '../../api/plugins/session';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { createHttpRegistry } from '../../gateways/insurance-registry/http-registry';
import { bindDevice } from '../../ledger/bound-device';
import { identifyPerson } from '../../ledger/person';
import { recordSignIn } from '../../ledger/sign-in';
import { enrolStation } from '../../ledger/station';
import { designateStaff } from '../../ledger/station-staff';
import { householdOf } from '../../scripts/demo-data/person-record';
import { mailedToken, testEmail, testPassword } from '../builders/card-accounts';
import { PretendedBridge } from './pages-bridge';
import type { Visitor } from './pages-browser';
import type { PagesTown, TownPerson } from './pages-world';

/** One who goes the tour, and has each page looked at under a name. */
export interface Tourist {
  readonly v: Visitor;
  readonly town: PagesTown;
  readonly look: (name: string) => Promise<void>;
}

type Leg = (tourist: Tourist) => Promise<void>;

/** Opens pages one after the other and has them looked at. */
async function openAll({ v, look }: Tourist, ...addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    await v.open(address);
    await look(address);
  }
}

const submit = 'main form button[type=submit]:visible';
const press = async ({ v }: Tourist, selector: string): Promise<void> => {
  await Promise.all([v.page.waitForEvent('load'), v.page.locator(selector).first().click()]);
};

/** A visit whose sealed cookie says this, as if it had come to be so by the pages. */
async function withSession({ v, town }: Tourist, data: Readonly<Record<string, unknown>>): Promise<void> {
  const { app } = town.running;
  const value = encodeURIComponent(app.encodeSecureSession(app.createSecureSession(data)));
  await v.context.addCookies([{ name: sessionCookieName(false), value, url: town.address }]);
}

/** Somebody with a household and a contract in the registry, taken over into the ledger. */
async function resident(town: PagesTown): Promise<TownPerson & { personKey: string; mobile: string }> {
  const person = await town.person();
  const { ledger } = town.running.world;
  const { householdNumber, registeredAddress } = householdOf(person.cardNumber);
  const mobile = `0977${person.cardNumber.slice(-6)}`;
  await ledger.pool.query(
    `update simulated_registry.insured_person set household_number = $2, registered_address = $3,
      mobile_contract = $4 where card_number = $1`,
    [person.cardNumber, householdNumber, registeredAddress, mobile],
  );
  const [number, card] = [parsePersonNumber(person.personNumber), parseCardNumber(person.cardNumber)];
  if ('refusal' in number || 'refusal' in card) throw new Error('the town made no number');
  const registry = createHttpRegistry({ url: town.running.registry.url });
  const known = await registry.verifyCard({ personNumber: number.number, cardNumber: card.cardNumber });
  if (known.outcome !== 'match') throw new Error('the registry does not know them');
  return { ...person, mobile, personKey: (await identifyPerson(ledger, known.person)).personKey };
}

/** Somebody signed in, on a device of their own where `onDevice` says so. */
async function signedIn(tourist: Tourist, method: 'card-password' | 'passkey') {
  const { town } = tourist;
  const person = await resident(town);
  const { ledger } = town.running.world;
  const bound = await bindDevice(ledger, {
    ...{ personKey: person.personKey, name: 'A16', boundBy: 'deviceCode', channel: 'web' },
    credential: {
      ...{ kind: 'passkey', credentialId: randomBytes(32), publicKey: randomBytes(64) },
      ...{ signCount: 0, transports: [] },
    },
  });
  if (!bound.ok) throw new Error(bound.refusal.code);
  const { boundDeviceId } = bound.value;
  const sessionId = randomUUID();
  const browser = { browser: 'Chrome', operatingSystem: 'Android' };
  for (const each of [
    { sessionId, method, ...(method === 'passkey' && { boundDeviceId }) },
    { sessionId: randomUUID(), method: 'passkey' as const, boundDeviceId },
  ]) {
    await recordSignIn(ledger.db, { ...each, ...browser, personKey: person.personKey });
  }
  const now = Date.now();
  await withSession(tourist, {
    ...{ personKey: person.personKey, sessionId, signedInAt: now, lastActAt: now },
    ...(method === 'passkey' && { app: true }),
  });
  return person;
}

async function anybody(tourist: Tourist): Promise<void> {
  await openAll(tourist, '/', '/lookup');
  await press(tourist, submit);
  await tourist.look('lookup with errors');
  await openAll(
    tourist,
    ...['/accessibility', '/privacy', '/nowhere', '/inbox', '/inbox/mail'],
    ...['/session/ended', '/session/left', '/leftover/draw'],
  );
}

async function askingTheWay(tourist: Tourist): Promise<void> {
  const { v, look } = tourist;
  await openAll(
    tourist,
    '/which-way',
    '/which-way?nationality=national',
    '/which-way?nationality=national&phone=own&mobileData=yes',
    '/which-way?nationality=national&phone=other&reader=yes&card=nhiCard',
    '/which-way?nationality=national&phone=other&reader=yes&card=certificate',
    '/which-way?nationality=national&phone=other&reader=no',
    '/which-way?nationality=national&phone=none',
    '/help',
  );
  for (const details of await v.page.locator('main details').all())
    await details.evaluate((node) => node.setAttribute('open', ''));
  await look('help, opened');
}

async function waysIn(tourist: Tourist): Promise<void> {
  const { v, town, look } = tourist;
  await openAll(tourist, '/sign-in', '/sign-in/birth-date');
  await v.openAfterCheck('/sign-in/app');
  await look('/sign-in/app');
  await press(tourist, submit);
  await look('app code with errors');
  await openAll(tourist, '/environment?way=app', '/environment?way=card');
  await v.open('/sign-in');
  await press(tourist, submit);
  await look('sign-in with errors');
  const person = await town.person();
  await v.page.fill('#personNumber', person.personNumber);
  await v.page.fill('#cardNumber', '000000000000');
  await v.passCaptcha();
  await press(tourist, submit);
  await look('sign-in, not confirmed');
  await withSession(tourist, { checkedFor: { card: Date.now(), app: Date.now() } });
  const bridge = new PretendedBridge(town.address);
  await bridge.beside(v);
  await openAll(tourist, '/sign-in/card');
  bridge.insert(person);
  await v.page.locator('[data-card-submit]').waitFor();
  await look('sign-in by card, card in');
  await v.open('/environment?way=card');
  await v.page.locator('[data-check-go]').waitFor();
  await look('environment, all there');
}

async function cardAccount(tourist: Tourist): Promise<void> {
  const { v, town, look } = tourist;
  await openAll(tourist, '/account/card', '/account/card/read', '/account/confirm?token=nothing');
  const { personKey, cardNumber } = await resident(town);
  await withSession(tourist, { cardRead: { personKey, at: Date.now() } });
  await openAll(tourist, '/account/card', '/account/card/forgotten', '/account/card/application');
  await press(tourist, submit);
  await look('application with errors');
  const { householdNumber, registeredAddress } = householdOf(cardNumber);
  await v.page.fill('#householdNumber', householdNumber);
  await v.page.fill('#registeredAddress', registeredAddress);
  await v.page.fill('#mobile', '0912345678');
  await v.page.fill('#email', testEmail);
  await v.page.fill('#newPassword', testPassword);
  await v.page.fill('#passwordAgain', testPassword);
  await press(tourist, submit);
  await look('awaiting confirmation');
  await openAll(
    tourist,
    '/account/card/delete',
    `/account/confirm?token=${await mailedToken(town.running.world, personKey)}`,
  );
  await press(tourist, submit);
  await look('confirmed');
  await openAll(tourist, '/account/card', '/account/card/contact', '/account/card/password');
  await v.page.fill('#currentPassword', 'wrong!1x');
  await v.page.fill('#newPassword', 'vU4-rtpN');
  await v.page.fill('#passwordAgain', 'vU4-rtpN');
  await press(tourist, submit);
  await look('password with errors');
  await v.page.fill('#currentPassword', testPassword);
  await v.page.fill('#newPassword', 'vU4-rtpN');
  await v.page.fill('#passwordAgain', 'vU4-rtpN');
  await press(tourist, submit);
  await look('password changed');
}

async function quickAuthentication(tourist: Tourist): Promise<void> {
  const { v, town, look } = tourist;
  const { personNumber, mobile, cardNumber } = await resident(town);
  await openAll(tourist, '/app/quick-authentication');
  await press(tourist, submit);
  await look('quick authentication with errors');
  const ask = async (typed: string): Promise<void> => {
    await v.open('/app/quick-authentication');
    await v.page.fill('#mobile', typed);
    await v.page.fill('#personNumber', personNumber);
    await v.passCaptcha();
    await press(tourist, submit);
  };
  await ask('0900990909');
  await look('quick authentication, refused');
  await ask(mobile);
  await look('quick authentication, a password first');
  await press(tourist, submit);
  await look('quick authentication, password with errors');
  await v.page.fill('#cardLastFour', cardNumber.slice(-4));
  await v.page.fill('#password', testPassword);
  await v.page.fill('#passwordAgain', testPassword);
  await press(tourist, submit);
  await v.page.locator('form[data-binding]').waitFor();
  await look('quick authentication, this phone');
}

async function theApp(tourist: Tourist): Promise<void> {
  const { v, look } = tourist;
  await v.open('/app');
  await v.page.locator('[data-starting]').waitFor({ state: 'hidden' });
  await look('/app, of nobody yet');
  await openAll(tourist, '/app/offline', '/app/bind');
  await signedIn(tourist, 'passkey');
  await openAll(tourist, '/app', '/app/otp');
  await press(tourist, submit);
  await look('a code');
  await openAll(tourist, '/app/card', '/app/messages', '/registration');
}

async function ownAccount(tourist: Tourist): Promise<void> {
  const { v, look } = tourist;
  await signedIn(tourist, 'card-password');
  await openAll(
    tourist,
    ...['/account', '/account/family', '/account/family/elder', '/session/ending?return=/account'],
    ...['/account/devices/code', '/account/devices'],
  );
  await press(tourist, submit);
  await look('a device code');
  await v.open('/account/devices');
  await press(tourist, 'a[href*="change?device"]');
  await look('a device');
  await v.page.fill('#deviceName', '');
  await press(tourist, submit);
  await look('a device, with an error');
  await press(tourist, 'button.govuk-button--warning');
  await look('devices, none');
  await openAll(tourist, '/account/sign-ins');
  await press(tourist, 'a[href*="disown"]');
  await look('this was not me');
  await press(tourist, 'button.govuk-button--warning');
  await look('disowned');
}

async function registering(tourist: Tourist): Promise<void> {
  const { v, town, look } = tourist;
  await v.open('/registration');
  await v.signIn(await town.person());
  await look('mobile');
  await press(tourist, submit);
  await look('mobile with an error');
  await v.page.fill('#mobile', '0912345678');
  await press(tourist, submit);
  await look('county');
  await v.page.selectOption('#county', '63000');
  await press(tourist, submit);
  await look('district');
  await v.page.selectOption('#district', '63000030');
  await press(tourist, submit);
  await look('products');
  await press(tourist, submit);
  await look('check');
  await press(tourist, submit);
  await look('result');
  await press(tourist, 'form[action="/registration/change"] button');
  await look('check of a change');
  await openAll(
    tourist,
    '/registration/withdraw',
    '/registration/settlements',
    '/waiting-list',
    '/leftover',
    '/appointment',
  );
}

async function booking(tourist: Tourist): Promise<void> {
  const { v, town, look } = tourist;
  await v.open('/booking');
  await v.signIn(await town.person());
  await look('booking');
  await press(tourist, 'main a.govuk-button');
  await look('booking: county');
  await press(tourist, '.choices a');
  await look('booking: district');
  await press(tourist, '.choices li:nth-child(2) a');
  await look('booking: site');
  await press(tourist, '.sites__site a');
  await look('booking: time');
  await press(tourist, 'main .day button.slot >> nth=2');
  await look('booking: check');
  await v.page.fill('#mobile', '0912345678');
  await press(tourist, submit);
  await look('appointment, just booked');
  await openAll(
    tourist,
    ...['/appointment', '/appointment/print', '/appointment/cancel', '/booking', '/appointment/move'],
  );
  await press(tourist, 'main .day button.slot >> nth=5');
  await look('move: check');
  await v.open('/appointment/cancel');
  await press(tourist, 'main button.govuk-button--warning');
  await look('appointment, cancelled');
}

const place = { nameZh: '安和門市', nameEn: 'Anhe Store', districtCode: '63000030' };

async function atKiosk(tourist: Tourist): Promise<void> {
  const { v, town, look } = tourist;
  const stationId = `kiosk-${randomUUID().slice(0, 8)}`;
  const { key } = await enrolStation(town.running.world.ledger.db, {
    ...{ stationId, kind: 'storeKiosk', chain: 'familyMart', ...place },
  });
  const bridge = new PretendedBridge(town.address);
  await bridge.beside(v);
  await openAll(tourist, '/station');
  await press(tourist, submit);
  await look('station key with an error');
  await v.page.fill('#stationKey', key);
  await press(tourist, submit);
  await look('insert your card');
  bridge.insert(await town.person());
  await v.page.waitForURL('**/station/menu');
  await look('station menu');
  await openAll(tourist, '/booking', '/appointment', '/appointment/cancel');
}

async function byHotline(tourist: Tourist): Promise<void> {
  const { v, town, look } = tourist;
  const { db } = town.running.world.ledger;
  const stationId = `line-${randomUUID().slice(0, 8)}`;
  const { key } = await enrolStation(db, { stationId, kind: 'hotline', ...place });
  const staffKey = await designateStaff(db, stationId, 'lin');
  await v.open('/station');
  await v.page.fill('#stationKey', key);
  await press(tourist, submit);
  await look('code of the staff');
  await v.page.fill('#staffKey', staffKey);
  await press(tourist, submit);
  await look('search');
  await press(tourist, submit);
  await look('search with errors');
  const { personNumber } = await resident(town);
  await v.page.check('#reason');
  await v.page.fill('#personNumber', personNumber);
  await press(tourist, submit);
  await look('found');
  await press(tourist, submit);
  await look('menu, acting for somebody');
  await v.open('/registration');
  await v.page.fill('#mobile', '0912345678');
  await press(tourist, submit);
  await v.page.selectOption('#county', '63000');
  await press(tourist, submit);
  await v.page.selectOption('#district', '63000030');
  await press(tourist, submit);
  await press(tourist, submit);
  await look('read back');
  await press(tourist, submit);
  await look('not read back');
}

/** Who goes, and where. */
export const tour = {
  anybody,
  'asking the way': askingTheWay,
  'ways in': waysIn,
  'card account': cardAccount,
  'quick authentication': quickAuthentication,
  'the app': theApp,
  'one’s own account': ownAccount,
  registering,
  booking,
  'at a kiosk': atKiosk,
  'by the hotline': byHotline,
} as const satisfies Readonly<Record<string, Leg>>;
