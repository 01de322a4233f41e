/** `/v1/staff/invitation-waves`: how operations release held invitations, stage by stage, and hold them back. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { waveStages, type WaveView } from '../../../../domain/invitation-wave/wave';
import type { Outcome } from '../../../../domain/refusal/refusals';
import {
  approveWave,
  findWave,
  pauseWave,
  readWaves,
  resumeWave,
  startWave,
  stopWave,
} from '../../../../ledger/invitation-wave';
import { previewWave } from '../../../../ledger/invitation-wave-audience';
import { RefusedRequest } from '../../../problems';
import { countyCode, instant, nullable, problems, product, roundId } from '../../../schemas';

const waveId = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,39}\\.\\d{1,5}$',
  description: 'the round and the number of the wave in it',
  examples: ['round-1.1'],
});
const count = Type.Integer({ minimum: 0 });
const operator = Type.String({ description: 'an operator' });
const counts = Type.Object({
  held: count,
  queued: count,
  submitting: count,
  unknown: count,
  accepted: count,
  delivered: count,
  undelivered: count,
  rejected: count,
});
const wave = Type.Object({
  waveId,
  roundId,
  product: nullable(product),
  countyCodes: nullable(Type.Array(countyCode)),
  ratePerSecond: count,
  trialSize: count,
  lookSeconds: count,
  stage: Type.Enum([...waveStages]),
  stageSince: instant,
  paused: nullable(
    Type.Object({
      reason: Type.Enum(['operator', 'textsRefused']),
      by: nullable(operator),
      at: instant,
    }),
  ),
  startedBy: operator,
  startedAt: instant,
  approvedBy: nullable(operator),
  approvedAt: nullable(instant),
  stoppedBy: nullable(operator),
  stoppedAt: nullable(instant),
  audience: count,
  released: count,
  texts: counts,
  tests: counts,
});
const audience = {
  roundId,
  product: Type.Optional(nullable(product)),
  countyCodes: Type.Optional(nullable(Type.Array(countyCode, { minItems: 1, maxItems: 30 }))),
};
const order = Type.Object(
  {
    ...audience,
    ratePerSecond: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'texts a second, once approved',
    }),
    trialSize: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        default: 100,
        description: 'people who get it before the approval',
      }),
    ),
    lookSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400,
        default: 60,
        description: 'how long staff look at their handsets before the first of them',
      }),
    ),
  },
  { additionalProperties: false },
);
const preview = Type.Object({
  texts: count,
  byProduct: Type.Array(Type.Object({ product, texts: count })),
  byCounty: Type.Array(Type.Object({ countyCode: Type.String(), texts: count })),
  samples: Type.Array(Type.Object({ texts: count, zh: Type.String(), en: Type.String() })),
});

const staffTag = { tags: ['staff'], security: [{ operatorKey: [] as string[] }] };
const silent = { config: { act: false as const } };

export const invitationWaveRoutes: FastifyPluginAsyncTypebox = async (app) => {
  /** The wave as it stands now. Throws the refusal `waveUnknown`. */
  async function current(id: string): Promise<WaveView> {
    const found = await findWave(app.ledger.db, id);
    if (!found) throw new RefusedRequest({ code: 'waveUnknown' });
    return found;
  }

  app.post(
    '/invitation-waves/previews',
    {
      ...silent,
      schema: {
        ...staffTag,
        operationId: 'previewInvitationWave',
        summary:
          'How many texts such a wave would have, whose, and how they read, with nobody’s digits in them',
        body: Type.Object(audience, { additionalProperties: false }),
        response: { 200: preview, ...problems({ write: true }, 'operatorUnknown') },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      const { roundId, product = null, countyCodes = null } = request.body;
      const seen = await previewWave(app.ledger, { roundId, product, countyCodes });
      return {
        texts: seen.texts,
        byProduct: [...seen.byProduct],
        byCounty: [...seen.byCounty],
        samples: [...seen.samples],
      };
    },
  );

  app.post(
    '/invitation-waves',
    {
      ...silent,
      schema: {
        ...staffTag,
        operationId: 'startInvitationWave',
        summary:
          'Start a wave: to test handsets, to a hundred people at most, then it waits for a second operator',
        body: order,
        response: {
          201: wave,
          ...problems(
            { write: true },
            'operatorUnknown',
            'waveEmpty',
            'waveTooManyKinds',
            'testHandsetMissing',
          ),
        },
      },
    },
    async (request, reply) => {
      const { operatorId } = await app.operatorOf(request);
      const { product = null, countyCodes = null, trialSize = 100, lookSeconds = 60, ...rest } = request.body;
      const { waveId: started } = allowed(
        await startWave(app.ledger, operatorId, { ...rest, product, countyCodes, trialSize, lookSeconds }),
      );
      return reply.code(201).send(toJson(await current(started)));
    },
  );

  app.get(
    '/invitation-waves',
    {
      ...silent,
      schema: {
        ...staffTag,
        operationId: 'listInvitationWaves',
        summary: 'All waves and how far they are, newest first',
        querystring: Type.Object({ roundId: Type.Optional(roundId) }),
        response: { 200: Type.Object({ waves: Type.Array(wave) }), ...problems({}, 'operatorUnknown') },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      return { waves: (await readWaves(app.ledger.db, request.query.roundId ?? null)).map(toJson) };
    },
  );

  app.get(
    '/invitation-waves/:waveId',
    {
      ...silent,
      schema: {
        ...staffTag,
        operationId: 'readInvitationWave',
        summary: 'How far one wave is',
        params: Type.Object({ waveId }),
        response: { 200: wave, ...problems({}, 'operatorUnknown', 'waveUnknown') },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      return toJson(await current(request.params.waveId));
    },
  );

  for (const { path, operationId, summary, act, codes } of acts) {
    app.post(
      `/invitation-waves/:waveId/${path}`,
      {
        ...silent,
        schema: {
          ...staffTag,
          operationId,
          summary,
          params: Type.Object({ waveId }),
          response: { 200: wave, ...problems({ write: true }, 'operatorUnknown', 'waveUnknown', ...codes) },
        },
      },
      async (request) => {
        const { operatorId } = await app.operatorOf(request);
        allowed(await act(app.ledger, operatorId, request.params.waveId));
        return toJson(await current(request.params.waveId));
      },
    );
  }
};

/** What operators do with a wave that is there; each is answered with the wave as it stands then. */
const acts = [
  {
    path: 'approval',
    operationId: 'approveInvitationWave',
    summary: 'Let the rest go: by another operator than the one who started it',
    act: approveWave,
    codes: ['waveNotAwaitingApproval', 'secondOperatorNeeded'],
  },
  {
    path: 'pause',
    operationId: 'pauseInvitationWave',
    summary: 'Hold back everything that no sender has in its hands yet',
    act: pauseWave,
    codes: ['waveOver'],
  },
  {
    path: 'resumption',
    operationId: 'resumeInvitationWave',
    summary: 'Go on where the pause stopped it',
    act: resumeWave,
    codes: ['waveOver'],
  },
  {
    path: 'stop',
    operationId: 'stopInvitationWave',
    summary: 'End it for good; what was not let go is held again',
    act: stopWave,
    codes: ['waveOver'],
  },
] as const;

/** The value of what was allowed. Throws the refusal otherwise. */
function allowed<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new RefusedRequest(outcome.refusal);
  return outcome.value;
}

function toJson(view: WaveView) {
  return { ...view, countyCodes: view.countyCodes === null ? null : [...view.countyCodes] };
}
