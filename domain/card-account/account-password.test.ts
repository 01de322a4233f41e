import { parsePassword, type KnownFacts } from './account-password';

const facts: KnownFacts = {
  personNumbers: ['A123456789'],
  cardNumber: '990000000017',
  birthDate: '1950-02-03',
  mobile: '0912876543',
  email: 'jianguo.chen@example.com',
};

const verdict = (typed: string) => {
  const read = parsePassword(typed, facts);
  return 'problem' in read ? read.problem : 'taken';
};

test.each([
  ['k7mzQ2', 'the shortest'],
  ['k7mzQ2!x9_Lw', 'the longest'],
  ['gaiKie8o', 'letters and figures'],
  ['590271', 'figures without a pattern: the rule asks for six, not for kinds of characters'],
])('%s is taken: %s', (typed) => expect(verdict(typed)).toBe('taken'));

test.each([
  ['', 'passwordLengthWrong'],
  ['k7mzQ', 'passwordLengthWrong'],
  ['k7mzQ2!x9_Lwv', 'passwordLengthWrong'],
  ['k7m zQ2', 'passwordCharacterWrong'],
  [' k7mzQ2', 'passwordCharacterWrong'],
  ['密碼密碼密碼', 'passwordCharacterWrong'],
  ['k7mzQ2\u0000', 'passwordCharacterWrong'],
  ['Password', 'passwordTooCommon'],
  ['5201314', 'passwordTooCommon'],
  ['123456', 'passwordTooCommon'],
  ['345678', 'passwordTooCommon'],
  ['987654', 'passwordTooCommon'],
  ['QwErTy', 'passwordTooCommon'],
  ['aaaaaaa', 'passwordTooCommon'],
  ['ababab', 'passwordTooCommon'],
  ['abcabcab', 'passwordTooCommon'],
  ['a123456789', 'passwordTooCommon'],
  ['19500203', 'passwordPersonal'],
  ['500203', 'passwordPersonal'],
  ['0390203', 'passwordPersonal'],
  ['390203', 'passwordPersonal'],
  ['912876543', 'passwordPersonal'],
  ['x0912876543', 'passwordPersonal'],
  ['990000000017', 'passwordPersonal'],
  ['000017', 'passwordPersonal'],
  ['jianguo', 'passwordPersonal'],
])('%j is refused: %s', (typed, problem) => expect(verdict(typed)).toBe(problem));

test('an input method that types full-width characters makes no other password', () => {
  const [wide, plain] = [parsePassword('ｋ７ｍｚＱ２', facts), parsePassword('k7mzQ2', facts)];
  expect(wide).toEqual(plain);
});
