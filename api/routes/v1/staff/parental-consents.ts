/** `/v1/staff/parental-consents`: guardians' consents, as health bureaus and schools hand them in. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { isPlainDate } from '../../../../domain/civil-time/plain-date';
import {
  consentAnswers,
  recordConsents,
  revocationAnswers,
  revokeConsents,
} from '../../../../ledger/parental-consent';
import { noSuchDay } from '../../../problems';
import { civilDate, nullable, personNumber, problems, product } from '../../../schemas';

/** Of one call: some forty kilobytes, within what a body may have. */
const mostAtOnce = 500;

const forProduct = Type.Optional(nullable(product));

export const parentalConsentRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/parental-consents',
    {
      config: { act: false },
      schema: {
        operationId: 'recordParentalConsents',
        tags: ['staff'],
        summary: 'Record guardians’ consents; each is answered by itself, repeating them changes nothing',
        security: [{ operatorKey: [] }],
        body: Type.Object(
          {
            consents: Type.Array(
              Type.Object(
                { personNumber, product: forProduct, consentedOn: civilDate },
                { additionalProperties: false },
              ),
              { minItems: 1, maxItems: mostAtOnce },
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ answers: Type.Array(Type.Enum([...consentAnswers])) }),
          ...problems({ write: true }, 'operatorUnknown'),
        },
      },
    },
    async (request) => {
      const { operatorId } = await app.operatorOf(request);
      const wrong = request.body.consents.findIndex(({ consentedOn }) => !isPlainDate(consentedOn));
      if (wrong >= 0) throw noSuchDay(`/consents/${String(wrong)}/consentedOn`, 'body');
      const notices = request.body.consents.map((consent) => ({
        ...consent,
        product: consent.product ?? null,
      }));
      return { answers: [...(await recordConsents(app.ledger, operatorId, notices))] };
    },
  );

  app.post(
    '/parental-consents/revocations',
    {
      config: { act: false },
      schema: {
        operationId: 'revokeParentalConsents',
        tags: ['staff'],
        summary: 'Revoke a person’s consents: to one product, or all of them',
        security: [{ operatorKey: [] }],
        body: Type.Object(
          {
            consents: Type.Array(
              Type.Object({ personNumber, product: forProduct }, { additionalProperties: false }),
              { minItems: 1, maxItems: mostAtOnce },
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ answers: Type.Array(Type.Enum([...revocationAnswers])) }),
          ...problems({ write: true }, 'operatorUnknown'),
        },
      },
    },
    async (request) => {
      const { operatorId } = await app.operatorOf(request);
      const wishes = request.body.consents.map((consent) => ({
        ...consent,
        product: consent.product ?? null,
      }));
      return { answers: [...(await revokeConsents(app.ledger, operatorId, wishes))] };
    },
  );
};
