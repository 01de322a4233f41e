/** `/v1/sessions`: signing in, how long it lasts, signing out. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';

import type { SignedInCitizen } from '../../plugins/session';
import type { Ticket } from '../../waiting-room/ticket';
import { acceptedValue, RefusedRequest } from '../../problems';
import { captcha, cardNumber, instant, personNumber, problems, writeHeaders } from '../../schemas';

const session = Type.Object({
  signedInAt: instant,
  expiresAt: Type.String({
    format: 'date-time',
    description: 'when it ends unless something is done before',
  }),
});

const view = ({ signedInAt, expiresAt }: SignedInCitizen) => ({
  signedInAt: signedInAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
});

export const sessionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  /** A place in line costs the same proof as signing in. */
  const place = async (captchaPayload: string, reply: FastifyReply): Promise<Ticket> => {
    const verdict = await app.captcha.verify({ kind: 'proof', payload: captchaPayload });
    if (verdict !== 'accepted') throw new RefusedRequest({ code: verdict });
    return app.waitingRoom.draw(reply);
  };

  app.post(
    '/sessions',
    {
      schema: {
        operationId: 'signIn',
        tags: ['sign-in'],
        summary: 'Sign in by ID or UI number and NHI card number; sets the session cookie',
        headers: writeHeaders,
        body: Type.Object(
          { method: Type.Literal('card-number'), personNumber, cardNumber, captcha },
          { additionalProperties: false },
        ),
        response: {
          201: session,
          ...problems(
            { write: true },
            'personNumberInvalid',
            'cardNumberInvalid',
            'captchaInvalid',
            'captchaSpent',
            'tooManyAttempts',
            'identityNotConfirmed',
            'registryUnavailable',
            'waitingRoom',
          ),
        },
      },
    },
    async (request, reply) => {
      const { personNumber: number, cardNumber: card, captcha: payload } = request.body;
      const entry = app.waitingRoom.entry(request, 'counted');
      if (!entry.may) throw app.waitingRoom.refusal(entry.ticket ?? (await place(payload, reply)));
      const outcome = await app.acts.signIn({
        personNumber: number,
        cardNumber: card,
        captcha: { kind: 'proof', payload },
        address: request.ip,
      });
      const { personKey } = acceptedValue(outcome);
      await app.waitingRoom.comeIn(request, reply, personKey);
      return reply.code(201).send(view(request.signIn(personKey)));
    },
  );

  app.get(
    '/sessions/current',
    {
      config: { act: false },
      schema: {
        operationId: 'getSession',
        tags: ['sign-in'],
        summary: 'How long the session lasts; asking does not prolong it',
        response: { 200: session, ...problems({ citizen: true }) },
      },
    },
    async (request) => view(request.requireCitizen()),
  );

  app.delete(
    '/sessions/current',
    {
      schema: {
        operationId: 'signOut',
        tags: ['sign-in'],
        summary: 'Sign out; the cookie is worthless from now on, wherever a copy of it is',
        headers: writeHeaders,
        response: { 204: Type.Null(), ...problems({ write: true }) },
      },
    },
    async (request, reply) => {
      await request.signOut();
      return reply.code(204).send(null);
    },
  );
};
