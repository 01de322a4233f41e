/** `GET /v1/rounds/current`: what is open, to whom, and when. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { currentRounds, roundStateAt } from '../../../ledger/round';
import { civilDate, instant, nullable, problems, product, roundId } from '../../schemas';

const round = Type.Object({
  roundId,
  kind: Type.Union([Type.Literal('rankThenInvite'), Type.Literal('bookIfEligible')]),
  nameZh: Type.String(),
  nameEn: Type.String(),
  state: Type.String({ description: 'what the round asks of people now' }),
  openGroups: Type.Array(Type.Integer()),
  allProductsPreselected: Type.Boolean(),
  registrationOpensAt: nullable(instant),
  registrationEndsAt: nullable(instant),
  settlesAt: nullable(instant),
  ageReckonedOn: civilDate,
  products: Type.Array(Type.Object({ product, nameZh: Type.String(), nameEn: Type.String() })),
  bookingWindows: Type.Array(
    Type.Object({
      product,
      ageFrom: Type.Integer(),
      ageTo: Type.Integer(),
      opensAt: instant,
      closesAt: instant,
    }),
  ),
});

export const roundRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/rounds/current',
    {
      config: { act: false },
      schema: {
        operationId: 'getCurrentRounds',
        tags: ['rounds'],
        summary: 'The rounds in which one registers or books now or next',
        response: {
          200: Type.Object({ now: instant, registration: Type.Array(round), booking: Type.Array(round) }),
          ...problems({}),
        },
      },
    },
    async () => {
      const now = await app.ledgerNow();
      const { registrations, booking } = currentRounds(await app.rounds(), now);
      const view = (each: (typeof booking)[number]) => ({
        ...each,
        state: roundStateAt(each, now).state,
        openGroups: [...each.openGroups],
        products: [...each.products],
        bookingWindows: [...each.bookingWindows],
      });
      return { now, registration: registrations.map(view), booking: booking.map(view) };
    },
  );
};
