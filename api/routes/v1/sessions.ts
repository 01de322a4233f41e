/** `/v1/sessions`: signing in, how long it lasts, signing out. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';

import { parsePersonNumber } from '../../../domain/person-number/person-number';
import type { CaptchaAnswer } from '../../plugins/captcha';
import type { SignedInCitizen } from '../../plugins/session';
import type { Ticket } from '../../waiting-room/ticket';
import { acceptedValue, RefusedRequest } from '../../problems';
import { instant, problems, writeHeaders } from '../../schemas';
import { anyBody, everyRefusal } from '../../sign-in/ways';

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
  /**
   * A place in line costs the same proof as signing in. None is given to who names no number: a bound device says by
   * itself whose it is, and its owner is given their place when that was confirmed.
   */
  const place = async (
    captcha: CaptchaAnswer | null,
    typed: string | undefined,
    reply: FastifyReply,
  ): Promise<Ticket | undefined> => {
    const person = typed === undefined ? undefined : parsePersonNumber(typed);
    if (person && 'refusal' in person) throw new RefusedRequest({ code: 'personNumberInvalid' });
    const verdict = captcha ? await app.captcha.verify(captcha) : 'captchaInvalid';
    if (verdict !== 'accepted') throw new RefusedRequest({ code: verdict });
    return person && app.waitingRoom.draw(reply, person.number);
  };

  app.post(
    '/sessions',
    {
      schema: {
        operationId: 'signIn',
        tags: ['sign-in'],
        summary: 'Sign in by one of the ways; sets the session cookie',
        description: 'Each way has a body of its own, told apart by `method`.',
        headers: writeHeaders,
        body: anyBody,
        response: {
          201: session,
          ...problems({ write: true }, ...everyRefusal, 'waitingRoom'),
        },
      },
    },
    async (request, reply) => {
      const { method, captcha: payload, ...asked } = { captcha: undefined, ...request.body };
      const captcha = payload === undefined ? null : ({ kind: 'proof', payload } as const);
      const entry = app.waitingRoom.entry(request, 'counted');
      if (!entry.may) {
        const typed = 'personNumber' in asked ? asked.personNumber : undefined;
        const ticket = entry.ticket ?? (await place(captcha, typed, reply));
        if (ticket) throw app.waitingRoom.refusal(ticket);
      }
      const { personKey, ...vouched } = acceptedValue(
        await app.acts.signIn(method, asked, { address: request.ip, request, captcha }),
      );
      await app.waitingRoom.comeIn(request, reply, personKey);
      const citizen = await request.signIn(personKey, { method, ...vouched });
      reply.keepBrowserMark();
      return reply.code(201).send(view(citizen));
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
