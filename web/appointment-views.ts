/** An appointment as its pages show it. */
import type { AppointmentView } from '../ledger/booking';
import type { PersonView } from '../ledger/person';
import type { Round } from '../domain/round/round';
import type { Words } from './words';

/** What the ticket shows; everything personal masked. */
export function appointmentTicket(
  view: AppointmentView,
  round: Round | undefined,
  person: PersonView,
  words: Words,
) {
  const { t } = words;
  const { site } = view;
  return {
    number: words.number(view.appointmentNumber),
    appointmentNumber: view.appointmentNumber,
    status: t.appointment.status[view.status],
    live: view.status === 'booked',
    cancelled: view.status === 'cancelled',
    when: words.window(view.startsAt, view.endsAt),
    site: words.inLanguage(site.nameZh, site.nameEn),
    address: words.inLanguage(site.addressZh, site.addressEn),
    phone: site.phone,
    note: words.inLanguage(site.noteZh, site.noteEn),
    rows: [
      {
        key: t.appointment.product,
        value: `${words.product(round, view.product)} ${t.appointment.dose(view.doseNumber)}`,
      },
      {
        key: t.appointment.person,
        value: words.maskedName(person.name),
        note: words.maskedNumber(person.personNumber),
      },
      { key: t.appointment.mobile, value: words.maskedMobile(view.mobile), figures: true },
      { key: t.appointment.note, value: words.inLanguage(site.noteZh, site.noteEn) },
      { key: t.appointment.phone, value: site.phone },
      { key: t.appointment.bookedAt, value: words.moment(view.bookedAt) },
      {
        key: t.appointment.arrangedAt,
        value: view.arrangedAt === view.bookedAt ? '' : words.moment(view.arrangedAt),
      },
    ],
  };
}
