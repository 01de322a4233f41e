/** `/v1/staff/session-endings`: all sessions of a person end, because they called and somebody else is in. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { parsePersonNumber } from '../../../../domain/person-number/person-number';
import { endSessionsByOperator } from '../../../../ledger/session-ending';
import { RefusedRequest } from '../../../problems';
import { personNumber, problems } from '../../../schemas';

export const sessionEndingRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/session-endings',
    {
      config: { act: false },
      schema: {
        tags: ['staff'],
        security: [{ operatorKey: [] as string[] }],
        operationId: 'endSessionsOfPerson',
        summary: 'End all sessions of a person',
        body: Type.Object({ personNumber }, { additionalProperties: false }),
        response: {
          200: Type.Object({ endedSessions: Type.Integer({ minimum: 0 }) }),
          ...problems({ write: true }, 'operatorUnknown', 'personNumberInvalid'),
        },
      },
    },
    async (request) => {
      const { operatorId } = await app.operatorOf(request);
      const parsed = parsePersonNumber(request.body.personNumber);
      if ('refusal' in parsed) throw new RefusedRequest({ code: 'personNumberInvalid' });
      return { endedSessions: await endSessionsByOperator(app.ledger, operatorId, parsed.number) };
    },
  );
};
