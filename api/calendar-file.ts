/** An appointment as a calendar file: place and time, a reminder on the evening before, and nothing of who it is for. */
import icalendar, { ICalAlarmType, ICalCalendarMethod, ICalEventStatus } from 'ical-generator';

import { addDays, taipeiInstant } from '../domain/civil-time/plain-date';
import type { Round } from '../domain/round/round';
import type { AppointmentView } from '../ledger/booking';
import type { Language } from './problems';

const words = {
  zh: {
    calendar: '疫約',
    summary: (product: string, dose: number) => `疫苗接種：${product} 第 ${dose} 劑`,
    number: (number: string) => `預約編號 ${number}`,
    bring: '請攜帶健保卡與身分證件。有問題請撥 1922。',
  },
  en: {
    calendar: 'Yiyue',
    summary: (product: string, dose: number) => `Vaccination: ${product}, dose ${dose}`,
    number: (number: string) => `Booking number ${number}`,
    bring: 'Bring your NHI card and a document of identity. Questions: call 1922.',
  },
} as const;

/** Minutes past midnight at which the day before is reminded of: after work, before anybody sleeps. */
const eveningMinutes = 18 * 60;

/**
 * iCalendar (RFC 5545) in UTC, which every calendar shows in local time. Moving and cancelling change the same event:
 * its `UID` stays and its `SEQUENCE` grows. `round` gives the product its name; its code stands where there is none.
 */
export function calendarFile(
  appointment: AppointmentView,
  round: Round | undefined,
  language: Language,
): string {
  const text = words[language];
  const { site, startsAt, status } = appointment;
  const zh = language === 'zh';
  const inLanguage = (chinese: string, english: string): string => (zh ? chinese : english || chinese);
  const product = round?.products.find((offered) => offered.product === appointment.product);
  const summary = text.summary(
    product ? inLanguage(product.nameZh, product.nameEn) : appointment.product,
    appointment.doseNumber,
  );
  const changedAt =
    status === 'cancelled' ? (appointment.endedAt ?? appointment.arrangedAt) : appointment.arrangedAt;
  const calendar = icalendar({
    name: text.calendar,
    prodId: { company: 'Yiyue', product: 'appointments', language: zh ? 'ZH' : 'EN' },
    method: ICalCalendarMethod.PUBLISH,
  });
  const event = calendar.createEvent({
    id: `${appointment.appointmentNumber}@yiyue`,
    // Seconds since it was booked: grows with each change and is the same however often it is fetched.
    sequence: Math.max(0, Math.floor((Date.parse(changedAt) - Date.parse(appointment.bookedAt)) / 1000)),
    stamp: new Date(changedAt),
    start: new Date(startsAt),
    end: new Date(appointment.endsAt),
    summary,
    location: `${inLanguage(site.nameZh, site.nameEn)} ${inLanguage(site.addressZh, site.addressEn)}`,
    description: [
      text.number(appointment.appointmentNumber),
      text.bring,
      inLanguage(site.noteZh, site.noteEn),
    ]
      .filter(Boolean)
      .join('\n'),
    status: status === 'cancelled' ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
  });
  if (status === 'booked') {
    const evening = taipeiInstant(addDays(appointment.sessionDate, -1), eveningMinutes);
    event.createAlarm({
      type: ICalAlarmType.display,
      trigger: (Date.parse(startsAt) - Date.parse(evening)) / 1000,
      description: summary,
    });
  }
  return calendar.toString();
}
