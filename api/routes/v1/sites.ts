/** `/v1/sites` and `/v1/slots`: where and when places are left. Public: nothing here concerns a person. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

import { isPlainDate } from '../../../domain/civil-time/plain-date';
import { findDistrict } from '../../../domain/area/area';
import { currentRounds } from '../../../ledger/round';
import { noSuchDay, RefusedRequest } from '../../problems';
import * as shape from '../../schemas';

const mostSlots = 20;

export const siteRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/sites',
    {
      config: { act: false },
      schema: {
        operationId: 'listSites',
        tags: ['booking'],
        summary: 'Sites of a district that give a product, with the places left',
        querystring: Type.Object({
          districtCode: shape.districtCode,
          product: shape.product,
          roundId: Type.Optional(shape.roundId),
        }),
        response: {
          200: Type.Object({ sites: Type.Array(shape.siteWithPlaces) }),
          ...shape.problems({}, 'districtUnknown'),
        },
      },
    },
    async (request, reply) => {
      const { districtCode, product, roundId } = request.query;
      if (!findDistrict(districtCode)) throw new RefusedRequest({ code: 'districtUnknown' });
      const round = await offeringRound(app, product, roundId);
      if (round === undefined) return { sites: [] };
      const sites = await app.places.sitesIn({ roundId: round, product, districtCode });
      return reply.sendWhileFresh(sites, { sites: sites.value });
    },
  );

  app.get(
    '/sites/:siteId/slots',
    {
      config: { act: false },
      schema: {
        operationId: 'listSlots',
        tags: ['booking'],
        summary: 'Time slots of a site, full ones too',
        params: Type.Object({ siteId: shape.siteId }),
        querystring: Type.Object({
          product: shape.product,
          date: Type.Optional(shape.civilDate),
          roundId: Type.Optional(shape.roundId),
        }),
        response: {
          200: Type.Object({ slots: Type.Array(shape.slot) }),
          ...shape.problems({}, 'siteUnknown'),
        },
      },
    },
    async (request, reply) => {
      const { product, date, roundId } = request.query;
      const { siteId } = request.params;
      if (date !== undefined && !isPlainDate(date)) throw noSuchDay('/date', 'query');
      if (!(await app.places.site({ siteId })).value) throw new RefusedRequest({ code: 'siteUnknown' });
      const round = await offeringRound(app, product, roundId);
      if (round === undefined) return { slots: [] };
      const offer = { roundId: round, product, ...(date === undefined ? {} : { date }) };
      const slots = await app.places.slotsOf({ siteId, ...offer });
      return reply.sendWhileFresh(slots, { slots: slots.value });
    },
  );

  app.get(
    '/slots/earliest',
    {
      config: { act: false },
      schema: {
        operationId: 'listEarliestSlots',
        tags: ['booking'],
        summary: 'The earliest and nearest free time slots around a district',
        querystring: Type.Object({
          districtCode: shape.districtCode,
          product: shape.product,
          roundId: Type.Optional(shape.roundId),
          from: Type.Optional(shape.civilDate),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: mostSlots })),
        }),
        response: {
          200: Type.Object({ slots: Type.Array(shape.nearbySlot) }),
          ...shape.problems({}, 'districtUnknown'),
        },
      },
    },
    async (request, reply) => {
      const { districtCode, product, roundId, from, limit = 5 } = request.query;
      if (from !== undefined && !isPlainDate(from)) throw noSuchDay('/from', 'query');
      if (!findDistrict(districtCode)) throw new RefusedRequest({ code: 'districtUnknown' });
      const round = await offeringRound(app, product, roundId);
      if (round === undefined) return { slots: [] };
      const wish = {
        roundId: round,
        product,
        districtCode,
        limit,
        ...(from === undefined ? {} : { from: new Date(`${from}T00:00:00+08:00`).toISOString() }),
      };
      const slots = await app.places.earliestNearest(wish);
      return reply.sendWhileFresh(slots, { slots: slots.value });
    },
  );
};

/** The round asked for, or that in which the product is booked now or next; `undefined` when there is none. */
async function offeringRound(
  app: FastifyInstance,
  product: string,
  roundId: string | undefined,
): Promise<string | undefined> {
  const rounds = await app.rounds();
  const among = roundId === undefined ? currentRounds(rounds, await app.ledgerNow()).booking : rounds;
  return among.find(
    (round) =>
      (roundId === undefined || round.roundId === roundId) &&
      round.products.some((offered) => offered.product === product),
  )?.roundId;
}
