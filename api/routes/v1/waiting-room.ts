/** `GET /v1/waiting-room`: how far the line has come for whoever holds a place in it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { instant, nullable, problems } from '../../schemas';

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const waitingRoomRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/waiting-room',
    {
      // Asked by everybody who waits: answered from memory, whoever they are.
      config: { session: false, act: false },
      // One line a question would drown what else the log has to say; they are counted.
      logLevel: 'warn',
      schema: {
        operationId: 'getPlaceInLine',
        tags: ['sign-in'],
        summary: 'Your place in line before signing in, how long it may take, and when to ask again',
        response: {
          200: Type.Object({
            state: Type.Enum(['open', 'admitted', 'withoutPlace', 'waiting'], {
              description:
                'open: everybody may sign in; admitted: it is your turn; withoutPlace: sign in to be given a place; the rest is told to those waiting',
            }),
            ahead: Type.Optional(count('people before you; before a draw, who came before you')),
            waitSecondsFrom: Type.Optional(count('it takes so long at least')),
            waitSecondsTo: Type.Optional(nullable(count('and so long at most; null when nobody can say'))),
            askAgainSeconds: Type.Optional(count('ask again after so long')),
            progress: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
            drawnAt: Type.Optional(nullable(instant)),
          }),
          ...problems({}),
        },
      },
    },
    async (request, reply) => {
      const { waitingRoom } = app;
      if (!waitingRoom.isShut) return { state: 'open' as const };
      const entry = waitingRoom.entry(request);
      if (entry.may) return { state: 'admitted' as const };
      if (!entry.ticket) return { state: 'withoutPlace' as const };
      const standing = waitingRoom.standing(entry.ticket);
      if (standing.state === 'admitted') return { state: 'admitted' as const };
      const { fromSeconds, toSeconds, ...told } = standing;
      void reply.header('retry-after', String(told.askAgainSeconds));
      // Who asks again in half a minute need not keep a connection: tens of thousands of them do.
      if (told.askAgainSeconds > closeAboveSeconds) void reply.header('connection', 'close');
      return { ...told, waitSecondsFrom: fromSeconds, waitSecondsTo: toSeconds };
    },
  );
};

const closeAboveSeconds = 10;
