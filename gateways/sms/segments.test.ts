import fc from 'fast-check';
import { encodings } from 'smpp';
import { SegmentedMessage } from 'sms-segments-calculator';
import { countSegments } from './segments';

describe('segments', () => {
  test.each([
    ['a GSM-7 text of 160 characters', 'a'.repeat(160), 'GSM-7', 1],
    ['one of 161', 'a'.repeat(161), 'GSM-7', 2],
    ['one of two full parts', 'a'.repeat(306), 'GSM-7', 2],
    ['one more than two full parts', 'a'.repeat(307), 'GSM-7', 3],
    ['euro signs, which take two places each', '€'.repeat(80), 'GSM-7', 1],
    ['one euro sign too many', '€'.repeat(81), 'GSM-7', 2],
    ['a Chinese text of 70 characters', '疫'.repeat(70), 'UCS-2', 1],
    ['one of 71', '疫'.repeat(71), 'UCS-2', 2],
    ['one of two full parts in Chinese', '疫'.repeat(134), 'UCS-2', 2],
    ['one more than two full Chinese parts', '疫'.repeat(135), 'UCS-2', 3],
    ['English with one Chinese character', `${'a'.repeat(70)}約`, 'UCS-2', 2],
    [
      'a character outside the basic plane, never cut in two',
      `${'疫'.repeat(66)}𠮷${'疫'.repeat(66)}`,
      'UCS-2',
      3,
    ],
    ['an empty text', '', 'GSM-7', 0],
  ])('%s', (_what, body, encoding, segments) => {
    expect(countSegments(body)).toEqual({ encoding, segments });
  });

  test('what counts as GSM-7 is what the protocol library can write as GSM-7', () => {
    const plane = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
    const gsm = plane.filter((character) => countSegments(character).encoding === 'GSM-7').join('');
    expect(gsm.length).toBeGreaterThan(130);
    expect(encodings.ASCII.decode(encodings.ASCII.encode(gsm))).toBe(gsm);
  });

  test('what is counted without the library is counted as the library does', () => {
    const letters = [
      ...Array.from('aZ09 .,;:\'"()/?!+-*=<>%&#疫約、。「」【】，：？～'),
      '\n',
      '€',
      '𠮷',
      'é',
      '́',
      '㊣',
    ];
    const body = fc
      .tuple(
        fc.integer({ min: 1, max: 220 }),
        fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 12 }),
      )
      .map(([length, pattern]) => Array.from({ length }, (_, n) => pattern[n % pattern.length]).join(''));
    fc.assert(
      fc.property(body, (text) => {
        const { encodingName, segmentsCount } = new SegmentedMessage(text);
        expect(countSegments(text)).toEqual({ encoding: encodingName, segments: segmentsCount });
      }),
      { numRuns: 60 },
    );
  });
});
