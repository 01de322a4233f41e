/** `/v1/station/leftover-calls`: a site phones down the order of the draw with the doses that it has left. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { openLeftoverCall, readLeftoverCalls } from '../../../ledger/leftover-call';
import { nextLeftoverTurn } from '../../../ledger/leftover-turn';
import { acceptedValue } from '../../problems';
import * as shape from '../../schemas';
import { deskOf } from '../../station-key';

const leftoverCallId = Type.String({ format: 'uuid' });
const call = Type.Object({
  leftoverCallId,
  product: shape.product,
  districtCode: shape.districtCode,
  openedAt: shape.instant,
  doses: Type.Integer({ minimum: 0 }),
  promised: Type.Integer({ minimum: 0, description: 'how many are coming' }),
});
const ticket = Type.String({ pattern: '^3\\d{9}$' });
const result = Type.Enum(['coming', 'declined', 'noAnswer']);

const guarded = { config: { act: false } } as const;
const common = { tags: ['leftover doses'], security: [{ stationKey: [] }] };

export const stationLeftoverRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/station/leftover-calls',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'listLeftoverCalls',
        summary: 'Today’s calls of this site',
        response: {
          200: Type.Object({ leftoverCalls: Type.Array(call) }),
          ...shape.problems({}, 'stationUnknown', 'stationMayNot'),
        },
      },
    },
    async (request) => {
      const { siteId } = await deskOf(request, 'phoneLeftover');
      return { leftoverCalls: [...(await readLeftoverCalls(app.ledger, siteId))] };
    },
  );

  app.post(
    '/station/leftover-calls',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'openLeftoverCall',
        summary: 'Begin to phone, which makes the draw; again, to set how many doses there are',
        headers: shape.writeHeaders,
        body: Type.Object(
          { product: shape.product, doses: Type.Integer({ minimum: 0, maximum: 1000 }) },
          { additionalProperties: false },
        ),
        response: {
          200: call,
          ...shape.problems(
            { write: true },
            'stationUnknown',
            'stationMayNot',
            'leftoverNotThere',
            'leftoverTooEarly',
            'leftoverDosesPromised',
          ),
        },
      },
    },
    async (request) => {
      const { siteId, context } = await deskOf(request, 'phoneLeftover');
      const wish = { ...request.body, siteId };
      return acceptedValue(await openLeftoverCall(app.ledger, context, wish));
    },
  );

  app.post(
    '/station/leftover-calls/:leftoverCallId/turns',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'takeLeftoverTurn',
        summary: 'Whom to phone now; the same person until a result is recorded',
        params: Type.Object({ leftoverCallId }),
        headers: shape.writeHeaders,
        response: {
          200: Type.Object({
            turn: shape.nullable(
              Type.Object({
                ticket,
                turn: Type.Integer(),
                maskedName: Type.String(),
                mobile: Type.String({ description: 'in full, for this call; every reading is recorded' }),
                language: shape.language,
              }),
            ),
            reason: Type.Optional(Type.Enum(['nobodyLeft', 'allPromised'])),
          }),
          ...shape.problems({ write: true }, 'stationUnknown', 'stationMayNot', 'leftoverCallUnknown'),
        },
      },
    },
    async (request) => {
      const { siteId, context } = await deskOf(request, 'phoneLeftover');
      const wish = { siteId, ...request.params };
      return acceptedValue(await nextLeftoverTurn(app.ledger, context, wish));
    },
  );

  app.put(
    '/station/leftover-calls/:leftoverCallId/turns/:ticket',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'endLeftoverTurn',
        summary: 'What came of the phone call; who is coming gets a booking number',
        params: Type.Object({ leftoverCallId, ticket }),
        headers: shape.writeHeaders,
        body: Type.Object({ result }, { additionalProperties: false }),
        response: {
          200: Type.Object({ ticket, result, appointmentNumber: shape.nullable(shape.appointmentNumber) }),
          ...shape.problems(
            { write: true },
            'stationUnknown',
            'stationMayNot',
            'leftoverCallUnknown',
            'leftoverTurnUnknown',
            'leftoverTurnAnswered',
            'leftoverDosesPromised',
            'idempotencyKeyReused',
            'alreadyBooked',
            'alreadyAttended',
            'bookingNotOpenYet',
            'bookingClosed',
            'notInvited',
            'notInOpenGroup',
            'slotUnknown',
            'slotPast',
            'slotClosed',
            'slotOfOtherProduct',
            'consentMissing',
            'mixedIntentMissing',
            'doseIntervalNotReached',
            'productNotAfterPreviousDose',
          ),
        },
      },
    },
    async (request) => {
      const { siteId, context } = await deskOf(request, 'phoneLeftover');
      const wish = { siteId, ...request.params, ...request.body };
      return acceptedValue(await app.acts.phoneLeftover(context, wish));
    },
  );
};
