import fc from 'fast-check';

import { addDays, addMs, ageOn, isPlainDate, laterOf, taipeiDateOf, taipeiInstant } from './plain-date';

const dates = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2100-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

describe('civil dates in Taipei', () => {
  test.each([
    ['2021-07-12T15:59:59.999Z', '2021-07-12'],
    ['2021-07-12T16:00:00.000Z', '2021-07-13'],
    ['2021-12-31T16:00:00.000Z', '2022-01-01'],
  ])('at %s it is %s', (instant, date) => expect(taipeiDateOf(instant)).toBe(date));

  test('every minute of a day belongs to that day, and 1440 minutes later the next one has begun', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: 0, max: 1439 }), (date, minute) => {
        expect(taipeiDateOf(taipeiInstant(date, minute))).toBe(date);
        expect(taipeiInstant(date, 1440)).toBe(taipeiInstant(addDays(date, 1), 0));
      }),
    );
  });

  test('days added are days taken away again', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: -40_000, max: 40_000 }), (date, days) => {
        expect(addDays(addDays(date, days), -days)).toBe(date);
      }),
    );
  });

  test.each([
    ['2024-02-28', 1, '2024-02-29'],
    ['2023-02-28', 1, '2023-03-01'],
    ['2021-03-31', -31, '2021-02-28'],
    ['2021-07-01', 84, '2021-09-23'],
  ])('%s and %i days is %s', (date, days, expected) => expect(addDays(date, days)).toBe(expected));

  test('milliseconds are added to instants, and the later of two is found however they are written', () => {
    expect(addMs('2021-07-12T15:59:59.999Z', 1)).toBe('2021-07-12T16:00:00.000Z');
    expect(laterOf('2021-07-12T16:00:00.000Z', '2021-07-12T16:00:00.001Z')).toBe('2021-07-12T16:00:00.001Z');
  });

  test.each([
    ['2021-02-28', true],
    ['2021-02-29', false],
    ['2024-02-29', true],
    ['2021-13-01', false],
    ['2021-1-1', false],
    ['110-07-01', false],
    ['2021-07-01T00:00:00Z', false],
    ['', false],
  ])('%p is a civil date: %p', (text, expected) => expect(isPlainDate(text)).toBe(expected));
});

describe('age in full years', () => {
  test.each([
    ['the day before the birthday', '2003-07-02', '2021-07-01', 17],
    ['the birthday', '2003-07-02', '2021-07-02', 18],
    ['born on 29 February, 28 February of a common year', '2004-02-29', '2022-02-28', 17],
    ['born on 29 February, 1 March of a common year', '2004-02-29', '2022-03-01', 18],
    ['born on 29 February, 29 February', '2004-02-29', '2024-02-29', 20],
    ['the day of birth', '2021-07-01', '2021-07-01', 0],
  ])('on %s', (_when, birthDate, on, age) => expect(ageOn(birthDate, on)).toBe(age));

  test('never falls as time passes, and grows by one in every year', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: 0, max: 36_500 }), (birthDate, days) => {
        const on = addDays(birthDate, days);
        expect(ageOn(birthDate, addDays(on, 1)) - ageOn(birthDate, on)).toBeGreaterThanOrEqual(0);
        expect(ageOn(birthDate, addDays(on, 366)) - ageOn(birthDate, on)).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
