/** Booking (預約) on pages: what one may book, finding a place, checking, taking it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { parseMobile } from '../domain/person-number/mobile';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import { readLiveAppointment } from '../ledger/booking';
import { dropDraft } from '../ledger/draft';
import { readBookingRights, type BookingRight, type BookingRights } from '../ledger/invitation';
import { readRegistration, type RegistrationView } from '../ledger/registration';
import {
  keepBookingAnswers,
  mobileOf,
  placeRows,
  racePage,
  readBookingAnswers,
  slotIdOf,
  slotWithSite,
} from './booking-check';
import { searchPages, type Wanted } from './booking-search';
import { companions, togetherPages } from './booking-together';
import { behindSignIn, citizenPage, type CitizenPage, type KeepAnswers } from './citizen-page';
import { field, hasField, formContext, formErrors, hasErrors, parameter, type FormErrors } from './forms';
import { refusalPage } from './refusals';
import { mobileInField } from './station/mobile-shown';

/** Registers `/booking…`. */
export function bookingPages(app: FastifyInstance): void {
  const { page, keepingForm } = behindSignIn(app);
  const keepChoice: KeepAnswers = async (request, personKey) => {
    const slotId = slotIdOf(field(request, 'slotId'));
    const mobile = field(request, 'mobile');
    await keepBookingAnswers(app.ledger, personKey, {
      ...(slotId !== undefined && { slotId }),
      ...(mobile !== '' && { mobile: mobileOf(mobile) }),
    });
    return '/booking/check';
  };
  searchPages(app, { base: '/booking', wanted: (request) => wanted(app, request) });
  togetherPages(app);

  app.get('/booking', page, async (request, reply) => entryPage(app, request, reply));

  app.post('/booking/choose', keepingForm(keepChoice), async (request, reply) => {
    const { personKey } = request.requireCitizen();
    const slotId = slotIdOf(field(request, 'slotId'));
    if (slotId === undefined) return refusalPage(request, reply, { code: 'slotUnknown' });
    await keepBookingAnswers(app.ledger, personKey, { slotId });
    return reply.redirect('/booking/check', 303);
  });

  app.get('/booking/check', page, async (request, reply) => checkPage(app, request, reply, formErrors({})));

  app.post('/booking/check', keepingForm(keepChoice), async (request, reply) => {
    const { t, language } = request.words;
    const { personKey } = request.requireCitizen();
    const typed = field(request, 'mobile');
    const kept = await readBookingAnswers(app.ledger, personKey);
    // From the page of a lost race comes the window alone: the mobile is the one that was checked before.
    const mobile = hasField(request, 'mobile') ? mobileOf(typed) : (kept.mobile ?? '');
    const slotId = slotIdOf(field(request, 'slotId'));
    if (slotId === undefined) return refusalPage(request, reply, { code: 'slotUnknown' });
    await keepBookingAnswers(app.ledger, personKey, { slotId, mobile });
    if (!('mobile' in parseMobile(mobile))) {
      const text = mobile === '' ? t.fields.mobileMissing : t.fields.mobileWrong;
      return checkPage(app, request, reply, formErrors({ mobile: text }));
    }
    const outcome = await app.acts.book(formContext(request), { slotId, mobile, language });
    if (outcome.ok) {
      await dropDraft(app.ledger, personKey, 'booking');
      return reply.redirect(`/appointment?done=booked&number=${outcome.value.appointmentNumber}`, 303);
    }
    if (outcome.refusal.code === 'slotFull') {
      return racePage(app, request, reply, outcome.refusal.alternatives, {
        action: '/booking/check',
        moving: false,
        search: '/booking',
        carried: {},
      });
    }
    return refusalPage(request, reply, outcome.refusal);
  });
}

function rightsOf(app: FastifyInstance, { person, rounds, now }: CitizenPage): Promise<BookingRights> {
  return readBookingRights(app.ledger, person, rounds, now);
}

