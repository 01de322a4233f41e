/** `/v1/staff/rounds/{roundId}/settlement…`: what a settlement would come to, how far it is, and its export. */
import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { recordOperatorAct } from '../../../../ledger/operator-audit';
import { findRound } from '../../../../ledger/round';
import { findSettlement } from '../../../../ledger/settlement';
import { findSettlementExport } from '../../../../ledger/settlement-export';
import { previewSettlement } from '../../../../ledger/settlement-preview';
import { RefusedRequest } from '../../../problems';
import { instant, nullable, problems, product, roundId } from '../../../schemas';

const params = Type.Object({ roundId });
const countyCode = Type.String();
const security = [{ operatorKey: [] }];
const optionalNumber = Type.Optional(Type.Union([Type.Number(), Type.Null()]));

const cutOff = Type.Object({
  product,
  countyCode,
  doses: Type.Integer(),
  contenders: Type.Integer({ description: 'who takes it, may be given it and got nothing before it' }),
  invited: Type.Integer(),
  lastGroup: nullable(Type.Integer({ description: 'group of the last one invited' })),
  lastBirthDate: nullable(Type.String({ format: 'date' })),
});

export const settlementStaffRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/rounds/:roundId/settlement-preview',
    {
      config: { act: false },
      schema: {
        operationId: 'previewSettlement',
        tags: ['staff'],
        summary:
          'What settling the round now would come to; nothing is changed, and a million take some ten seconds',
        security,
        params,
        response: {
          200: Type.Object({
            roundId,
            registrations: Type.Integer(),
            invited: Type.Integer(),
            cutOffs: Type.Array(cutOff),
            areas: Type.Array(
              Type.Object({
                countyCode,
                priorityGroup: Type.Integer(),
                registered: Type.Integer(),
                invited: Type.Integer(),
              }),
            ),
            invitations: Type.Array(
              Type.Object({
                countyCode,
                product,
                priorityGroup: Type.Integer(),
                invited: Type.Integer(),
              }),
            ),
          }),
          ...problems({}, 'operatorUnknown', 'roundUnknown'),
        },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      const round = await findRound(app.ledger.db, request.params.roundId);
      if (round?.kind !== 'rankThenInvite') throw new RefusedRequest({ code: 'roundUnknown' });
      const { cutOffs, areas, invitations, ...counts } = await previewSettlement(app.ledger, round.roundId);
      return { ...counts, cutOffs: [...cutOffs], areas: [...areas], invitations: [...invitations] };
    },
  );

  app.get(
    '/rounds/:roundId/settlement',
    {
      config: { act: false },
      schema: {
        operationId: 'readSettlementProgress',
        tags: ['staff'],
        summary: 'How far the settlement of a round is, and what it took',
        security,
        params,
        response: {
          200: Type.Object({
            settledAt: instant,
            decidedAt: nullable(instant),
            completedAt: nullable(instant),
            registrations: Type.Integer(),
            invited: Type.Integer(),
            remaining: Type.Integer({ description: 'invited, and not yet recorded so' }),
            resources: Type.Object({
              workMemMb: optionalNumber,
              parallelWorkers: optionalNumber,
              tempFileLimitMb: optionalNumber,
              decideSeconds: optionalNumber,
              candidateTableMb: optionalNumber,
              tempFileMb: optionalNumber,
              carryOutSeconds: optionalNumber,
              carriedOut: optionalNumber,
            }),
          }),
          ...problems({}, 'operatorUnknown', 'settlementUnknown'),
        },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      const settlement = await findSettlement(app.ledger.db, request.params.roundId);
      if (!settlement) throw new RefusedRequest({ code: 'settlementUnknown' });
      return settlement;
    },
  );

  app.get(
    '/rounds/:roundId/settlement-export',
    {
      config: { act: false },
      schema: {
        operationId: 'exportSettlement',
        tags: ['staff'],
        summary: 'The signed record, and every candidate and result by lot: what `settlement verify` checks',
        description:
          'Text, a line each, streamed: the record as JSON, then `c,` with a candidate and `r,` with a result. Neither names nor numbers, but birth dates.',
        security,
        params,
        produces: ['text/plain'],
        response: {
          200: {
            description: 'the export',
            content: { 'text/plain': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
          },
          ...problems({}, 'operatorUnknown', 'settlementUnknown'),
        },
      },
    },
    async (request, reply) => {
      const { operatorId } = await app.operatorOf(request);
      const { roundId: id } = request.params;
      const chunks = await findSettlementExport(app.ledger.db, id);
      if (!chunks) throw new RefusedRequest({ code: 'settlementUnknown' });
      await recordOperatorAct(app.ledger.db, operatorId, 'exportSettlement', { roundId: id });
      return reply
        .type('text/plain; charset=utf-8')
        .header('content-disposition', `attachment; filename="settlement-${id}.txt"`)
        .send(Readable.from(chunks, { objectMode: false }));
    },
  );
};
