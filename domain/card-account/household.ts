/** Household number (戶號) and registered address (戶籍地址), as people copy them from their register, in one form each. */

declare const householdBrand: unique symbol;

/** Eight characters, a letter code and digits, from the top left of the household register's inner page. */
export type HouseholdNumber = string & { readonly [householdBrand]: true };

/** Reads a household number; full-width characters, small letters, spaces and dashes are accepted. */
export function parseHouseholdNumber(
  raw: string,
): { readonly householdNumber: HouseholdNumber } | { readonly refusal: 'householdNumberWrong' } {
  const number = raw
    .normalize('NFKC')
    .replace(/[\s\p{Dash_Punctuation}]/gu, '')
    .toUpperCase();
  if (!/^[A-Z][A-Z0-9]\d{6}$/.test(number)) return { refusal: 'householdNumberWrong' };
  return { householdNumber: number as HouseholdNumber };
}

/** Longer than any address in Taiwan. */
export const longestAddress = 120;

const digitsByCharacter: Readonly<Record<string, number>> = {
  〇: 0,
  ...{ 一: 1, 二: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 },
};

/** A Chinese number below a hundred in figures: 十二 → 12, 二十 → 20, 三 → 3, 一〇三 → 103. */
function figuresOf(chinese: string): string {
  const [tens, units, ...rest] = chinese.split('十');
  if (units === undefined || rest.length > 0) {
    return Array.from(chinese, (character) => digitsByCharacter[character] ?? character).join('');
  }
  const digit = (part: string | undefined, none: number) =>
    part === undefined || part === '' ? none : (digitsByCharacter[part] ?? 0);
  return String(digit(tens, 1) * 10 + digit(units, 0));
}

/** What numbers of an address count: only before these are Chinese numbers figures, and no part of a name. */
const countedChinese = /[〇一二三四五六七八九十]+(?=[段巷弄號樓鄰衖室之])/gu;
/** Village or borough and neighbourhood, which many leave out: 龍安里12鄰. Only after the district's own word. */
const neighbourhood = /(?<=[縣市].{1,4}[區鄉鎮市])[^區鄉鎮市路街段巷弄號\d]{1,4}[里村](?:\d{1,3}鄰)?/u;

/**
 * An address in the form in which two of them are compared: 臺 and 台, full-width and Chinese figures, 一樓 and 1F,
 * 12號之3 and 12-3號, post codes, village and neighbourhood make no difference; everything else does.
 */
export function canonicalAddress(raw: string): string {
  return (
    raw
      .normalize('NFKC')
      .toUpperCase()
      .replaceAll('台', '臺')
      .replace(/[\p{Dash_Punctuation}~]/gu, '之')
      // Before the number of the floor comes to stand beside it: 140號之2 5F, 140號之2五樓.
      .replace(/號之(\d+|[〇一二三四五六七八九十]+(?!樓))/u, '之$1號')
      .replace(/[\s,、。.;:()]/gu, '')
      .replace(/^\d{3,6}/, '')
      .replace(countedChinese, figuresOf)
      .replace(/(\d)F/g, '$1樓')
      .replace(/(?<!\d)0+(?=\d)/g, '')
      .replace(neighbourhood, '')
  );
}
