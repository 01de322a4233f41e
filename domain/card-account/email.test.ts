import { maskEmail, parseEmail } from './email';

test.each([
  ['jianguo@example.com', 'jianguo@example.com'],
  [' Jian.Guo+nhi@Example.COM ', 'Jian.Guo+nhi@example.com'],
  ['ｊｉａｎ＠example.com.tw', 'jian@example.com.tw'],
])('%j is the address %s', (typed, email) => expect(parseEmail(typed)).toEqual({ email }));

test.each([
  '',
  'jianguo',
  'jianguo@localhost',
  '@example.com',
  'a@b@example.com',
  'jian guo@example.com',
  'jianguo@example.com\r\nBcc: all@example.com',
  'jianguo@example.com, other@example.com',
  '<jianguo@example.com>',
  'jianguo@[127.0.0.1]',
  '.jianguo@example.com',
  `${'a'.repeat(65)}@example.com`,
  `a@${'b.'.repeat(130)}com`,
])('%j is none', (typed) => expect(parseEmail(typed)).toEqual({ refusal: 'emailWrong' }));

test('a shown address keeps its first letter and its domain', () => {
  expect(maskEmail('jianguo@example.com')).toBe('j******@example.com');
});
