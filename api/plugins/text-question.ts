/** Questions in words that a person answers with a number: small sums, written out, as a screen reader reads them. */
import { randomBytes, randomInt } from 'node:crypto';

import type { Language } from '../problems';

export interface MadeQuestion {
  readonly id: string;
  readonly question: string;
  /** Digits, as `answerOf` writes them. */
  readonly answer: string;
}

const words = {
  zh: [
    '零',
    '一',
    '二',
    '三',
    '四',
    '五',
    '六',
    '七',
    '八',
    '九',
    '十',
    '十一',
    '十二',
    '十三',
    '十四',
    '十五',
    '十六',
    '十七',
    '十八',
    '十九',
    '二十',
  ],
  en: [
    ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'],
    ...[
      'eleven',
      'twelve',
      'thirteen',
      'fourteen',
      'fifteen',
      'sixteen',
      'seventeen',
      'eighteen',
      'nineteen',
      'twenty',
    ],
  ],
} as const satisfies Record<Language, readonly string[]>;

/** One way to ask for a number; `a` and `b` are written as words. */
interface Form {
  readonly draw: () => readonly [number, number];
  readonly answer: (a: number, b: number) => number;
  readonly zh: (a: string, b: string) => string;
  readonly en: (a: string, b: string) => string;
}

const twoUpTo = (most: number): readonly [number, number] => [randomInt(1, most + 1), randomInt(1, most + 1)];
/** Two different numbers, the larger first. */
function apart(most: number): readonly [number, number] {
  const small = randomInt(1, most);
  return [randomInt(small + 1, most + 1), small];
}
const flipped = (draw: () => readonly [number, number]) => (): readonly [number, number] => {
  const [a, b] = draw();
  return randomInt(2) === 0 ? [a, b] : [b, a];
};

/** Before a measure word two is 兩. */
const counted = (number: string): string => (number === '二' ? '兩' : number);

const forms: readonly Form[] = [
  {
    draw: () => twoUpTo(10),
    answer: (a, b) => a + b,
    zh: (a, b) => `${a}加${b}等於多少？`,
    en: (a, b) => `What is ${a} plus ${b}?`,
  },
  {
    draw: () => apart(20),
    answer: (a, b) => a - b,
    zh: (a, b) => `${a}減${b}等於多少？`,
    en: (a, b) => `What is ${a} minus ${b}?`,
  },
  {
    draw: flipped(() => apart(20)),
    answer: (a, b) => Math.max(a, b),
    zh: (a, b) => `${a}和${b}，哪一個數字比較大？`,
    en: (a, b) => `Which number is larger, ${a} or ${b}?`,
  },
  {
    draw: flipped(() => apart(20)),
    answer: (a, b) => Math.min(a, b),
    zh: (a, b) => `${a}和${b}，哪一個數字比較小？`,
    en: (a, b) => `Which number is smaller, ${a} or ${b}?`,
  },
  {
    draw: () => twoUpTo(10),
    answer: (a, b) => a + b,
    zh: (a, b) => `有${counted(a)}個人在排隊，又來了${counted(b)}個人，現在有幾個人？`,
    en: (a, b) => `People in a queue: ${a}. More people come: ${b}. How many are there now?`,
  },
];

/** A question drawn at random, in `language`. */
export function makeTextQuestion(language: Language): MadeQuestion {
  const form = forms[randomInt(forms.length)];
  if (!form) throw new Error('there is a form for every draw');
  const [a, b] = form.draw();
  return {
    id: randomBytes(16).toString('base64url'),
    question: form[language](words[language][a] ?? String(a), words[language][b] ?? String(b)),
    answer: String(form.answer(a, b)),
  };
}

/** What was typed as digits: full-width digits, Chinese numerals and English words are understood. */
export function answerOf(typed: string): string {
  const plain = typed.normalize('NFKC').trim().toLowerCase().replace(/^兩$/, '二');
  if (/^\d{1,4}$/.test(plain)) return String(Number(plain));
  const inWords = [words.zh, words.en]
    .map((list: readonly string[]) => list.indexOf(plain))
    .find((n) => n >= 0);
  return inWords === undefined ? '' : String(inWords);
}
