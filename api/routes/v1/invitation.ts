/** `GET /v1/invitation`: may I book, what, from when to when. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { readBookingRights } from '../../../ledger/invitation';
import { readPerson } from '../../../ledger/person';
import { civilDate, familyHeaders, instant, nullable, problems, product, roundId } from '../../schemas';

const right = Type.Object({
  roundId,
  product,
  doseNumber: Type.Integer(),
  opensAt: instant,
  closesAt: instant,
  earliestOn: nullable(civilDate),
});

export const invitationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/invitation',
    {
      schema: {
        operationId: 'getInvitation',
        tags: ['booking'],
        summary: 'What I may book, from when to when',
        headers: familyHeaders,
        response: {
          200: Type.Object({
            mayBook: Type.Boolean(),
            reason: nullable(Type.String({ description: 'code of the refusal that booking would meet now' })),
            rights: Type.Array(right),
          }),
          ...problems({ citizen: true, family: true }),
        },
      },
    },
    async (request) => {
      const { personKey } = request.requireCitizen();
      const { open, coming, refusal } = await readBookingRights(
        app.ledger,
        await readPerson(app.ledger, personKey),
        await app.rounds(),
        await app.ledgerNow(),
      );
      return {
        mayBook: refusal === null,
        reason: refusal?.code ?? null,
        rights: [...open, ...coming].map(({ round, ...right }) => ({ roundId: round.roundId, ...right })),
      };
    },
  );
};
