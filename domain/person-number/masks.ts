/** How numbers, names and mobiles are shown when the reader may recognise, but not learn, them. */

/** `A123456789` → `A12345****`: the official form for documents hides the last four. */
export function maskPersonNumber(number: string): string {
  return Array.from(number, (character, index) => (index < 6 ? character : '*')).join('');
}

/** `A123456789` → `A********9`: the quick lookup shows less, since who asks has proved less. */
export function maskPersonNumberForLookup(number: string): string {
  const last = number.length - 1;
  return Array.from(number, (character, index) => (index === 0 || index === last ? character : '*')).join('');
}

/** `0912345678` → `09*****678`: the last three digits, which the person knows, and nothing else that differs. */
export function maskMobile(mobile: string): string {
  return `09*****${mobile.slice(-3)}`;
}

/** Where one part of a name ends and the next begins: the dots of indigenous names, hyphens, commas, spaces. */
const nameSeparator = /([\s\p{Dash_Punctuation}·‧・•.,'’]+)/u;

/** Characters of Chinese names, with those that only the household system's private-use fonts can show. */
const chineseCharacter = /[\p{Script=Han}\p{Co}\uFFFD○〇]/u;

const graphemes = new Intl.Segmenter('zh-TW', { granularity: 'grapheme' });

/**
 * `甄健康` → `甄○康`, `甄健` → `甄○`, `谷辣斯‧尤達卡` → `谷○○‧○○卡`, `JOHN SMITH` → `J*** S***`.
 * Characters outside the basic plane and those with variation selectors count as one. A name written in
 * letters keeps each part's first letter and hides how long the part is.
 */
export function maskName(name: string): string {
  const trimmed = name.trim();
  return chineseCharacter.test(trimmed) ? maskChineseName(trimmed) : maskLetteredName(trimmed);
}

function maskChineseName(name: string): string {
  const characters = Array.from(graphemes.segment(name), ({ segment }) => segment);
  const positions = characters.flatMap((character, index) => (nameSeparator.test(character) ? [] : [index]));
  const first = positions.length > 1 ? positions.at(0) : undefined;
  const last = positions.length > 2 ? positions.at(-1) : undefined;
  return characters
    .map((character, index) =>
      index === first || index === last || nameSeparator.test(character) ? character : '○',
    )
    .join('');
}

function maskLetteredName(name: string): string {
  return name
    .split(nameSeparator)
    .map((part, index) => (index % 2 === 1 || part === '' ? part : `${firstGrapheme(part)}***`))
    .join('');
}

function firstGrapheme(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment;
  return '';
}
