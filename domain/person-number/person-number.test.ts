import fc from 'fast-check';
import {
  newUiHolders,
  numberLetters,
  syntheticNationalId,
  syntheticNewUiNumber,
  syntheticOldUiNumber,
} from '../../scripts/demo-data/synthetic-numbers';
import { normalisePersonNumber, parsePersonNumber } from './person-number';

const letter = fc.constantFrom(...numberLetters);
const sex = fc.constantFrom('male' as const, 'female' as const);
const serial7 = fc.integer({ min: 0, max: 9_999_999 });
const numbers = {
  nationalId: fc.tuple(letter, sex, serial7).map((parts) => syntheticNationalId(...parts)),
  oldUiNumber: fc
    .tuple(letter, fc.constantFrom('A' as const, 'B' as const, 'C' as const, 'D' as const), serial7)
    .map((parts) => syntheticOldUiNumber(...parts)),
  newUiNumber: fc
    .tuple(letter, sex, fc.constantFrom(...newUiHolders), fc.integer({ min: 0, max: 999_999 }))
    .map((parts) => syntheticNewUiNumber(...parts)),
};
const anyNumber = fc.oneof(...Object.values(numbers));

/** The places whose weight shares no factor with ten (7, 3, 1 and the check digit): any change there shows. */
const tellingPlaces = [2, 6, 8, 9] as const;

describe('reading a person number', () => {
  test.each(Object.entries(numbers))(
    'every number of the kind %s with a right check digit is accepted',
    (kind, arbitrary) => {
      fc.assert(
        fc.property(arbitrary, (number) => expect(parsePersonNumber(number)).toEqual({ kind, number })),
      );
    },
  );

  test('a wrong check digit is refused, whatever the kind', () => {
    fc.assert(
      fc.property(anyNumber, fc.integer({ min: 1, max: 9 }), (number, change) => {
        const wrong = number.slice(0, 9) + ((Number(number[9]) + change) % 10);
        expect(parsePersonNumber(wrong)).toEqual({ refusal: 'personNumberChecksumWrong' });
      }),
    );
  });

  test('a change of one digit whose weight has no factor of ten is refused', () => {
    fc.assert(
      fc.property(
        anyNumber,
        fc.constantFrom(...tellingPlaces),
        fc.integer({ min: 1, max: 9 }),
        (number, place, change) => {
          const digit = (Number(number[place]) + change) % 10;
          const wrong = number.slice(0, place) + digit + number.slice(place + 1);
          expect(parsePersonNumber(wrong)).toEqual({ refusal: 'personNumberChecksumWrong' });
        },
      ),
    );
  });

  test('case, width and space around the number do not matter', () => {
    const fullWidth = (text: string) =>
      Array.from(text, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0)).join('');
    fc.assert(
      fc.property(anyNumber, (number) => {
        const parsed = parsePersonNumber(number);
        expect(parsePersonNumber(`\u3000 ${number.toLowerCase()}\t`)).toEqual(parsed);
        expect(parsePersonNumber(fullWidth(number))).toEqual(parsed);
        expect(parsePersonNumber(fullWidth(number.toLowerCase()))).toEqual(parsed);
      }),
    );
  });

  test('normalising twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const once = normalisePersonNumber(raw);
        expect(normalisePersonNumber(once)).toBe(once);
      }),
    );
  });

  test.each([
    ['a sample of the old manuals whose check digit is wrong', 'A223456789', 'personNumberChecksumWrong'],
    ['nothing', '', 'personNumberLengthWrong'],
    ['a digit too few', 'A12345678', 'personNumberLengthWrong'],
    ['a digit too many', 'A1234567890', 'personNumberLengthWrong'],
    ['a space inside', 'A12345 678', 'personNumberFormWrong'],
    ['a second character that no kind has', 'A323456789', 'personNumberFormWrong'],
    ['an E in the second place', 'AE23456789', 'personNumberFormWrong'],
    ['digits alone', '0123456789', 'personNumberFormWrong'],
    ['a Cyrillic А for the A', 'А123456789', 'personNumberFormWrong'],
  ])('refuses %s', (_what, raw, refusal) => {
    expect(parsePersonNumber(raw)).toEqual({ refusal });
  });

  test('anything at all is either a number or refused, and a refusal repeats nothing of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const result = parsePersonNumber(raw);
        const told = 'refusal' in result ? Object.keys(result).join() : result.number;
        expect(told).toMatch(/^(refusal|[A-Z][A-D1289]\d{8})$/);
      }),
    );
  });
});
