/** `/v1/staff/closures`: days on which the authority closes sites, proposed by one operator and confirmed by another. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { isPlainDate } from '../../../../domain/civil-time/plain-date';
import { closureReasons } from '../../../../domain/closure/closure';
import {
  confirmClosure,
  findClosure,
  proposeClosure,
  readClosures,
  reopenClosure,
  type ClosureView,
} from '../../../../ledger/closure';
import type { ClosurePreview } from '../../../../ledger/closure-preview';
import { acceptedValue, noSuchDay, RefusedRequest } from '../../../problems';
import {
  civilDate,
  countyCode,
  districtCode,
  instant,
  nullable,
  problems,
  product,
  roundId,
  siteId,
} from '../../../schemas';

const closureId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$', description: 'e.g. typhoon-0724' });
const reason = Type.Enum([...closureReasons]);
const count = Type.Integer({ minimum: 0 });
const operator = Type.String();

const scope = {
  reason,
  countyCodes: Type.Array(countyCode, { maxItems: 30 }),
  districtCodes: Type.Array(districtCode, { maxItems: 400 }),
  siteIds: Type.Array(siteId, { maxItems: 500 }),
  dates: Type.Array(civilDate, { minItems: 1, maxItems: 31 }),
};

const closure = Type.Object({
  closureId,
  ...scope,
  state: Type.Enum(['proposed', 'underWay', 'carriedOut', 'reopened']),
  proposedBy: operator,
  proposedAt: instant,
  confirmedBy: nullable(operator),
  confirmedAt: nullable(instant),
  carriedOutAt: nullable(instant),
  reopenedAt: nullable(instant),
  rebookUntil: nullable(instant),
  windows: nullable(count),
  cancelled: count,
  toCancel: count,
});

const preview = Type.Object({
  sites: count,
  windows: count,
  places: count,
  appointments: count,
  people: count,
  byCounty: Type.Array(Type.Object({ countyCode, sites: count, appointments: count })),
  rebooking: Type.Array(Type.Object({ roundId, product, appointments: count, leftElsewhere: count })),
  digest: Type.String({ description: 'names the windows that were seen, for the confirmation' }),
});

const view = ({ countyCodes, districtCodes, siteIds, dates, ...rest }: ClosureView) => ({
  ...rest,
  countyCodes: [...countyCodes],
  districtCodes: [...districtCodes],
  siteIds: [...siteIds],
  dates: [...dates],
});

const previewed = ({ byCounty, rebooking, ...rest }: ClosurePreview) => ({
  ...rest,
  byCounty: [...byCounty],
  rebooking: [...rebooking],
});

const described = (operationId: string, summary: string) => ({
  ...{ operationId, summary, tags: ['staff'] },
  security: [{ operatorKey: [] }],
});
const byId = Type.Object({ closureId });

export const closureRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/closures',
    {
      config: { act: false },
      schema: {
        ...described('listClosures', 'Closures, the newest first'),
        response: {
          200: Type.Object({ closures: Type.Array(closure) }),
          ...problems({}, 'operatorUnknown'),
        },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      return { closures: (await readClosures(app.ledger.db)).map(view) };
    },
  );

  app.get(
    '/closures/:closureId',
    {
      config: { act: false },
      schema: {
        ...described('getClosure', 'A closure, with what it would do while it is only proposed'),
        params: byId,
        response: {
          200: Type.Object({ closure, preview: nullable(preview) }),
          ...problems({}, 'operatorUnknown', 'closureUnknown'),
        },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      const found = await findClosure(app.ledger.db, request.params.closureId);
      if (!found) throw new RefusedRequest({ code: 'closureUnknown' });
      return { closure: view(found.closure), preview: found.preview && previewed(found.preview) };
    },
  );

  app.put(
    '/closures/:closureId',
    {
      config: { act: false },
      schema: {
        ...described('proposeClosure', 'Propose a closure, or change a proposal; nothing is closed by it'),
        params: byId,
        body: Type.Object(
          {
            ...scope,
            countyCodes: Type.Optional(scope.countyCodes),
            districtCodes: Type.Optional(scope.districtCodes),
            siteIds: Type.Optional(scope.siteIds),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ closure, preview }),
          ...problems(
            { write: true },
            'operatorUnknown',
            'closureConfirmed',
            'closureEmpty',
            'closureInPast',
          ),
        },
      },
    },
    async (request) => {
      const { operatorId } = await app.operatorOf(request);
      const { countyCodes = [], districtCodes = [], siteIds = [], dates, ...rest } = request.body;
      if (!dates.every(isPlainDate)) throw noSuchDay('/dates', 'body');
      const wish = { ...request.params, ...rest, countyCodes, districtCodes, siteIds, dates };
      const proposed = acceptedValue(await proposeClosure(app.ledger, operatorId, wish));
      return { closure: view(proposed.closure), preview: previewed(proposed.preview) };
    },
  );

  app.post(
    '/closures/:closureId/confirmation',
    {
      config: { act: false },
      schema: {
        ...described('confirmClosure', 'Confirm what another operator proposed: the windows close at once'),
        params: byId,
        body: Type.Object(
          {
            digest: Type.String({ pattern: '^[0-9a-f]{16}$', description: 'of the preview' }),
            atMost: Type.Integer({ minimum: 0, description: 'appointments that may be cancelled by it' }),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ closure }),
          ...problems(
            { write: true },
            ...(['operatorUnknown', 'closureUnknown', 'secondOperatorNeeded', 'closureDiffers'] as const),
            ...(['closureEmpty', 'closureInPast'] as const),
          ),
        },
      },
    },
    async (request) => {
      const { operatorId } = await app.operatorOf(request);
      const wish = { ...request.params, ...request.body };
      return { closure: view(acceptedValue(await confirmClosure(app.ledger, operatorId, wish))) };
    },
  );

  app.post(
    '/closures/:closureId/reopening',
    {
      config: { act: false },
      schema: {
        ...described('reopenClosure', 'Open again what is still to come; who was cancelled books anew'),
        params: byId,
        response: {
          200: Type.Object({ closure }),
          ...problems(
            { write: true },
            ...(['operatorUnknown', 'closureUnknown', 'closureNotConfirmed', 'closureUnderWay'] as const),
          ),
        },
      },
    },
    async (request) => {
      const { operatorId } = await app.operatorOf(request);
      const { closureId: id } = request.params;
      return { closure: view(acceptedValue(await reopenClosure(app.ledger, operatorId, id))) };
    },
  );
};
