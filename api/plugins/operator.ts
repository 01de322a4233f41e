/** Which operator asks: staff of operations act with an enrolled key of their own. */
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import { findOperator, type Operator } from '../../ledger/operator';
import { bearerToken } from '../bearer';
import { RefusedRequest } from '../problems';

declare module 'fastify' {
  interface FastifyInstance {
    /** The operator whose key came with the request. Throws the refusal `operatorUnknown` when there is none. */
    operatorOf(request: FastifyRequest): Promise<Operator>;
  }
}

export const operatorPlugin = fp(
  async (app) => {
    app.decorate('operatorOf', async (request: FastifyRequest) => {
      const key = bearerToken(request);
      const operator = key === undefined ? undefined : await findOperator(app.ledger.db, key);
      if (!operator) throw new RefusedRequest({ code: 'operatorUnknown' });
      return operator;
    });
  },
  { name: 'operator', dependencies: ['ledger'] },
);
