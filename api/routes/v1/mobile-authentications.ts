/**
 * `/v1/mobile-authentications`: mobile quick authentication (手機快速認證). The device is then bound by
 * `POST /v1/device-challenges` and `POST /v1/bound-devices` with the id that is given here.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { confirmationOf, mobileRefusalCodes } from '../../mobile-authentication';
import { acceptedValue } from '../../problems';
import {
  captcha,
  instant,
  language,
  mobile,
  personNumber,
  problems,
  typed,
  writeHeaders,
} from '../../schemas';

export const mobileAuthenticationId = Type.String({
  format: 'uuid',
  description: 'what POST /v1/mobile-authentications gave to this client; no other may use it',
});

const confirmed = Type.Object({
  mobileAuthenticationId,
  expiresAt: instant,
  cardRegistered: Type.Boolean({
    description: 'false: first set a password, by the last four digits of the NHI card number',
  }),
});

export const mobileAuthenticationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/mobile-authentications',
    {
      config: { act: false },
      schema: {
        operationId: 'authenticateMobile',
        tags: ['devices'],
        summary: 'Have the carrier confirm that a mobile number is one’s own; no code is sent',
        headers: writeHeaders,
        body: Type.Object({ mobile, personNumber, captcha }, { additionalProperties: false }),
        response: {
          201: confirmed,
          ...problems(
            { write: true },
            'mobileInvalid',
            'personNumberInvalid',
            'captchaInvalid',
            'captchaSpent',
            'tooManyAttempts',
            'identityNotConfirmed',
            'registryUnavailable',
            ...mobileRefusalCodes,
          ),
        },
      },
    },
    async (request, reply) => {
      const { captcha: payload, ...asked } = request.body;
      const outcome = acceptedValue(
        await app.acts.authenticateMobile({
          ...asked,
          captcha: { kind: 'proof', payload },
          address: request.ip,
        }),
      );
      request.session.set('mobileAuthentication', outcome.mobileAuthenticationId);
      return reply.code(201).send(outcome);
    },
  );

  app.put(
    '/mobile-authentications/:mobileAuthenticationId/password',
    {
      config: { act: false },
      schema: {
        operationId: 'setPasswordByMobile',
        tags: ['devices'],
        summary: 'Set the password of the card account, for the first time or when it was forgotten',
        params: Type.Object({ mobileAuthenticationId }),
        headers: writeHeaders,
        body: Type.Object(
          {
            cardLastFour: typed(20, 'last four digits of the NHI card number (健保卡卡號末四碼), as typed'),
            password: typed(60, 'six to twelve characters'),
            language: Type.Optional(language),
          },
          { additionalProperties: false },
        ),
        response: {
          204: Type.Null(),
          ...problems(
            { write: true },
            'mobileAuthenticationOver',
            'cardLastFourWrong',
            'passwordLengthWrong',
            'passwordCharacterWrong',
            'passwordTooCommon',
            'passwordPersonal',
          ),
        },
      },
    },
    async (request, reply) => {
      const asked = acceptedValue(confirmationOf(request, request.params.mobileAuthenticationId));
      acceptedValue(
        await app.acts.setPasswordByMobile({
          ...request.body,
          mobileAuthenticationId: asked,
          channel: 'api',
        }),
      );
      return reply.code(204).send(null);
    },
  );
};
