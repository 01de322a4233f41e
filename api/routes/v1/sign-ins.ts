/** `/v1/sign-ins`: who came in as oneself, when and by which way, and "this was not me". */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { signInMethods } from '../../../domain/sign-in/sign-in-methods';
import { signInsOf, type SignInView } from '../../../ledger/sign-in';
import { mayStillBeSignedIn } from '../../plugins/session';
import { acceptedValue } from '../../problems';
import { instant, nullable, problems, writeHeaders } from '../../schemas';

const signInId = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const method = Type.Enum([...signInMethods]);

const signIn = Type.Object({
  signInId,
  at: instant,
  method,
  browser: nullable(Type.String({ description: 'a name alone, as the browser says it of itself' })),
  operatingSystem: nullable(Type.String()),
  place: nullable(
    Type.Object(
      { nameZh: Type.String(), nameEn: Type.String() },
      { description: 'the station at which the card was inserted' },
    ),
  ),
  boundDeviceId: nullable(Type.String({ description: 'the bound device that vouched' })),
  isThisOne: Type.Boolean({ description: 'the session that asks' }),
  mayStillBeSignedIn: Type.Boolean(),
  disownedAt: nullable(instant),
});

export const signInRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/sign-ins',
    {
      config: { act: false },
      schema: {
        operationId: 'getSignIns',
        tags: ['sign-in'],
        summary: 'Your sign-ins of the last half year, newest first, a hundred at most',
        response: { 200: Type.Object({ signIns: Type.Array(signIn) }), ...problems({ citizen: true }) },
      },
    },
    async (request) => {
      const { personKey, sessionId } = request.requireCitizen();
      const signIns = await signInsOf(app.ledger.db, personKey);
      return { signIns: signIns.map((each) => view(each, sessionId)) };
    },
  );

  app.put(
    '/sign-ins/:signInId/disowned',
    {
      schema: {
        operationId: 'disownSignIn',
        tags: ['sign-in'],
        summary: 'This was not me: ends every session of yours but this one',
        headers: writeHeaders,
        params: Type.Object({ signInId }),
        response: {
          200: Type.Object({
            signInId,
            method,
            boundDeviceId: nullable(Type.String({ description: 'a bound device to be removed as well' })),
            endedSessions: Type.Integer({ minimum: 0 }),
          }),
          ...problems({ write: true, citizen: true }, 'signInUnknown', 'signInIsThisOne'),
        },
      },
    },
    async (request) => {
      const outcome = await app.acts.disownSignIn(request.commandContext('api'), request.params);
      const { isNew: _, knownAs: __, ...told } = acceptedValue(outcome);
      return told;
    },
  );
};

const view = (each: SignInView, current: string) => ({
  signInId: each.sessionId,
  at: each.at,
  method: each.method,
  browser: each.browser,
  operatingSystem: each.operatingSystem,
  place: each.place,
  boundDeviceId: each.boundDeviceId,
  isThisOne: each.sessionId === current,
  mayStillBeSignedIn: mayStillBeSignedIn(each),
  disownedAt: each.disownedAt,
});
