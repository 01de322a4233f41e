import * as fc from 'fast-check';
import { isMobile, toInternational, toNational } from './taiwan-mobile';

const mobiles = fc.integer({ min: 0, max: 99_999_999 }).map((rest) => `09${String(rest).padStart(8, '0')}`);

describe('Taiwanese mobile numbers', () => {
  test('every one survives the way into international form and back', () => {
    fc.assert(
      fc.property(mobiles, (mobile) => {
        const address = toInternational(mobile) ?? '';
        expect(address).toMatch(/^8869\d{8}$/);
        expect(toNational(address)).toBe(mobile);
        expect(toNational(`+${address}`)).toBe(mobile);
      }),
    );
  });

  test.each([
    '',
    '0212345678',
    '091234567',
    '09123456789',
    '+886912345678',
    '0912-345678',
    '０９１２３４５６７８',
  ])('%p is none', (other) => {
    expect(isMobile(other)).toBe(false);
    expect(toInternational(other)).toBeUndefined();
  });

  test('a foreign address has no national form', () => {
    expect(toNational('819012345678')).toBeUndefined();
    expect(toNational('886212345678')).toBeUndefined();
  });
});
