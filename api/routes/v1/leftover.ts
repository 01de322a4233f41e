/** `/v1/leftover-requests` and `/v1/leftover-draws`: ask for doses left over at closing, and check the draw. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

import { isPlainDate } from '../../../domain/civil-time/plain-date';
import { readPublishedDraw } from '../../../ledger/leftover-draw';
import { readOwnTickets } from '../../../ledger/leftover-request';
import { acceptedValue, RefusedRequest } from '../../problems';
import * as shape from '../../schemas';

const ticket = Type.String({ pattern: '^3\\d{9}$', description: 'ticket of the draw (抽籤號碼)' });
const outcome = shape.nullable(
  Type.Enum(['coming', 'declined', 'noAnswer', 'passedOver', 'phoned'], {
    description: 'phoned: the call is under way; passedOver: may not be given the dose; null: not phoned',
  }),
);
const hex = Type.String({ pattern: '^[0-9a-f]{64}$' });

const ownTicket = Type.Object({
  ticket,
  day: shape.civilDate,
  districtCode: shape.districtCode,
  askedAt: shape.instant,
  drawnAt: shape.nullable(shape.instant),
  asked: Type.Integer({ description: 'how many tickets there are' }),
  place: shape.nullable(Type.Integer({ description: 'place in the order, from 1, once it is drawn' })),
  outcome,
});

const draw = Type.Object({
  day: shape.civilDate,
  districtCode: shape.districtCode,
  commitment: Type.String({ ...hex, description: 'SHA-256 of the seed’s text, published beforehand' }),
  committedAt: shape.instant,
  drawnAt: shape.nullable(shape.instant),
  seed: shape.nullable(Type.String({ ...hex, description: 'published when the first site phones' })),
  asked: Type.Integer(),
  tickets: Type.Array(
    Type.Object({
      place: Type.Integer(),
      ticket,
      hash: Type.String({ ...hex, description: 'SHA-256 of <seed>/<ticket>; the smallest comes first' }),
      outcome,
    }),
  ),
});

export const leftoverRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/leftover-requests',
    {
      schema: {
        operationId: 'listLeftoverRequests',
        tags: ['leftover doses'],
        summary: 'My tickets of the last days and those to come',
        headers: shape.familyHeaders,
        response: {
          200: Type.Object({ leftoverRequests: Type.Array(ownTicket) }),
          ...shape.problems({ citizen: true, family: true }),
        },
      },
    },
    async (request) => ({ leftoverRequests: await own(app, request.requireCitizen().personKey) }),
  );

  app.post(
    '/leftover-requests',
    {
      schema: {
        operationId: 'askForLeftoverDose',
        tags: ['leftover doses'],
        summary: 'Ask for a dose left over at closing, today or tomorrow, in one district',
        headers: shape.familyWriteHeaders,
        body: Type.Object(
          {
            day: shape.civilDate,
            districtCode: shape.districtCode,
            mobile: shape.mobile,
            language: Type.Optional(shape.language),
          },
          { additionalProperties: false },
        ),
        response: {
          201: ownTicket,
          ...shape.problems(
            { write: true, citizen: true, family: true },
            'mobileInvalid',
            'leftoverNotThere',
            'leftoverDrawn',
            'alreadyBooked',
            'bookingNotOpenYet',
            'notInvited',
            'notInOpenGroup',
            'slotUnknown',
            'slotPast',
            'slotClosed',
            'slotOfOtherProduct',
            'bookingClosed',
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
      const wish = { ...request.body, language: request.body.language ?? 'zh' };
      const asked = acceptedValue(await app.acts.askLeftover(context, wish));
      const mine = (await own(app, context.personKey)).find((each) => each.ticket === asked.ticket);
      if (!mine) throw new RefusedRequest({ code: 'leftoverNotThere' });
      return reply.code(201).send(mine);
    },
  );

  app.delete(
    '/leftover-requests/:ticket',
    {
      schema: {
        operationId: 'stopAskingForLeftoverDose',
        tags: ['leftover doses'],
        summary: 'Take a ticket back, as long as the draw is not made',
        params: Type.Object({ ticket }),
        headers: shape.familyWriteHeaders,
        response: {
          200: Type.Object({ ticket }),
          ...shape.problems(
            { write: true, citizen: true, family: true },
            'leftoverNotThere',
            'leftoverDrawn',
          ),
        },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      return acceptedValue(await app.acts.stopAskingLeftover(context, request.params));
    },
  );

  app.get(
    '/leftover-draws/:day/:districtCode',
    {
      config: { act: false },
      schema: {
        operationId: 'getLeftoverDraw',
        tags: ['leftover doses'],
        summary: 'A draw with its commitment, its seed and its order, for anyone to check',
        params: Type.Object({ day: shape.civilDate, districtCode: shape.districtCode }),
        response: { 200: draw, ...shape.problems({}, 'leftoverNotThere') },
      },
    },
    async (request) => {
      const { day, districtCode } = request.params;
      // The pattern lets the 30th of February pass.
      const found = isPlainDate(day) ? await readPublishedDraw(app.ledger, day, districtCode) : undefined;
      if (!found) throw new RefusedRequest({ code: 'leftoverNotThere' });
      return { ...found, tickets: [...found.tickets] };
    },
  );
};

async function own(app: FastifyInstance, personKey: string) {
  return [...(await readOwnTickets(app.ledger, personKey))];
}
