import { randomBytes } from 'node:crypto';

import fc from 'fast-check';

import {
  appOtpOf,
  deviceCodeOf,
  mayMakeDeviceCode,
  parseAppOtp,
  parseDeviceCode,
  parseDeviceName,
} from './device-binding';

const random = fc.uint8Array({ minLength: 16, maxLength: 32 });

test('a device code has eight characters that nobody takes for one another, and reads back as it is', () => {
  fc.assert(
    fc.property(random, (bytes) => {
      const code = deviceCodeOf(bytes);
      expect(code).toMatch(/^[A-HJ-NP-Za-hj-kmnp-z2-9]{8}$/);
      expect(parseDeviceCode(code)).toBe(code);
      expect(parseDeviceCode(` ${code.slice(0, 4)} ${code.slice(4)} `)).toBe(code);
    }),
  );
});

test('upper and lower case are kept exactly', () => {
  expect(parseDeviceCode('Ta8141bL')).toBe('Ta8141bL');
  expect(parseDeviceCode('ta8141bl')).toBe('ta8141bl');
});

test('the app’s code has six digits, zeros at its beginning too', () => {
  fc.assert(fc.property(random, (bytes) => expect(appOtpOf(bytes)).toMatch(/^\d{6}$/)));
  expect(appOtpOf(new Uint8Array(16))).toBe('000000');
  expect(parseAppOtp('012 345')).toBe('012345');
  expect(parseAppOtp('０１２３４５')).toBe('012345');
});

test('every digit comes as often as another', () => {
  const counts = new Map<string, number>();
  for (let n = 0; n < 2_000; n += 1) {
    for (const digit of appOtpOf(randomBytes(16))) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  }
  for (const count of counts.values()) expect(Math.abs(count - 1_200)).toBeLessThan(200);
});

test.each(['', '12345', '1234567', '12345a', 'abcdef'])('%p is no code of the app', (typed) => {
  expect(parseAppOtp(typed)).toBeUndefined();
});

test.each(['', 'Ta8141b', 'Ta8141bLL', 'Ta8141b!', '裝置碼裝置碼裝置'])('%p is no device code', (typed) => {
  expect(parseDeviceCode(typed)).toBeUndefined();
});

test.each([
  ['  媽媽的手機 ', '媽媽的手機'],
  ['a\n\tb', 'a b'],
  ['', undefined],
  ['\u200b \u0000', undefined],
  ['字'.repeat(40), '字'.repeat(40)],
  ['字'.repeat(41), undefined],
])('a device called %p is called %p', (typed, name) => {
  expect(parseDeviceName(typed)).toBe(name);
});

test('only the card with its password or the certificate makes a device code', () => {
  expect(['card-password', 'certificate'].every(mayMakeDeviceCode)).toBe(true);
  expect(
    ['card-number', 'birth-date', 'app-otp', 'passkey', 'app-password', 'station'].some(mayMakeDeviceCode),
  ).toBe(false);
});
