/** `/v1/device-codes` and `/v1/app-otps`: the code from the computer for a phone, and the one from the phone for a computer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { bindAddress } from '../../device-proof/bind-address';
import { acceptedValue } from '../../problems';
import * as shape from '../../schemas';

export const deviceCodeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/device-codes',
    {
      schema: {
        operationId: 'makeDeviceCode',
        tags: ['devices'],
        summary: 'Make a code that binds one device within fifteen minutes; an earlier one ends',
        headers: shape.writeHeaders,
        response: {
          201: Type.Object({
            code: Type.String({ examples: ['Ta8R4TbL'], description: 'upper and lower case differ' }),
            expiresAt: shape.instant,
            address: Type.String({
              description: 'for a QR code: opens the app’s page with the code filled in',
            }),
          }),
          ...shape.problems({ write: true, citizen: true }, 'deviceCodeNeedsCard'),
        },
      },
    },
    async (request, reply) => {
      const made = acceptedValue(await app.acts.makeDeviceCode(request.commandContext('api')));
      const { code, expiresAt } = made;
      const address = bindAddress(app.ownOrigin(request), code);
      return reply.code(201).send({ code, expiresAt, address });
    },
  );

  app.post(
    '/app-otps',
    {
      schema: {
        operationId: 'produceAppOtp',
        tags: ['devices'],
        summary:
          'Produce the app’s code (健保卡 OTP 認證碼): three minutes, one use; on a bound device alone',
        headers: shape.writeHeaders,
        response: {
          201: Type.Object({ otp: shape.appOtp, expiresAt: shape.instant }),
          ...shape.problems({ write: true, citizen: true }, 'deviceNotBound', 'deviceRemoved'),
        },
      },
    },
    async (request, reply) => {
      const { otp, expiresAt } = acceptedValue(await app.acts.produceAppOtp(request.commandContext('api')));
      return reply.code(201).send({ otp, expiresAt });
    },
  );
};
