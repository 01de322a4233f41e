/** My appointment: read, print, take along, move, cancel. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import QRCode from 'qrcode';

import { calendarFile } from '../api/calendar-file';
import { lastDoseOf, permittedProducts } from '../domain/booking/booking-rules';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import { stationMay } from '../domain/station/station';
import type { AppointmentView } from '../ledger/booking';
import { dropDraft } from '../ledger/draft';
import { findRound } from '../ledger/round';
import { closureLines } from './appointment-closure';
import { chosenAppointment, numberQuery, showStanding, type AppointmentChoice } from './appointment-choice';
import { appointmentTicket } from './appointment-views';
import {
  keepBookingAnswers,
  placeRows,
  racePage,
  readBookingAnswers,
  slotIdOf,
  slotWithSite,
} from './booking-check';
import { searchPages, type Wanted } from './booking-search';
import { behindSignIn, citizenPage } from './citizen-page';
import { field, formContext, parameter } from './forms';
import { refusalPage } from './refusals';
import { refusedMobileNotice } from './registration-views';

type StandingChoice = AppointmentChoice & { readonly view: AppointmentView };

/** Registers `/appointment…`. */
export function appointmentPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);
  movePages(app);

  const standing = (
    address: string,
    show: (request: FastifyRequest, reply: FastifyReply, choice: StandingChoice) => Promise<FastifyReply>,
  ): void => {
    app.get(address, page, async (request, reply) => {
      const choice = await chosenAppointment(app, request);
      return showStanding(request, reply, choice, (view) => show(request, reply, { ...choice, view }));
    });
  };

  app.get('/appointment', page, async (request, reply) => {
    const { t } = request.words;
    const choice = await chosenAppointment(app, request);
    const { view, live } = choice;
    if (view) return ticketPage(app, request, reply, { ...choice, view }, 'appointment/ticket.njk');
    if (parameter(request, 'number') !== '') {
      return refusalPage(request, reply, { code: 'appointmentUnknown' });
    }
    if (live.length > 0) return listPage(app, request, reply, live);
    return reply.page('message.njk', {
      title: t.appointment.none,
      paragraphs: [t.appointment.noneText],
      actions: [
        { href: '/booking', text: t.booking.title },
        { href: '/', text: t.errors.front },
      ],
    });
  });

  standing('/appointment/print', async (request, reply, choice) =>
    ticketPage(app, request, reply, choice, 'appointment/print.njk'),
  );

  standing('/appointment/barcode.svg', async (_request, reply, { view }) => {
    const svg = await QRCode.toString(view.appointmentNumber, {
      type: 'svg',
      margin: 1,
      errorCorrectionLevel: 'M',
    });
    return reply.type('image/svg+xml').header('cache-control', 'no-store').send(svg);
  });

  standing('/appointment/calendar.ics', async (request, reply, { view }) => {
    const round = await findRound(app.ledger.db, view.roundId);
    return reply
      .type('text/calendar; charset=utf-8')
      .header('content-disposition', 'attachment; filename="appointment.ics"')
      .send(calendarFile(view, round, request.words.language));
  });

  standing('/appointment/cancel', async (request, reply, choice) => {
    const station = request.citizen?.station;
    if (station && !stationMay(station.kind, 'giveBack')) {
      return refusalPage(request, reply, { code: 'stationTakesNothingBack' });
    }
    return ticketPage(app, request, reply, choice, 'appointment/cancel.njk', {
      title: request.words.t.appointment.cancelTitle,
      back: `/appointment${numberQuery(choice)}`,
    });
  });

  app.post('/appointment/cancel', form, async (request, reply) => {
    const outcome = await app.acts.cancel(formContext(request), {
      appointmentNumber: field(request, 'appointmentNumber'),
    });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect(`/appointment?done=cancelled&number=${outcome.value.appointmentNumber}`, 303);
  });
}

async function ticketPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  choice: StandingChoice,
  template: string,
  more: { readonly title?: string; readonly back?: string } = {},
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const { view } = choice;
  const citizen = await citizenPage(app, request);
  const closed = await closureLines(app, citizen, choice, words);
  const round = await findRound(app.ledger.db, view.roundId);
  const query = numberQuery(choice);
  const done = parameter(request, 'done');
  const doneTitles: Readonly<Record<string, string>> =
    view.status === 'booked'
      ? { booked: t.appointment.doneTitle, moved: t.appointment.movedTitle }
      : { cancelled: t.appointment.cancelledTitle };
  const doneTitle = doneTitles[done];
  return reply.page(template, {
    title: doneTitle ?? (closed ? t.appointment.closedTitle : t.appointment.title),
    returnTo: `${request.url.split('?', 1)[0] ?? '/appointment'}${query}`,
    done: doneTitle !== undefined,
    doneText: view.status === 'cancelled' ? t.appointment.cancelledText : undefined,
    closed,
    ticket: appointmentTicket(view, round, citizen.person, words),
    refusedMobile:
      view.status === 'booked' ? await refusedMobileNotice(app, citizen.personKey, words) : undefined,
    query,
    ...more,
  });
}

