/** The password of a card account (健保卡網路服務註冊密碼): six to twelve characters, none that a stranger tries first. */

declare const passwordBrand: unique symbol;

/** A password that may be set, brought to its one form. */
export type AccountPassword = string & { readonly [passwordBrand]: true };

/** Six to twelve, as the card services have always asked for (seed 002). */
export const passwordLength = { least: 6, most: 12 } as const;

/** Why a password may not be set; none of them repeats it. */
export type PasswordProblem =
  /** Fewer than six or more than twelve characters. */
  | 'passwordLengthWrong'
  /** A space, or a character that not every keyboard and kiosk has. */
  | 'passwordCharacterWrong'
  /** Among those that are tried first: a row of keys, one character again and again, a word that everybody takes. */
  | 'passwordTooCommon'
  /** Made of the person's own number, card, birth date or phone: whoever holds the card knows these. */
  | 'passwordPersonal';

/** What stands on the card or is known to many: no password may be taken out of it. */
export interface KnownFacts {
  readonly personNumbers: readonly string[];
  readonly cardNumber?: string;
  /** Civil date `YYYY-MM-DD`. */
  readonly birthDate: string;
  readonly mobile?: string;
  /** The part before the at sign is looked at. */
  readonly email?: string;
}

/**
 * Passwords of six to twelve characters that head every published list of leaked ones, Taiwanese ones among them.
 * Rows of keys and repetitions are found by rule and do not stand here.
 */
const common: ReadonlySet<string> = new Set(
  `password passw0rd p@ssw0rd p@ssword password1 password12 password123 iloveyou letmein welcome welcome1 monkey
  dragon football baseball basketball superman batman master sunshine princess shadow michael jennifer jordan charlie
  freedom whatever trustno1 starwars pokemon computer internet samsung google yahoo facebook abc123 abcd1234 abc12345
  a123456 a1234567 a12345678 a123456789 aa123456 aa123123 qwe123 qwe123456 q1w2e3 q1w2e3r4 q1w2e3r4t5 1q2w3e 1q2w3e4r
  1q2w3e4r5t 1qaz2wsx qaz2wsx zaq12wsx zxc123 asd123 asd123456 admin123 administrator admin1 test123 test1234 user123
  guest123 login123 changeme default secret secret1 520520 521521 5201314 1314520 7758521 7758258 888888a 168168 168888
  518518 159357 147258 147258369 159753 123qwe 123asd 123abc 112233 11223344 121212 123123 123321 131313 232323 696969
  789456 789456123 456789123 100200 123654 123654789 147852 258369 741852 741852963 852456 963852 963852741 987456
  taiwan taiwan123 taipei taipei101 formosa health health123 nhi123 nhicard 健保 iloveu loveyou love520 love1314 i520you
  ji32k7au4a83 ji3g4go6 su3cl3 au4a83 vu04vu0 5k4g4 woaini woaini520 woaini1314 asdasd asdfasdf zxczxc qweqwe qazwsx
  qazwsxedc hello123 happy123 lucky888 money888 killer ginger summer winter spring autumn orange banana purple flower
  cookie cheese tigger buster soccer hockey ranger thomas robert daniel andrew joshua matthew ashley nicole hannah jessica`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** Keys as they lie beside each other, and letters and digits in their order. */
const rows = [
  '01234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1234567890-=',
];
const runs = rows.flatMap((row) => [row, Array.from(row).reverse().join('')]);

/** A password as typed in its one form: full-width characters of an input method count as the plain ones. */
export function normalisePassword(typed: string): string {
  return typed.normalize('NFKC');
}

/**
 * Reads a password that somebody wants to set. The facts are those of the person themselves; the more of them are
 * given, the more passwords are refused.
 */
export function parsePassword(
  typed: string,
  facts: KnownFacts,
): { readonly password: AccountPassword } | { readonly problem: PasswordProblem } {
  const password = normalisePassword(typed);
  const length = Array.from(password).length;
  if (length < passwordLength.least || length > passwordLength.most)
    return { problem: 'passwordLengthWrong' };
  if (!/^[\x21-\x7e]+$/.test(password)) return { problem: 'passwordCharacterWrong' };
  const folded = password.toLowerCase();
  if (isCommon(folded)) return { problem: 'passwordTooCommon' };
  if (isPersonal(folded, facts)) return { problem: 'passwordPersonal' };
  return { password: password as AccountPassword };
}

function isCommon(folded: string): boolean {
  if (common.has(folded)) return true;
  if (runs.some((run) => run.includes(folded))) return true;
  // One, two or three characters again and again: 111111, ababab, 123123123.
  return [1, 2, 3].some((size) => {
    const part = folded.slice(0, size);
    return part.repeat(Math.ceil(folded.length / size)).slice(0, folded.length) === folded;
  });
}

/** So many characters of a fact are the fact: shorter ones come about by chance. */
const telling = 6;

function isPersonal(folded: string, facts: KnownFacts): boolean {
  const known = [
    ...facts.personNumbers,
    ...(facts.cardNumber === undefined ? [] : [facts.cardNumber]),
    ...(facts.mobile === undefined ? [] : [facts.mobile]),
    ...(facts.email === undefined ? [] : [facts.email.split('@', 1)[0] ?? '']),
    ...birthDateForms(facts.birthDate),
  ].map((fact) => fact.toLowerCase());
  return known.some((fact) => {
    if (fact.length < telling) return false;
    // Part of the fact, or the fact with something around it.
    return fact.includes(folded) || folded.includes(fact);
  });
}

/** 1950-02-03 → 19500203, 500203, 0390203, 390203, 02031950, 03021950. */
function birthDateForms(birthDate: string): readonly string[] {
  const [year = '', month = '', day = ''] = birthDate.split('-');
  const roc = String(Number(year) - 1911);
  return [
    ...[`${year}${month}${day}`, `${year.slice(2)}${month}${day}`, `${roc.padStart(3, '0')}${month}${day}`],
    ...[`${roc}${month}${day}`, `${month}${day}${year}`, `${day}${month}${year}`],
  ];
}