async function entryPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const citizen = await citizenPage(app, request);
  const { open, coming, refusal } = await rightsOf(app, citizen);
  const live = await readLiveAppointment(app.ledger, citizen.personKey);
  if (open.length === 0 && live) {
    return reply.page('message.njk', {
      title: t.booking.alreadyTitle,
      paragraphs: [t.booking.alreadyText],
      actions: [
        { href: '/appointment', text: t.appointment.title },
        { href: '/appointment/move', text: t.appointment.move },
      ],
    });
  }
  if (refusal && coming.length === 0) return refusalPage(request, reply, refusal);
  const right = (each: BookingRight) => ({
    round: words.roundName(each.round),
    text: t.booking.mayBook(words.product(each.round, each.product), each.doseNumber),
    choose: t.booking.choose(words.product(each.round, each.product)),
    until: t.booking.until(words.moment(each.closesAt)),
    opens: t.booking.opens(words.moment(each.opensAt)),
    earliest: each.earliestOn === null ? undefined : t.registration.earliestOn(words.day(each.earliestOn)),
    href: `/booking/area?${new URLSearchParams({ round: each.round.roundId, product: each.product }).toString()}`,
  });
  return reply.page('booking/entry.njk', {
    title: t.booking.title,
    back: '/',
    open: open.map(right),
    coming: coming.map(right),
    several: open.length > 1,
  });
}

/** What the address asks for, if the person may book it. */
async function wanted(app: FastifyInstance, request: FastifyRequest): Promise<Outcome<Wanted>> {
  const citizen = await citizenPage(app, request);
  const { open, refusal } = await rightsOf(app, citizen);
  if (refusal) return refused(refusal);
  const asked = (right: BookingRight): boolean =>
    right.round.roundId === parameter(request, 'round') && right.product === parameter(request, 'product');
  const right = open.find(asked) ?? open[0];
  if (!right) return refused({ code: 'notInvited' });
  const productName = request.words.product(right.round, right.product);
  return accepted({
    roundId: right.round.roundId,
    product: right.product,
    productName,
    earliestOn: right.earliestOn,
    homeDistrict: (await newestRegistration(app, citizen, () => true))?.districtCode,
    title: request.words.t.booking.mayBook(productName, right.doseNumber),
  });
}

/** The newest of the person's registrations that is so; the district is the middle of "near", the mobile is proposed. */
async function newestRegistration(
  app: FastifyInstance,
  { rounds, personKey }: CitizenPage,
  holds: (registration: RegistrationView) => boolean,
): Promise<RegistrationView | undefined> {
  for (const { roundId } of rounds.filter(({ kind }) => kind === 'rankThenInvite').toReversed()) {
    const registration = await readRegistration(app.ledger, personKey, roundId);
    if (registration && holds(registration)) return registration;
  }
  return undefined;
}

async function checkPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  found: FormErrors,
): Promise<FastifyReply> {
  const { words } = request;
  const citizen = await citizenPage(app, request);
  const answers = await readBookingAnswers(app.ledger, citizen.personKey);
  const slot = await slotWithSite(app, answers.slotId);
  if (!slot) return reply.redirect('/booking', 303);
  const round = citizen.rounds.find(({ roundId }) => roundId === slot.roundId);
  const registered = await newestRegistration(app, citizen, ({ stage }) => stage !== 'withdrawn');
  const back = new URLSearchParams({ round: slot.roundId, product: slot.product, site: slot.siteId });
  return reply.page(
    'booking/check.njk',
    {
      title: words.t.booking.checkTitle,
      back: `/booking/time?${back.toString()}`,
      returnTo: '/booking/check',
      slotId: slot.slotId,
      rows: [
        ...placeRows(slot, words.product(round, slot.product), words),
        {
          key: words.t.appointment.person,
          value: words.maskedName(citizen.person.name),
          note: words.maskedNumber(citizen.person.personNumber),
        },
      ],
      companions: await companions(app, request),
      ...mobileInField('', answers.mobile ?? registered?.mobile, request),
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
}
