import fc from 'fast-check';
import { maskMobile, maskName, maskPersonNumber, maskPersonNumberForLookup } from './masks';

describe('masks', () => {
  test('a person number hides its last four digits', () => {
    expect(maskPersonNumber('A123456789')).toBe('A12345****');
  });

  test('the quick lookup shows the first and the last character only', () => {
    expect(maskPersonNumberForLookup('A123456789')).toBe('A********9');
  });

  test('a mobile number shows its last three digits', () => {
    expect(maskMobile('0912345678')).toBe('09*****678');
  });

  test.each([
    ['甄健康', '甄○康'],
    ['甄健', '甄○'],
    ['甄', '○'],
    ['歐陽健康', '歐○○康'],
    ['𠮷田健', '𠮷○健'],
    ['陳𠮷', '陳○'],
    ['葛\u{E0100}城健', '葛\u{E0100}○健'],
    ['林\uE000安', '林○安'],
    ['谷辣斯‧尤達卡', '谷○○‧○○卡'],
    ['JOHN SMITH', 'J*** S***'],
    ['NGUYEN VAN AN', 'N*** V*** A***'],
    ['Jean-Luc O’Neill', 'J***-L*** O***’N***'],
    ['MARIA CLARISSA DELA ', 'M*** C*** D***'],
    ['Ｊｏｈｎ', 'Ｊ***'],
    ['', ''],
  ])('the name %j is shown as %j', (name, shown) => {
    expect(maskName(name)).toBe(shown);
  });

  test('no mask of a Chinese name of three or more shows more than two of its characters, nor half of one', () => {
    const character = fc.constantFrom('甄', '健', '康', '𠮷', '\uE000', '陳');
    fc.assert(
      fc.property(fc.array(character, { minLength: 3, maxLength: 8 }), (characters) => {
        const shown = Array.from(maskName(characters.join('')));
        expect(shown).toHaveLength(characters.length);
        expect(shown.filter((each) => each !== '○')).toHaveLength(2);
        expect(shown.join('')).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});
