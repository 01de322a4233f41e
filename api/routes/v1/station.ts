/** `/v1/station`: what an enrolled station at a site records, under its own key. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { acceptedValue } from '../../problems';
import { appointmentNumber, civilDate, problems, product, writeHeaders } from '../../schemas';
import { deskOf } from '../../station-key';

export const stationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/station/attendances',
    {
      config: { act: false },
      schema: {
        operationId: 'recordAttendance',
        tags: ['station'],
        summary: 'Record that an appointment was kept and the dose given; repeating it changes nothing',
        security: [{ stationKey: [] }],
        headers: writeHeaders,
        body: Type.Object(
          {
            appointmentNumber,
            product: Type.Optional(product),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ appointmentNumber, doseNumber: Type.Integer(), product, givenOn: civilDate }),
          ...problems(
            { write: true },
            'stationUnknown',
            'stationMayNot',
            'appointmentUnknown',
            'appointmentNotLive',
            'attendanceAtOtherSite',
            'attendanceOnOtherDay',
            'productNotOffered',
            'idempotencyKeyReused',
          ),
        },
      },
    },
    async (request) => {
      const { siteId, context } = await deskOf(request, 'recordAttendance');
      const outcome = await app.acts.attend(context, {
        stationSiteId: siteId,
        appointmentNumber: request.body.appointmentNumber,
        ...(request.body.product === undefined ? {} : { product: request.body.product }),
      });
      return acceptedValue(outcome);
    },
  );
};
