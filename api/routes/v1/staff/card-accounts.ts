/** `/v1/staff/card-accounts`: registering and deactivating card accounts for people who stand at a counter. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { deactivationReasons } from '../../../../ledger/card-account-change';
import { recordOperatorAct } from '../../../../ledger/operator-audit';
import { acceptedValue } from '../../../problems';
import {
  cardNumber,
  language,
  mobile,
  nullable,
  personNumber,
  problems,
  typed,
  writeHeaders,
} from '../../../schemas';
import { household, householdProblems, passwordProblems } from '../card-account';

/** What staff saw, beside the card and the household register. */
export const idDocuments = ['nationalIdCard', 'residentCertificate', 'passport', 'drivingLicence'] as const;
const idDocument = Type.Enum([...idDocuments], { description: 'the ID document that staff saw' });

export const staffCardAccountRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const acts = app.acts.cardAccount;

  app.post(
    '/card-accounts',
    {
      config: { act: false },
      schema: {
        operationId: 'registerCardAtCounter',
        tags: ['staff'],
        summary:
          'Register a card at a counter: card, ID document and household register were seen; a forgotten password is replaced',
        security: [{ operatorKey: [] }],
        headers: writeHeaders,
        body: Type.Object(
          {
            ...{ personNumber, cardNumber, ...household, idDocument, mobile },
            email: Type.Optional(nullable(typed(300, 'e-mail address, as typed'))),
            password: typed(100, 'chosen and typed by the person'),
            language: Type.Optional(language),
          },
          { additionalProperties: false },
        ),
        response: {
          201: Type.Object({ emailToConfirm: Type.Boolean() }),
          ...problems(
            { write: true },
            ...([
              'operatorUnknown',
              'idempotencyKeyReused',
              'personNumberInvalid',
              'cardNumberInvalid',
            ] as const),
            ...(['identityNotConfirmed', 'mobileInvalid', 'emailInvalid'] as const),
            ...householdProblems,
            ...passwordProblems,
          ),
        },
      },
    },
    async (request, reply) => {
      const { operatorId } = await app.operatorOf(request);
      const { email, idDocument: seen, ...rest } = request.body;
      const by = { operatorId, address: request.ip, idempotency: request.idempotency };
      const typedThere = { ...rest, email: email ?? null, language: rest.language ?? ('zh' as const) };
      const done = acceptedValue(await acts.registerAtCounter(by, typedThere));
      await recordOperatorAct(app.ledger.db, operatorId, 'registerCardAtCounter', { idDocument: seen });
      return reply.code(201).send(done);
    },
  );

  app.post(
    '/card-accounts/deactivations',
    {
      config: { act: false },
      schema: {
        operationId: 'deactivateCardAccount',
        tags: ['staff'],
        summary: 'Deactivate the card account of somebody who showed an ID document; all their sessions end',
        security: [{ operatorKey: [] }],
        headers: writeHeaders,
        body: Type.Object(
          { personNumber, idDocument, reason: Type.Enum([...deactivationReasons]) },
          { additionalProperties: false },
        ),
        response: {
          204: Type.Null(),
          ...problems(
            { write: true },
            ...([
              'operatorUnknown',
              'idempotencyKeyReused',
              'personNumberInvalid',
              'cardAccountMissing',
            ] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const { operatorId } = await app.operatorOf(request);
      const by = { operatorId, address: request.ip, idempotency: request.idempotency };
      acceptedValue(await acts.deactivate(by, request.body));
      await recordOperatorAct(app.ledger.db, operatorId, 'deactivateCardAccount', {
        idDocument: request.body.idDocument,
        reason: request.body.reason,
      });
      return reply.code(204).send(null);
    },
  );
};
