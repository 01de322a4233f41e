/** `/v1/staff/card-bridges`: which card bridges are enrolled, and ending one that was stolen or misused. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { listCardBridges, revokeCardBridge } from '../../../../ledger/card-bridge';
import { RefusedRequest } from '../../../problems';
import { bridgeId, cardBridge, cardBridgeView, problems } from '../../../schemas';

const staffTag = { tags: ['staff'], security: [{ operatorKey: [] as string[] }] };
const silent = { config: { act: false as const } };

export const staffCardBridgeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/card-bridges',
    {
      ...silent,
      schema: {
        ...staffTag,
        operationId: 'listCardBridges',
        summary: 'The newest card bridges first; of one station when it is named',
        querystring: Type.Object(
          { stationId: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9-]{1,40}$' })) },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ cardBridges: Type.Array(cardBridge) }),
          ...problems({}, 'operatorUnknown'),
        },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      const bridges = await listCardBridges(app.ledger.db, request.query);
      return { cardBridges: bridges.map(cardBridgeView) };
    },
  );

  app.delete(
    '/card-bridges/:bridgeId',
    {
      ...silent,
      schema: {
        ...staffTag,
        operationId: 'revokeCardBridge',
        summary: 'End a card bridge at once; on record',
        params: Type.Object({ bridgeId }),
        response: {
          204: Type.Null({ description: 'nothing that it signs is taken any more' }),
          ...problems({ write: true }, 'operatorUnknown', 'cardBridgeUnknown'),
        },
      },
    },
    async (request, reply) => {
      const { operatorId } = await app.operatorOf(request);
      if (!(await revokeCardBridge(app.ledger, operatorId, request.params.bridgeId))) {
        throw new RefusedRequest({ code: 'cardBridgeUnknown' });
      }
      return reply.code(204).send(null);
    },
  );
};
