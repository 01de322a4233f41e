/** `/v1/family-appointments`: two people of a family in neighbouring windows, both or neither. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { acceptedValue, RefusedRequest } from '../../problems';
import * as shape from '../../schemas';
import { appointmentView } from './appointments';

const person = Type.Object(
  {
    familyBondId: Type.Union([shape.familyBondId, Type.Null()], {
      description: 'under which to book for somebody; null for oneself',
    }),
    slotId: shape.slotId,
    mobile: shape.mobile,
  },
  { additionalProperties: false },
);

export const familyAppointmentRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/family-appointments',
    {
      schema: {
        operationId: 'bookNeighbours',
        tags: ['family'],
        summary:
          'Book the same window, or two that follow each other at one site, for two people: both or neither',
        headers: shape.writeHeaders,
        body: Type.Object(
          {
            people: Type.Array(person, { minItems: 2, maxItems: 2 }),
            language: Type.Optional(shape.language),
          },
          { additionalProperties: false },
        ),
        response: {
          201: Type.Object({
            appointments: Type.Array(shape.appointment, { description: 'in the order asked for' }),
          }),
          ...shape.problems(
            { write: true, citizen: true, family: true },
            'mobileInvalid',
            'slotUnknown',
            'windowsNotNeighbours',
            'togetherRefused',
            'stationMayNot',
          ),
        },
      },
    },
    async (request, reply) => {
      const { people, language = 'zh' } = request.body;
      const [first, second] = people;
      if (!first || !second || first.familyBondId === second.familyBondId) throw notTwo();
      const contexts = [
        acceptedValue(await request.contextUnder(first.familyBondId, 'api')),
        acceptedValue(await request.contextUnder(second.familyBondId, 'api')),
      ] as const;
      if (contexts[0].personKey === contexts[1].personKey) throw notTwo();
      const wish = (place: 0 | 1, { slotId, mobile }: typeof first) => ({
        ...{ context: contexts[place], slotId, mobile, language },
      });
      const outcome = await app.acts.bookNeighbours([wish(0, first), wish(1, second)]);
      return reply.code(201).send({ appointments: acceptedValue(outcome).map(appointmentView) });
    },
  );
};

function notTwo(): RefusedRequest {
  const errors = [
    {
      pointer: '/people/1/familyBondId',
      part: 'body' as const,
      zh: '須為兩個不同的人。',
      en: 'These have to be two people.',
    },
  ];
  return new RefusedRequest({ code: 'requestInvalid', errors });
}
