/** `/v1/station/citizen-sessions`: a card that a station's own bridge has read begins a session of its owner there. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { cardProof, cardProofProblems } from '../../card-proof-schema';
import { acceptedValue } from '../../problems';
import * as shape from '../../schemas';
import { sessionAt, stationOf } from '../../station-key';

export const stationSessionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/station/citizen-sessions',
    {
      config: { act: false },
      schema: {
        operationId: 'beginStationSession',
        tags: ['station'],
        summary: 'Begin a short session of the person whose card this station’s bridge has read',
        description:
          'The proof answers a challenge with purpose `station` and is signed by a bridge enrolled under this station’s key. The session ends 90 seconds after the last act, with `DELETE /v1/sessions/current`, and with the station’s key.',
        security: [{ stationKey: [] as string[] }],
        headers: shape.writeHeaders,
        body: cardProof,
        response: {
          201: Type.Object({ signedInAt: shape.instant, expiresAt: shape.instant }),
          ...shape.problems(
            { write: true },
            'stationUnknown',
            'stationMayNot',
            ...cardProofProblems,
            'identityNotConfirmed',
            'notInOpenGroup',
            'registryUnavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const station = await stationOf(request, 'readCard');
      const { stationId } = station;
      const use = { purpose: 'station', session: `station:${stationId}` } as const;
      const claim = acceptedValue(
        await app.cardProofs.accept(request.body, { ...use, origin: app.ownOrigin(request), stationId }),
      );
      const { personKey } = acceptedValue(await app.acts.signInByCard(claim));
      // A secret for forms that was handed out to whoever stood here before is of no use afterwards.
      request.session.set('_csrf', undefined);
      const how = { method: 'station', stationId } as const;
      const { signedInAt, expiresAt } = await request.signIn(personKey, how, sessionAt(station));
      return reply
        .code(201)
        .send({ signedInAt: signedInAt.toISOString(), expiresAt: expiresAt.toISOString() });
    },
  );
};
