import type { AppointmentView } from '../ledger/booking';
import { calendarFile } from './calendar-file';

const appointment: AppointmentView = {
  appointmentNumber: '310705000017',
  status: 'booked',
  bookedAt: '2031-07-01T02:00:00.000Z',
  arrangedAt: '2031-07-01T02:00:00.000Z',
  endedAt: null,
  doseNumber: 2,
  product: 'AZ',
  slotId: 1,
  siteId: 'S1',
  site: {
    siteId: 'S1',
    nameZh: '文山健康中心',
    nameEn: 'Wenshan Clinic',
    countyCode: '63000',
    districtCode: '63000080',
    addressZh: '試驗路1號',
    addressEn: '1 Trial Road',
    phone: '02-0000-0000',
    noteZh: '由側門進入',
    noteEn: '',
  },
  sessionDate: '2031-07-06',
  startsAt: '2031-07-06T06:00:00.000Z',
  endsAt: '2031-07-06T09:00:00.000Z',
  mobile: '0912345678',
  closedFor: null,
  roundId: 'round-1',
};

/** The lines of the file, those that were folded made whole again. */
const lines = (view: AppointmentView, language: 'zh' | 'en'): string[] =>
  calendarFile(view, undefined, language).replaceAll('\r\n ', '').split('\r\n');

test('the calendar file says what, when and where, in the language asked for', () => {
  expect(lines(appointment, 'zh')).toEqual(
    expect.arrayContaining([
      'DTSTART:20310706T060000Z',
      'DTEND:20310706T090000Z',
      'SUMMARY:疫苗接種：AZ 第 2 劑',
      'LOCATION:文山健康中心 試驗路1號',
      'DESCRIPTION:預約編號 310705000017\\n請攜帶健保卡與身分證件。有問題請撥 1922。\\n由側門進入',
      'STATUS:CONFIRMED',
    ]),
  );
  const english = lines(appointment, 'en');
  expect(english).toContain('LOCATION:Wenshan Clinic 1 Trial Road');
  // What a site says in Chinese only is still better than nothing.
  expect(english.find((line) => line.startsWith('DESCRIPTION:Booking'))).toContain('由側門進入');
  expect(english.join('\n')).not.toContain(appointment.mobile);
});

test('the reminder comes at six in the evening before, whatever the hour of the appointment', () => {
  // 14:00 in Taipei is twenty hours after 18:00; 09:00 is fifteen.
  expect(lines(appointment, 'zh')).toContain('TRIGGER:-PT20H');
  expect(lines({ ...appointment, startsAt: '2031-07-06T01:00:00.000Z' }, 'zh')).toContain('TRIGGER:-PT15H');
});

test('moving and cancelling change the same event, and nobody is reminded of what was cancelled', () => {
  const moved = { ...appointment, arrangedAt: '2031-07-01T02:01:00.000Z' };
  const cancelled = { ...moved, status: 'cancelled', endedAt: '2031-07-01T03:00:00.000Z' } as const;
  const ofEach = [appointment, moved, cancelled].map((view) => lines(view, 'en'));
  const all = (name: string) => ofEach.map((file) => file.find((line) => line.startsWith(name)));
  expect(new Set(all('UID:')).size).toBe(1);
  expect(all('SEQUENCE:')).toEqual(['SEQUENCE:0', 'SEQUENCE:60', 'SEQUENCE:3600']);
  expect(all('STATUS:')).toEqual(['STATUS:CONFIRMED', 'STATUS:CONFIRMED', 'STATUS:CANCELLED']);
  expect(all('TRIGGER')).toEqual(['TRIGGER:-PT20H', 'TRIGGER:-PT20H', undefined]);
});
