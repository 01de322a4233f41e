/** A calendar file (iCalendar) of one appointment, with a reminder on the evening before. */
import ical, { ICalAlarmType, ICalCalendarMethod } from 'ical-generator';

export interface CalendarEvent {
  /** Stays the same when the appointment moves, so that calendars replace the old time. */
  readonly id: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly changedAt: string;
  readonly summary: string;
  readonly location: string;
  readonly description: string;
}

const reminderSeconds = 15 * 3600;

/** The text of the file. */
export function appointmentCalendar(event: CalendarEvent): string {
  const calendar = ical({
    prodId: { company: 'Yiyue', product: 'appointments' },
    method: ICalCalendarMethod.PUBLISH,
  });
  calendar
    .createEvent({
      id: `${event.id}@yiyue`,
      start: new Date(event.startsAt),
      end: new Date(event.endsAt),
      stamp: new Date(event.changedAt),
      summary: event.summary,
      location: event.location,
      description: event.description,
    })
    .createAlarm({ type: ICalAlarmType.display, trigger: reminderSeconds, description: event.summary });
  return calendar.toString();
}
