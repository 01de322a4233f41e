/** `GET /v1/captcha`: an ALTCHA challenge, which a browser's widget or a program solves. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { RefusedRequest } from '../../problems';
import { problems } from '../../schemas';

const challenge = Type.Object({
  parameters: Type.Object({
    algorithm: Type.String(),
    cost: Type.Integer(),
    expiresAt: Type.Optional(Type.Integer({ description: 'epoch seconds' })),
    keyLength: Type.Integer(),
    keyPrefix: Type.String(),
    keySignature: Type.Optional(Type.String()),
    nonce: Type.String(),
    salt: Type.String(),
  }),
  signature: Type.Optional(Type.String()),
});

export const captchaRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/captcha',
    {
      config: { act: false },
      schema: {
        operationId: 'getCaptcha',
        tags: ['sign-in'],
        summary: 'A challenge to solve, good for one use within five minutes',
        response: { 200: challenge, ...problems({}, 'tooManyAttempts') },
      },
    },
    async (request) => {
      const refusal = await app.limits.pace('challenge', request.ip);
      if (refusal) throw new RefusedRequest(refusal);
      return app.captcha.challenge();
    },
  );
};
