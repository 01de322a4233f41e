import { en } from './en';
import { zh } from './zh';

/** Every text by its path; functions are called with arguments that can be told from words. */
function flat(table: object, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(table) as [string, unknown][]) {
    const here = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') found.set(here, value);
    else if (typeof value === 'function')
      found.set(here, String((value as (...args: unknown[]) => unknown)(2, 3)));
    else if (typeof value === 'object' && value !== null)
      for (const [name, text] of flat(value, here)) found.set(name, text);
  }
  return found;
}

const chinese = flat(zh);
const english = flat(en);
const han = /\p{Script=Han}/u;
/** Said in the other language on purpose: the switch, by which its readers find their way. */
const switched = new Set(['service.otherLanguage', 'service.otherLanguageLabel']);
/** The same in every language. */
const neutral = new Set(['signIn.cardPictureNumber']);

test('both languages have the same texts, none of them empty', () => {
  expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
  const empty = [...chinese, ...english].filter(([, text]) => text.trim() === '').map(([name]) => name);
  expect(empty).toEqual([]);
});

test('Chinese texts are Chinese, English ones hold no Chinese character', () => {
  const marks = /^[\p{P}\s]+$/u;
  const wrongChinese = [...chinese].filter(
    ([name, text]) => !han.test(text) && !marks.test(text) && !switched.has(name) && !neutral.has(name),
  );
  const wrongEnglish = [...english].filter(([name, text]) => han.test(text) && !switched.has(name));
  expect(wrongChinese).toEqual([]);
  expect(wrongEnglish).toEqual([]);
});

test('no text uses the simplified or variant form 台 in official names', () => {
  expect([...chinese].filter(([, text]) => text.includes('台北') || text.includes('台灣'))).toEqual([]);
});
