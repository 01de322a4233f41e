import fc from 'fast-check';

import { dateAsTyped } from './typed-date';

test.each([
  ['60', '1', '2', '1971-01-02'],
  ['060', '01', '02', '1971-01-02'],
  ['1971', '1', '2', '1971-01-02'],
  ['６０', '１', '２', '1971-01-02'],
  [' 45 ', '2', '29', '1956-02-29'],
  ['1', '12', '31', '1912-12-31'],
  ['113', '7', '9', '2024-07-09'],
])('%s/%s/%s is %s', (year, month, day, expected) => {
  expect(dateAsTyped({ year, month, day })).toBe(expected);
});

test.each([
  ['', '1', '2'],
  ['60', '', '2'],
  ['60', '13', '2'],
  ['60', '2', '30'],
  ['46', '2', '29'],
  ['0', '0', '0'],
  ['-5', '1', '1'],
  ['6O', '1', '1'],
  ['60', '1', '2.0'],
  ['19710', '1', '1'],
])('%s/%s/%s is no day', (year, month, day) => {
  expect(dateAsTyped({ year, month, day })).toBeUndefined();
});

test('a day reads the same by the year of the Republic and by the common era', () => {
  const born = fc.date({ min: new Date('1912-01-01'), max: new Date('2110-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(born, (date) => {
      const iso = date.toISOString().slice(0, 10);
      const [year = '', month = '', day = ''] = iso.split('-');
      const republic = String(Number(year) - 1911);
      expect(dateAsTyped({ year, month, day })).toBe(iso);
      expect(dateAsTyped({ year: republic, month, day })).toBe(iso);
    }),
  );
});