/** For who has several: which of them. */
async function listPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  live: readonly AppointmentView[],
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const soonestFirst = live.toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt));
  const appointments = await Promise.all(
    soonestFirst.map(async (view) => {
      const product = words.product(await findRound(app.ledger.db, view.roundId), view.product);
      return {
        when: words.window(view.startsAt, view.endsAt),
        site: words.inLanguage(view.site.nameZh, view.site.nameEn),
        what: `${product} ${t.appointment.dose(view.doseNumber)}`,
        href: `/appointment?number=${view.appointmentNumber}`,
      };
    }),
  );
  return reply.page('appointment/list.njk', { title: t.appointment.several(live.length), appointments });
}

/** `/appointment/move…`: the same search as for booking, then the old time beside the new. */
function movePages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);
  const base = '/appointment/move';

  const wanted = async (request: FastifyRequest): Promise<Outcome<Wanted>> => {
    const { view } = await chosenAppointment(app, request);
    if (!view) return refused({ code: 'appointmentUnknown' });
    if (view.status !== 'booked') return refused({ code: 'appointmentNotLive', status: view.status });
    const { roundId, product, site } = view;
    const { person } = await citizenPage(app, request);
    const round = await findRound(app.ledger.db, roundId);
    const permitted = round ? permittedProducts(round, lastDoseOf(person.doses)) : [];
    return accepted({
      roundId,
      product,
      productName: request.words.product(round, product),
      earliestOn: permitted.find((each) => each.product === product)?.earliestOn ?? null,
      homeDistrict: site.districtCode,
      title: request.words.t.appointment.moveText,
    });
  };
  searchPages(app, { base, wanted });

  app.get(base, page, async (request, reply) => {
    const choice = await chosenAppointment(app, request);
    return showStanding(request, reply, choice, async ({ roundId, product, siteId }) =>
      reply.redirect(
        `${base}/time?${new URLSearchParams({ round: roundId, product, site: siteId }).toString()}`,
        303,
      ),
    );
  });

  app.post(`${base}/choose`, form, async (request, reply) => {
    const { personKey } = request.requireCitizen();
    const slotId = slotIdOf(field(request, 'slotId'));
    if (slotId === undefined) return refusalPage(request, reply, { code: 'slotUnknown' });
    await keepBookingAnswers(app.ledger, personKey, { slotId });
    return reply.redirect(`${base}/check`, 303);
  });

  app.get(`${base}/check`, page, async (request, reply) => {
    const { personKey } = request.requireCitizen();
    const slot = await slotWithSite(app, (await readBookingAnswers(app.ledger, personKey)).slotId);
    if (!slot) return reply.redirect(base, 303);
    const { words } = request;
    // The window that was chosen says which appointment is meant: a move stays within its round.
    const choice = await chosenAppointment(app, request, slot.roundId);
    return showStanding(request, reply, choice, async (view) => {
      const round = await findRound(app.ledger.db, slot.roundId);
      const product = words.product(round, slot.product);
      return reply.page('appointment/move-check.njk', {
        title: words.t.booking.checkMoveTitle,
        back: `${base}${numberQuery(choice)}`,
        keep: `/appointment${numberQuery(choice)}`,
        slotId: slot.slotId,
        appointmentNumber: view.appointmentNumber,
        oldRows: placeRows(view, product, words),
        newRows: placeRows(slot, product, words),
      });
    });
  });

  app.post(`${base}/check`, form, async (request, reply) => {
    const { personKey } = request.requireCitizen();
    const slotId = slotIdOf(field(request, 'slotId'));
    if (slotId === undefined) return refusalPage(request, reply, { code: 'slotUnknown' });
    const appointmentNumber = field(request, 'appointmentNumber');
    const outcome = await app.acts.move(formContext(request), { appointmentNumber, slotId });
    if (outcome.ok) {
      await dropDraft(app.ledger, personKey, 'booking');
      return reply.redirect(`/appointment?done=moved&number=${appointmentNumber}`, 303);
    }
    if (outcome.refusal.code === 'slotFull') {
      return racePage(app, request, reply, outcome.refusal.alternatives, {
        action: `${base}/check`,
        moving: true,
        search: base,
        carried: { appointmentNumber },
      });
    }
    return refusalPage(request, reply, outcome.refusal);
  });
}
