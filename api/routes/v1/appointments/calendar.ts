/** An appointment as a calendar file: place and time, and nothing of who it is for. */
import icalendar, { ICalCalendarMethod, ICalEventStatus } from 'ical-generator';

import type { AppointmentView } from '../../../../ledger/booking';
import type { Language } from '../../../problems';

const words = {
  zh: {
    calendar: '疫約',
    summary: '疫苗接種預約',
    number: '預約編號',
    bring: '請攜帶健保卡與身分證件。',
  },
  en: {
    calendar: 'Yiyue',
    summary: 'Vaccination appointment',
    number: 'Booking number',
    bring: 'Bring your NHI card and a document of identity.',
  },
} as const;

/** iCalendar (RFC 5545) in UTC, which every calendar shows in local time; moving changes `SEQUENCE` and the same event. */
export function calendarFile(appointment: AppointmentView, language: Language): string {
  const text = words[language];
  const { site } = appointment;
  const zh = language === 'zh';
  const note = zh ? site.noteZh : site.noteEn;
  const calendar = icalendar({
    name: text.calendar,
    prodId: { company: 'Yiyue', product: 'booking', language: zh ? 'ZH' : 'EN' },
    method: ICalCalendarMethod.PUBLISH,
  });
  calendar.createEvent({
    id: `${appointment.appointmentNumber}@yiyue`,
    // Seconds since it was booked: grows with each move and is the same however often it is fetched.
    sequence: Math.max(
      0,
      Math.floor((Date.parse(appointment.arrangedAt) - Date.parse(appointment.bookedAt)) / 1000),
    ),
    stamp: new Date(appointment.arrangedAt),
    start: new Date(appointment.startsAt),
    end: new Date(appointment.endsAt),
    summary: `${text.summary}（${zh ? site.nameZh : site.nameEn}）`,
    location: `${zh ? site.nameZh : site.nameEn} ${zh ? site.addressZh : site.addressEn}`,
    description: [`${text.number} ${appointment.appointmentNumber}`, text.bring, note]
      .filter(Boolean)
      .join('\n'),
    status: appointment.status === 'cancelled' ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
  });
  return calendar.toString();
}
