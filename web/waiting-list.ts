/** The waiting list (候補) on pages: join and leave it, and answer the place that is offered before its deadline. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { mayJoinWaitingList } from '../domain/place-offer/place-offer-rules';
import { parseMobile } from '../domain/person-number/mobile';
import { readOffers, type OfferView } from '../ledger/place-offer-answer';
import { readRegistration } from '../ledger/registration';
import { getRound } from '../ledger/round';
import { readOwnWaitingList } from '../ledger/waiting-list';
import { mobileOf } from './booking-check';
import { behindSignIn } from './citizen-page';
import { field, formContext, formErrors, hasErrors, parameter, type FormErrors } from './forms';
import { refusalPage } from './refusals';
import { mobileInField } from './station/mobile-shown';
import type { Words } from './words';

/** Registers `/waiting-list…`. */
export function waitingListPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);

  app.get('/waiting-list', page, async (request, reply) => waitingPage(app, request, reply, formErrors({})));

  app.post('/waiting-list/join', form, async (request, reply) => {
    const own = await readOwnWaitingList(app.ledger.db, request.requireCitizen().personKey);
    if (!own) return refusalPage(request, reply, { code: 'notRegistered' });
    const outcome = await app.acts.joinWaitingList(formContext(request), { roundId: own.roundId });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/waiting-list?done=joined', 303);
  });

  app.post('/waiting-list/leave', form, async (request, reply) => {
    const own = await readOwnWaitingList(app.ledger.db, request.requireCitizen().personKey);
    if (!own) return refusalPage(request, reply, { code: 'notRegistered' });
    const outcome = await app.acts.leaveWaitingList(formContext(request), { roundId: own.roundId });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/waiting-list?done=left', 303);
  });

  app.post('/waiting-list/accept', form, async (request, reply) => {
    const { t, language } = request.words;
    const typed = field(request, 'mobile');
    if (!('mobile' in parseMobile(typed))) {
      const text = typed === '' ? t.fields.mobileMissing : t.fields.mobileWrong;
      return waitingPage(app, request, reply, formErrors({ mobile: text }));
    }
    const placeOfferId = offerIdOf(request);
    if (placeOfferId === undefined) return refusalPage(request, reply, { code: 'offerUnknown' });
    const wish = { placeOfferId, mobile: mobileOf(typed), language };
    const outcome = await app.acts.acceptOffer(formContext(request), wish);
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect(`/appointment?done=booked&number=${outcome.value.appointmentNumber}`, 303);
  });

  app.post('/waiting-list/decline', form, async (request, reply) => {
    const placeOfferId = offerIdOf(request);
    if (placeOfferId === undefined) return refusalPage(request, reply, { code: 'offerUnknown' });
    const outcome = await app.acts.declineOffer(formContext(request), { placeOfferId });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/waiting-list?done=declined', 303);
  });
}

/** The offer that the form is about; undefined for what is none. */
function offerIdOf(request: FastifyRequest): string | undefined {
  const id = field(request, 'placeOfferId');
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? id : undefined;
}

async function waitingPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  found: FormErrors,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const { personKey } = request.requireCitizen();
  const own = await readOwnWaitingList(app.ledger.db, personKey);
  if (!own) return refusalPage(request, reply, { code: 'notRegistered' });
  const round = await getRound(app.ledger.db, own.roundId);
  const registration = await readRegistration(app.ledger, personKey, own.roundId);
  const offers = await readOffers(app.ledger, personKey);
  const open = offers.find(({ status }) => status === 'open');
  const may = mayJoinWaitingList(round, own.stage, own.settled);
  if (!may.ok && !open) return refusalPage(request, reply, may.refusal);
  const product = (code: string) => words.product(round, code);
  const doneTexts: Readonly<Record<string, string>> = {
    joined: t.waitingList.joined,
    left: t.waitingList.left,
    declined: t.waitingList.declined,
  };
  return reply.page(
    'waiting-list.njk',
    {
      title: open ? t.waitingList.offerTitle : t.waitingList.title,
      back: '/registration',
      returnTo: '/waiting-list',
      round: words.roundName(round),
      done: doneTexts[parameter(request, 'done')],
      offer: open && offerView(open, product(open.product), words),
      waiting: own.waiting,
      takenOff: own.leftAs === 'unanswered' && !own.waiting,
      rows: [
        { key: t.waitingList.county, value: words.county(own.countyCode) },
        { key: t.registration.products, value: words.list(own.products.map(product)) },
        { key: t.registration.mobile, value: words.maskedMobile(registration?.mobile ?? ''), figures: true },
      ],
      past: offers
        .filter(({ status }) => status !== 'open')
        .map((offer) => ({
          when: words.window(offer.startsAt, offer.endsAt),
          site: words.inLanguage(offer.site.nameZh, offer.site.nameEn),
          status: t.waitingList.status[offer.status],
        })),
      ...mobileInField(field(request, 'mobile'), registration?.mobile, request),
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
}

function offerView(offer: OfferView, product: string, words: Words) {
  const { t } = words;
  return {
    placeOfferId: offer.placeOfferId,
    until: t.waitingList.until(words.moment(offer.expiresAt)),
    when: words.window(offer.startsAt, offer.endsAt),
    site: words.inLanguage(offer.site.nameZh, offer.site.nameEn),
    address: words.inLanguage(offer.site.addressZh, offer.site.addressEn),
    rows: [
      { key: t.appointment.product, value: product },
      { key: t.appointment.note, value: words.inLanguage(offer.site.noteZh, offer.site.noteEn) },
    ],
  };
}
