import fc from 'fast-check';
import { parseMobile } from './mobile';

describe('reading a mobile number', () => {
  test.each([
    ['0912345678'],
    ['0912-345-678'],
    ['0912 345 678'],
    ['(0912) 345.678'],
    ['０９１２－３４５－６７８'],
    ['0912‐345–678'],
    ['0912−345−678'],
    ['+886912345678'],
    ['+886 912 345 678'],
    ['+886-0912-345-678'],
    ['00886912345678'],
    ['886912345678'],
    ['＋８８６９１２３４５６７８'],
  ])('%j is understood as 0912345678', (raw) => {
    expect(parseMobile(raw)).toEqual({ mobile: '0912345678' });
  });

  test.each([
    [''],
    ['091234567'],
    ['09123456789'],
    ['0223456789'],
    ['912345678'],
    ['+85291234567'],
    ['+1 912 345 6789'],
    ['0912345678#1'],
    ['0912abc678'],
  ])('%j is refused', (raw) => {
    expect(parseMobile(raw)).toEqual({ refusal: 'mobileWrong' });
  });

  test('what was read once reads the same again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999_999 }), (serial) => {
        const mobile = `09${String(serial).padStart(8, '0')}`;
        expect(parseMobile(mobile)).toEqual({ mobile });
        expect(parseMobile(`+886${mobile.slice(1)}`)).toEqual({ mobile });
      }),
    );
  });
});
