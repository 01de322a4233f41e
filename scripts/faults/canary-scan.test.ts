import { findCanaries } from './canary-scan';

const canaries = {
  name: '金絲雀鳴',
  personNumber: 'Q234567895',
  cardNumber: '990000070099',
  mobile: '0900070099',
};
const finds = (text: string | Buffer) =>
  findCanaries(canaries, Buffer.from(text), 'here').map(({ canary }) => canary);
const base64 = (text: string) => Buffer.from(text).toString('base64');

test.each([
  ['as it is', 'for 金絲雀鳴 today', 'name'],
  ['in small letters', 'id q234567895', 'personNumber'],
  ['full-width', '證號Ｑ２３４５６７８９５', 'personNumber'],
  ['in an address', '/x?name=%E9%87%91%E7%B5%B2%E9%9B%80%E9%B3%B4', 'name'],
  ['escaped as in JSON', '{"name":"\\u91d1\\u7d72\\u96c0\\u9cf4"}', 'name'],
  ['with spaces as on the card', '9900 0007 0099', 'cardNumber'],
  ['as an international number', '+886900070099', 'mobile'],
  ['in UTF-16', Buffer.from('金絲雀鳴', 'utf16le'), 'name'],
  ['in hexadecimal', Buffer.from('0900070099').toString('hex'), 'mobile'],
  ['in base64', `data: ${base64('{"who":"金絲雀鳴"}')}`, 'name'],
  ['in base64 that other letters run into', `abc${base64('["Q234567895"]')}`, 'personNumber'],
  ['in base64 within base64', base64(`{"data":"${base64('{"mobile":"0900070099"}')}"}`), 'mobile'],
])('a value is found %s', (_, text, canary) => {
  expect(finds(text)).toEqual([canary]);
});

test('masks and strangers are not taken for a find', () => {
  expect(finds('Q23456**** 09*****099 金○○鳴 0911111111 7bc54793-7b8b-4d37-bd2e-a4bb5453f1f4')).toEqual([]);
});
