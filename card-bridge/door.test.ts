import { callerOf, isOwnHost, type DoorSettings } from './door';

const settings: DoorSettings = { port: 17_777, origins: ['https://vaccine.example'] };
const kiosk = { origin: 'https://vaccine.example', key: 'k'.repeat(43) };
const host = '127.0.0.1:17777';

test.each(['127.0.0.1:17777', '[::1]:17777', 'localhost:17777'])('%s is us', (own) => {
  expect(isOwnHost(own, settings)).toBe(true);
});

test.each([
  undefined,
  '127.0.0.1',
  '127.0.0.1:17778',
  'evil.example:17777',
  '127.0.0.1.evil.example:17777',
  'localhost.:17777',
  '0.0.0.0:17777',
])('a request for %s was meant for somebody else', (other) => {
  expect(callerOf({ host: other, origin: 'https://vaccine.example' }, settings)).toBe('hostRefused');
});

test('a page of an allowed site is let in as that site', () => {
  const caller = callerOf({ host, origin: 'https://vaccine.example' }, settings);
  expect(caller).toEqual({ kind: 'page', origin: 'https://vaccine.example' });
});

test.each([
  'https://evil.example',
  'http://vaccine.example',
  'https://vaccine.example:8443',
  'https://vaccine.example.evil.example',
  'https://VACCINE.example',
  'null',
  '',
])('a page of %s is not', (origin) => {
  expect(callerOf({ host, origin }, settings)).toBe('originRefused');
});

test('our own page is known by its origin, and is no site', () => {
  expect(callerOf({ host, origin: 'http://127.0.0.1:17777' }, settings)).toEqual({ kind: 'own' });
  expect(callerOf({ host, origin: 'http://localhost:17777' }, settings)).toBe('originRefused');
});

test('without an origin nobody is let in but a kiosk’s program with its key', () => {
  const withKiosk = { ...settings, kiosk };
  const authorization = `Bearer ${kiosk.key}`;
  expect(callerOf({ host }, settings)).toBe('originMissing');
  expect(callerOf({ host, authorization }, settings)).toBe('originMissing');
  expect(callerOf({ host, authorization }, withKiosk)).toEqual({ kind: 'kiosk', origin: kiosk.origin });
  expect(callerOf({ host, authorization: `${authorization}x` }, withKiosk)).toBe('originMissing');
  // A page that has learnt the key is still a page.
  expect(callerOf({ host, authorization, origin: 'https://evil.example' }, withKiosk)).toBe('originRefused');
});
