import { canonicalAddress, parseHouseholdNumber } from './household';

test.each([
  ['F1234567', 'F1234567'],
  [' f1234567 ', 'F1234567'],
  ['Ｆ１２３４５６７', 'F1234567'],
  ['F-123 4567', 'F1234567'],
  ['RA234567', 'RA234567'],
])('%j is the household number %s', (typed, householdNumber) =>
  expect(parseHouseholdNumber(typed)).toEqual({ householdNumber }),
);

test.each(['', '12345678', 'F123456', 'F12345678', 'FAB34567', 'F123456X', '戶號F1234567'])(
  '%j is no household number',
  (typed) => expect(parseHouseholdNumber(typed)).toEqual({ refusal: 'householdNumberWrong' }),
);

const registered = '臺北市大安區龍安里12鄰信義路三段140號之2五樓';

test.each([
  registered,
  '台北市大安區信義路三段140號之2五樓',
  '106 台北市大安區信義路3段140之2號5樓',
  '10634臺北市大安區龍安里信義路三段１４０號之２　５F',
  '臺北市大安區龍安里012鄰信義路三段140-2號5樓',
])('%s is the registered address', (typed) =>
  expect(canonicalAddress(typed)).toBe(canonicalAddress(registered)),
);

test.each([
  '臺北市大安區龍安里12鄰信義路三段140號五樓',
  '臺北市大安區龍安里12鄰信義路二段140號之2五樓',
  '臺北市信義區信義路三段140號之2五樓',
  '新北市大安區信義路三段140號之2五樓',
  '',
])('%s is another one', (typed) => expect(canonicalAddress(typed)).not.toBe(canonicalAddress(registered)));

test('a number in the name of a road stays a name', () => {
  expect(canonicalAddress('新北市三重區五華街二十一巷十號')).toBe('新北市三重區五華街21巷10號');
  expect(canonicalAddress('嘉義縣六腳鄉三義村二十一號')).toBe('嘉義縣六腳鄉21號');
});
