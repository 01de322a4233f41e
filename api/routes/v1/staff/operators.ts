/** `/v1/staff/operators`, `/v1/staff/acts`: who is asking, and what operators did. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { readOperatorActs } from '../../../../ledger/operator-audit';
import { instant, nullable, problems } from '../../../schemas';

const operatorId = Type.String({ description: 'name under which an operator was enrolled' });

export const operatorRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/operators/current',
    {
      config: { act: false },
      schema: {
        operationId: 'readCurrentOperator',
        tags: ['staff'],
        summary: 'Whose key this is',
        security: [{ operatorKey: [] }],
        response: { 200: Type.Object({ operatorId }), ...problems({}, 'operatorUnknown') },
      },
    },
    (request) => app.operatorOf(request),
  );

  app.get(
    '/acts',
    {
      config: { act: false },
      schema: {
        operationId: 'listOperatorActs',
        tags: ['staff'],
        summary: 'What operators did, newest first',
        security: [{ operatorKey: [] }],
        querystring: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }) }),
        response: {
          200: Type.Object({
            acts: Type.Array(
              Type.Object({
                at: instant,
                operatorId,
                act: Type.String(),
                personKey: nullable(Type.String({ format: 'uuid' })),
                detail: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
              }),
            ),
          }),
          ...problems({}, 'operatorUnknown'),
        },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      return { acts: [...(await readOperatorActs(app.ledger.db, request.query))] };
    },
  );
};
