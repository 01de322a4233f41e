/** My appointment: read, print, take along, move, cancel. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import QRCode from 'qrcode';

import { calendarFile } from '../api/calendar-file';
import { lastDoseOf, permittedProducts } from '../domain/booking/booking-rules';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import { readAppointments, type AppointmentView } from '../ledger/booking';
import { dropDraft } from '../ledger/draft';
import { findRound } from '../ledger/round';
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

/** The appointment that stands, else the newest. */
async function currentAppointment(
  app: FastifyInstance,
  request: FastifyRequest,
): Promise<AppointmentView | undefined> {
  const { personKey } = request.requireCitizen();
  const all = await readAppointments(app.ledger, personKey);
  return all.find(({ status }) => status === 'booked') ?? all[0];
}

/** The appointment that stands, or the refusal that says why there is none to act on. */
async function standing(app: FastifyInstance, request: FastifyRequest): Promise<Outcome<AppointmentView>> {
  const view = await currentAppointment(app, request);
  if (!view) return refused({ code: 'appointmentUnknown' });
  if (view.status !== 'booked') return refused({ code: 'appointmentNotLive', status: view.status });
  return accepted(view);
}

/** Registers `/appointment…`. */
export function appointmentPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);
  movePages(app);

  app.get('/appointment', page, async (request, reply) => {
    const { t } = request.words;
    const view = await currentAppointment(app, request);
    if (!view) {
      return reply.page('message.njk', {
        title: t.appointment.none,
        paragraphs: [t.appointment.noneText],
        actions: [
          { href: '/booking', text: t.booking.title },
          { href: '/', text: t.errors.front },
        ],
      });
    }
    return ticketPage(app, request, reply, view, 'appointment/ticket.njk');
  });

  app.get('/appointment/print', page, async (request, reply) => {
    const view = await standing(app, request);
    if (!view.ok) return refusalPage(request, reply, view.refusal);
    return ticketPage(app, request, reply, view.value, 'appointment/print.njk');
  });

  app.get('/appointment/barcode.svg', page, async (request, reply) => {
    const view = await standing(app, request);
    if (!view.ok) return reply.callNotFound();
    const svg = await QRCode.toString(view.value.appointmentNumber, {
      type: 'svg',
      margin: 1,
      errorCorrectionLevel: 'M',
    });
    return reply.type('image/svg+xml').header('cache-control', 'no-store').send(svg);
  });

  app.get('/appointment/calendar.ics', page, async (request, reply) => {
    const view = await standing(app, request);
    if (!view.ok) return refusalPage(request, reply, view.refusal);
    const round = await findRound(app.ledger.db, view.value.roundId);
    return reply
      .type('text/calendar; charset=utf-8')
      .header('content-disposition', 'attachment; filename="appointment.ics"')
      .send(calendarFile(view.value, round, request.words.language));
  });

  app.get('/appointment/cancel', page, async (request, reply) => {
    const view = await standing(app, request);
    if (!view.ok) return refusalPage(request, reply, view.refusal);
    return ticketPage(app, request, reply, view.value, 'appointment/cancel.njk', {
      title: request.words.t.appointment.cancelTitle,
      back: '/appointment',
    });
  });

  app.post('/appointment/cancel', form, async (request, reply) => {
    const outcome = await app.acts.cancel(formContext(request), {
      appointmentNumber: field(request, 'appointmentNumber'),
    });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/appointment?done=cancelled', 303);
  });
}

async function ticketPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  view: AppointmentView,
  template: string,
  more: { readonly title?: string; readonly back?: string } = {},
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const { person } = await citizenPage(app, request);
  const round = await findRound(app.ledger.db, view.roundId);
  const done = parameter(request, 'done');
  const doneTitles: Readonly<Record<string, string>> =
    view.status === 'booked'
      ? { booked: t.appointment.doneTitle, moved: t.appointment.movedTitle }
      : { cancelled: t.appointment.cancelledTitle };
  const doneTitle = doneTitles[done];
  return reply.page(template, {
    title: doneTitle ?? t.appointment.title,
    returnTo: request.url.split('?', 1)[0] ?? '/appointment',
    done: doneTitle !== undefined,
    doneText: view.status === 'cancelled' ? t.appointment.cancelledText : undefined,
    ticket: appointmentTicket(view, round, person, words),
    ...more,
  });
}

/** `/appointment/move…`: the same search as for booking, then the old time beside the new. */
function movePages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);
  const base = '/appointment/move';

  const wanted = async (request: FastifyRequest): Promise<Outcome<Wanted>> => {
    const view = await standing(app, request);
    if (!view.ok) return view;
    const { roundId, product, site } = view.value;
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
    const view = await standing(app, request);
    if (!view.ok) return refusalPage(request, reply, view.refusal);
    const { roundId, product, siteId } = view.value;
    return reply.redirect(
      `${base}/time?${new URLSearchParams({ round: roundId, product, site: siteId }).toString()}`,
      303,
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
    const view = await standing(app, request);
    if (!view.ok) return refusalPage(request, reply, view.refusal);
    const { personKey } = request.requireCitizen();
    const slot = await slotWithSite(app, (await readBookingAnswers(app.ledger, personKey)).slotId);
    if (!slot) return reply.redirect(base, 303);
    const { words } = request;
    const round = await findRound(app.ledger.db, slot.roundId);
    const product = words.product(round, slot.product);
    return reply.page('appointment/move-check.njk', {
      title: words.t.booking.checkMoveTitle,
      back: base,
      slotId: slot.slotId,
      appointmentNumber: view.value.appointmentNumber,
      oldRows: placeRows({ ...view.value, capacity: 0, left: 0 }, product, words),
      newRows: placeRows(slot, product, words),
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
      return reply.redirect('/appointment?done=moved', 303);
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
