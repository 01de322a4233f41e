/** `/healthz` and `/readyz`: does the process live, and what is missing before it can serve. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { readReadiness, type EngineState } from '../readiness';

export interface OperationsOptions {
  /** The engine as last seen; people can act without it. */
  readonly engineState: () => EngineState;
}

const component = Type.Object({
  name: Type.String(),
  ready: Type.Boolean(),
  /** False: the service can serve without it. */
  required: Type.Boolean(),
  detail: Type.String(),
});
const readiness = Type.Object({ ready: Type.Boolean(), components: Type.Array(component) });

export const operationsRoutes: FastifyPluginAsyncTypebox<OperationsOptions> = async (
  app,
  { engineState },
) => {
  const config = { session: false, act: false };

  app.get(
    '/healthz',
    { config, schema: { hide: true, response: { 200: Type.Object({ status: Type.Literal('up') }) } } },
    async () => ({ status: 'up' as const }),
  );

  app.get(
    '/readyz',
    { config, schema: { hide: true, response: { 200: readiness, 503: readiness } } },
    async (_request, reply) => {
      const found = await readReadiness(app.ledger, engineState());
      return reply.code(found.ready ? 200 : 503).send(found);
    },
  );
};
