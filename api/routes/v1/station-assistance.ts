/** `/v1/station/looks` and `/v1/station/assistances`: designated staff act for people without a card. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import { assistanceReasons } from '../../../domain/station/station';
import { isPlainDate } from '../../../domain/civil-time/plain-date';
import { acceptedValue, RefusedRequest } from '../../problems';
import * as shape from '../../schemas';
import { beginAssistance, lookUpAtStation, type Assistant } from '../../station-assistance';
import { staffOf, stationOf } from '../../station-key';

const reason = Type.Enum([...assistanceReasons], {
  description: 'why somebody needs help; kept in the history',
});
const birthDate = Type.String({ pattern: '^(19|20)\\d{2}-\\d{2}-\\d{2}$', description: 'civil date' });
const lookId = Type.String({ format: 'uuid' });
const place = Type.Integer({ minimum: 0, maximum: 9 });

const common = {
  tags: ['station'],
  security: [{ stationKey: [] as string[], stationStaff: [] as string[] }],
  headers: shape.writeHeaders,
};

async function assistantOf(request: FastifyRequest): Promise<Assistant> {
  const station = await stationOf(request, 'assist');
  return { station, staff: await staffOf(request, station) };
}

export const stationAssistanceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/station/looks',
    {
      config: { act: false },
      schema: {
        ...common,
        operationId: 'lookPersonUp',
        summary: 'Look a person up with the least that finds them; every look is kept in the history',
        body: Type.Union([
          Type.Object(
            { reason, personNumber: shape.personNumber, birthDate: Type.Optional(birthDate) },
            { additionalProperties: false },
          ),
          Type.Object(
            {
              reason,
              name: shape.typed(80, 'whole name'),
              birthDate,
              districtCode: Type.Optional(shape.districtCode),
            },
            { additionalProperties: false },
          ),
        ]),
        response: {
          200: Type.Object({
            lookId: shape.nullable(lookId),
            tooMany: Type.Boolean({ description: 'more fit than may be shown: say more of the person' }),
            people: Type.Array(
              Type.Object({ place, maskedName: Type.String(), maskedNumber: Type.String() }),
            ),
          }),
          ...shape.problems(
            { write: true },
            'stationUnknown',
            'stationMayNot',
            'stationStaffUnknown',
            'tooManyAttempts',
            'personNumberInvalid',
            'notInOpenGroup',
            'registryUnavailable',
          ),
        },
      },
    },
    async (request) => {
      const assistant = await assistantOf(request);
      const { reason: why, ...asked } = request.body;
      if (asked.birthDate !== undefined && !isPlainDate(asked.birthDate)) {
        throw new RefusedRequest({ code: 'requestInvalid' });
      }
      const answer = acceptedValue(await lookUpAtStation(app, assistant, why, asked));
      return { ...answer, people: [...answer.people] };
    },
  );

  app.post(
    '/station/assistances',
    {
      config: { act: false },
      schema: {
        ...common,
        operationId: 'beginAssistance',
        summary:
          'Begin to act for one of those shown within the last ten minutes: sets a session cookie with which the citizen’s calls are made',
        body: Type.Object({ lookId, place }, { additionalProperties: false }),
        response: {
          201: Type.Object({ signedInAt: shape.instant, expiresAt: shape.instant }),
          ...shape.problems(
            { write: true },
            'stationUnknown',
            'stationMayNot',
            'stationStaffUnknown',
            'lookUnknown',
          ),
        },
      },
    },
    async (request, reply) => {
      const assistant = await assistantOf(request);
      const { signedInAt, expiresAt } = acceptedValue(
        await beginAssistance(app, request, assistant, request.body),
      );
      return reply
        .code(201)
        .send({ signedInAt: signedInAt.toISOString(), expiresAt: expiresAt.toISOString() });
    },
  );
};
