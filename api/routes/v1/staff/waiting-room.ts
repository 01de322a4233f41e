/** `/v1/staff/waiting-room`: how the line before signing in stands, and keeping one before an opening. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { recordOperatorAct } from '../../../../ledger/operator-audit';
import { keepShut, readWaitingRoom, type WaitingRoom } from '../../../../ledger/waiting-room';
import { instant, nullable, problems } from '../../../schemas';

const room = Type.Object({
  shutAt: nullable(instant),
  kept: Type.Boolean({ description: 'operations keep the line even when few come' }),
  waiting: Type.Integer(),
  admitted: Type.Integer({ description: 'people let in from the line, all in all' }),
  arrivalsPerSecond: Type.Number({ description: 'people at the door in the last second, at all processes' }),
  strained: Type.Boolean({
    description: 'a process has as much to do as it can; the line stops until it has not',
  }),
  processes: Type.Integer(),
  draws: Type.Array(
    Type.Object({
      bellAt: instant,
      first: Type.Integer(),
      end: Type.Integer(),
      seed: Type.Array(Type.Integer(), { description: 'of the order of everybody who waited at the bell' }),
    }),
  ),
});

export const staffWaitingRoomRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const security = [{ operatorKey: [] }];

  app.get(
    '/waiting-room',
    {
      config: { act: false },
      schema: {
        operationId: 'readWaitingRoom',
        tags: ['staff'],
        summary: 'How the line stands, and the draws that still move somebody',
        security,
        response: { 200: room, ...problems({}, 'operatorUnknown') },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      return viewOf(await readWaitingRoom(app.ledger.db));
    },
  );

  app.put(
    '/waiting-room',
    {
      schema: {
        operationId: 'keepWaitingRoom',
        tags: ['staff'],
        summary: 'Keep a line from now on, or leave it to the load again',
        security,
        body: Type.Object({ kept: Type.Boolean() }, { additionalProperties: false }),
        response: { 200: room, ...problems({ write: true }, 'operatorUnknown') },
      },
    },
    async (request) => {
      const { operatorId } = await app.operatorOf(request);
      const { kept } = request.body;
      await app.ledger.db.transaction().execute(async (tx) => {
        await keepShut(tx, kept);
        await recordOperatorAct(tx, operatorId, kept ? 'keepWaitingRoom' : 'leaveWaitingRoom', {});
      });
      return viewOf(await readWaitingRoom(app.ledger.db));
    },
  );
};

function viewOf({
  shutAt,
  keptShut,
  nextNumber,
  admitted,
  arrivalsPerSecond,
  strained,
  processes,
  draws,
}: WaitingRoom) {
  return {
    shutAt: shutAt === null ? null : new Date(shutAt).toISOString(),
    kept: keptShut,
    waiting: nextNumber - admitted,
    admitted,
    arrivalsPerSecond,
    strained,
    processes,
    draws: draws.map((draw) => ({ ...draw, seed: [...draw.seed] })),
  };
}
