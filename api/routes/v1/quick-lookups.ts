/** `POST /v1/quick-lookups`: the newest booking by number and last three digits of the mobile, masked. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { acceptedValue } from '../../problems';
import { appointmentNumber, captcha, instant, personNumber, problems, writeHeaders } from '../../schemas';

const found = Type.Object({
  status: Type.Enum(['stands', 'cancelled', 'over']),
  appointmentNumber,
  bookedAt: instant,
  maskedPersonNumber: Type.String(),
  maskedName: Type.String(),
  maskedMobile: Type.String(),
  startsAt: instant,
  endsAt: instant,
  site: Type.Object({
    nameZh: Type.String(),
    nameEn: Type.String(),
    addressZh: Type.String(),
    addressEn: Type.String(),
    phone: Type.String(),
    noteZh: Type.String(),
    noteEn: Type.String(),
  }),
});

export const quickLookupRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/quick-lookups',
    {
      config: { act: false },
      schema: {
        operationId: 'lookUpAppointment',
        tags: ['booking'],
        summary: 'Find the newest booking without signing in; every miss is the same answer',
        headers: writeHeaders,
        body: Type.Object(
          {
            personNumber,
            mobileLastThree: Type.String({
              pattern: '^[0-9０-９]{3}$',
              description: 'of the mobile given at booking',
            }),
            captcha,
          },
          { additionalProperties: false },
        ),
        response: {
          200: found,
          ...problems(
            { write: true },
            'personNumberInvalid',
            'captchaInvalid',
            'captchaSpent',
            'tooManyAttempts',
            'lookupNoMatch',
          ),
        },
      },
    },
    async (request) => {
      const { personNumber: number, mobileLastThree, captcha: payload } = request.body;
      return acceptedValue(
        await app.acts.lookUp({
          personNumber: number,
          mobileLastThree,
          captcha: { kind: 'proof', payload },
          address: request.ip,
        }),
      );
    },
  );
};
