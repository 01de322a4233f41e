/** `/v1/staff/card-accounts`: at a counter of the authority, by an operator's key. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';

import { operatorChannel } from '../../../../ledger/operator-audit';
import { counterCardAccountRoutes } from '../counter-card-accounts';

export const staffCardAccountRoutes: FastifyPluginAsyncTypebox = async (app) =>
  counterCardAccountRoutes(app, {
    ...{ path: '', tag: 'staff', suffix: 'AtCounter' },
    security: [{ operatorKey: [] }],
    refusals: ['operatorUnknown'],
    channelOf: async (request) => operatorChannel((await app.operatorOf(request)).operatorId),
  });
