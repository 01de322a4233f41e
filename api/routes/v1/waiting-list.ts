/** `/v1/waiting-list` and `/v1/place-offers`: ask for places that others give back, and answer what is offered. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

import { readAppointment } from '../../../ledger/booking';
import { maskMobile } from '../../../domain/person-number/masks';
import { readOffers, type OfferView } from '../../../ledger/place-offer-answer';
import { readOwnWaitingList } from '../../../ledger/waiting-list';
import { acceptedValue, RefusedRequest } from '../../problems';
import * as shape from '../../schemas';

const waitingList = Type.Object({
  roundId: shape.roundId,
  stage: Type.String(),
  settled: Type.Boolean({ description: 'the list opens when the round is settled' }),
  waiting: Type.Boolean(),
  joinedAt: shape.nullable(shape.instant),
  leftAs: shape.nullable(
    Type.Enum(['left', 'accepted', 'unanswered'], {
      description: 'unanswered: too many offers in a row ran out; one may join again',
    }),
  ),
  countyCode: shape.countyCode,
  products: Type.Array(shape.product),
});

const placeOfferId = Type.String({ format: 'uuid' });
const placeOffer = Type.Object({
  placeOfferId,
  roundId: shape.roundId,
  status: Type.Enum(['open', 'accepted', 'declined', 'expired', 'withdrawn']),
  offeredAt: shape.instant,
  expiresAt: shape.instant,
  product: shape.product,
  sessionDate: shape.civilDate,
  startsAt: shape.instant,
  endsAt: shape.instant,
  site: shape.site,
});
const byId = Type.Object({ placeOfferId });

const answerProblems = ['offerUnknown', 'offerExpired', 'offerAnswered'] as const;

export const waitingListRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/waiting-list',
    {
      schema: {
        operationId: 'getWaitingList',
        tags: ['waiting list'],
        summary: 'Where I stand with the waiting list',
        headers: shape.familyHeaders,
        response: { 200: waitingList, ...shape.problems({ citizen: true, family: true }, 'notRegistered') },
      },
    },
    async (request) => own(app, request.requireCitizen().personKey),
  );

  app.put(
    '/waiting-list',
    {
      schema: {
        operationId: 'joinWaitingList',
        tags: ['waiting list'],
        summary: 'Ask for places that others give back; when one asks does not count',
        headers: shape.familyWriteHeaders,
        response: {
          200: waitingList,
          ...shape.problems(
            { write: true, citizen: true, family: true },
            'notRegistered',
            'alreadyAttended',
            'waitingListNotNeeded',
            'waitingListNotOpenYet',
          ),
        },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      const { roundId } = await own(app, context.personKey);
      acceptedValue(await app.acts.joinWaitingList(context, { roundId }));
      return own(app, context.personKey);
    },
  );

  app.delete(
    '/waiting-list',
    {
      schema: {
        operationId: 'leaveWaitingList',
        tags: ['waiting list'],
        summary: 'Leave the waiting list; an offer that stands can still be answered',
        headers: shape.familyWriteHeaders,
        response: {
          200: waitingList,
          ...shape.problems({ write: true, citizen: true, family: true }, 'notRegistered'),
        },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      const { roundId } = await own(app, context.personKey);
      acceptedValue(await app.acts.leaveWaitingList(context, { roundId }));
      return own(app, context.personKey);
    },
  );

  app.get(
    '/place-offers',
    {
      schema: {
        operationId: 'listPlaceOffers',
        tags: ['waiting list'],
        summary: 'Freed places offered to me, newest first',
        headers: shape.familyHeaders,
        response: {
          200: Type.Object({ placeOffers: Type.Array(placeOffer) }),
          ...shape.problems({ citizen: true, family: true }),
        },
      },
    },
    async (request) => {
      const { personKey } = request.requireCitizen();
      return { placeOffers: [...(await readOffers(app.ledger, personKey))] };
    },
  );

  app.post(
    '/place-offers/:placeOfferId/acceptance',
    {
      schema: {
        operationId: 'acceptPlaceOffer',
        tags: ['waiting list'],
        summary: 'Take the place that is offered to me',
        params: byId,
        headers: shape.familyWriteHeaders,
        body: Type.Object(
          { mobile: shape.mobile, language: Type.Optional(shape.language) },
          { additionalProperties: false },
        ),
        response: {
          201: shape.appointment,
          ...shape.problems(
            { write: true, citizen: true, family: true },
            ...answerProblems,
            'mobileInvalid',
            'alreadyBooked',
            'bookingNotOpenYet',
            'bookingClosed',
            'notInvited',
            'notInOpenGroup',
            'slotPast',
            'slotClosed',
            'slotOfOtherProduct',
            'slotUnknown',
            'consentMissing',
            'mixedIntentMissing',
            'doseIntervalNotReached',
            'productNotAfterPreviousDose',
          ),
        },
      },
    },
    async (request, reply) => {
      const context = request.commandContext('api');
      const wish = { ...request.params, ...request.body, language: request.body.language ?? 'zh' };
      const { appointmentNumber } = acceptedValue(await app.acts.acceptOffer(context, wish));
      const view = await readAppointment(app.ledger, context.personKey, appointmentNumber);
      if (!view) throw new RefusedRequest({ code: 'appointmentUnknown' });
      const { mobile, ...appointment } = view;
      return reply
        .code(201)
        .header('location', `/v1/appointments/${appointmentNumber}`)
        .send({ ...appointment, maskedMobile: maskMobile(mobile) });
    },
  );

  app.post(
    '/place-offers/:placeOfferId/refusal',
    {
      schema: {
        operationId: 'declinePlaceOffer',
        tags: ['waiting list'],
        summary: 'Decline the place; it goes to the next person, and I stay on the list',
        params: byId,
        headers: shape.familyWriteHeaders,
        response: {
          200: placeOffer,
          ...shape.problems({ write: true, citizen: true, family: true }, ...answerProblems),
        },
      },
    },
    async (request): Promise<OfferView> => {
      const context = request.commandContext('api');
      const { placeOfferId: id } = acceptedValue(await app.acts.declineOffer(context, request.params));
      const offers = await readOffers(app.ledger, context.personKey);
      const offer = offers.find((each) => each.placeOfferId === id);
      if (!offer) throw new RefusedRequest({ code: 'offerUnknown' });
      return offer;
    },
  );
};

async function own(app: FastifyInstance, personKey: string) {
  const view = await readOwnWaitingList(app.ledger.db, personKey);
  if (!view) throw new RefusedRequest({ code: 'notRegistered' });
  return { ...view, products: [...view.products] };
}
