import { area, day, hours, moment, nearMoment, spokenNumber, window } from './formats';

const instant = '2026-11-21T16:30:00.000Z';
const plain = (text: string): string => text.replaceAll('\u2060', '');

test('instants are told in Taipei time, past midnight on the next day', () => {
  expect(moment(instant, 'zh')).toBe('2026年11月22日（週日）00:30');
  expect(moment(instant, 'en')).toBe('Sun 22 Nov 2026, 00:30');
});

test('civil dates stay what they are', () => {
  expect(day('2026-01-01', 'zh')).toBe('2026年1月1日（週四）');
  expect(day('2026-01-01', 'en')).toBe('Thu 1 Jan 2026');
});

test('windows name the day once, and no line ends within their hours', () => {
  expect(plain(window('2026-11-21T01:00:00.000Z', '2026-11-21T02:00:00.000Z', 'zh'))).toBe(
    '2026年11月21日（週六）09:00–10:00',
  );
  expect(hours('2026-11-21T01:00:00.000Z', '2026-11-21T02:00:00.000Z')).toContain('\u2060–\u2060');
});

test('the year is left out only within the same year of Taipei', () => {
  expect(nearMoment(instant, '2026-01-01T00:00:00.000Z', 'zh')).toBe('11月22日（週日）00:30');
  expect(nearMoment(instant, '2025-12-31T00:00:00.000Z', 'en')).toBe('Sun 22 Nov 2026, 00:30');
});

test('areas and mobiles are written as people say them', () => {
  expect(area('63000030', 'zh')).toBe('臺北市大安區');
  expect(area('63000030', 'en')).toBe("Da'an District, Taipei City");
  expect(spokenNumber('0912345678')).toBe('0912 345 678');
});
