/** `/v1/card-account`: online registration of an NHI card (健保卡網路服務註冊), its password and basic data. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import {
  accountStates,
  applicationEnd,
  confirmationPurposes,
} from '../../../domain/card-account/card-account';
import { maskEmail } from '../../../domain/card-account/email';
import { longestAddress } from '../../../domain/card-account/household';
import { maskMobile, maskName } from '../../../domain/person-number/masks';
import type { RefusalCode } from '../../../domain/refusal/refusals';
import { readAccount } from '../../../ledger/card-account';
import type { CommandContext } from '../../../ledger/citizen-command';
import { newestLinkMail } from '../../../ledger/mail-message';
import { readPerson } from '../../../ledger/person';
import { accountOwner, personOfCardRead, requireCardRead } from '../../card-account/card-read';
import { wasChangedBefore } from '../../card-account/repeated-change';
import { cardProof, cardProofProblems } from '../../card-proof-schema';
import { acceptedValue } from '../../problems';
import { instant, language, mobile, nullable, problems, typed, writeHeaders } from '../../schemas';

const password = typed(100, 'password, 6 to 12 characters of a plain keyboard');
const email = typed(300, 'e-mail address, as typed');
export const household = {
  householdNumber: typed(40, 'household number (戶號), from the top left of the register’s inner page'),
  registeredAddress: typed(longestAddress, 'registered address (戶籍地址), as typed'),
};

const account = Type.Object({
  state: Type.Enum(['notRegistered', ...accountStates]),
  name: Type.String({ description: 'masked' }),
  email: nullable(Type.String({ description: 'masked' })),
  mobile: nullable(Type.String({ description: 'masked' })),
  confirmBy: nullable(instant),
  activatedAt: nullable(instant),
  passwordSetAt: nullable(instant),
  mail: nullable(
    Type.Object({
      status: Type.Enum(['queued', 'sent', 'refused', 'dropped']),
      queuedAt: instant,
    }),
  ),
});

/** Reasons why a password may not be set. */
export const passwordProblems = [
  'passwordLengthWrong',
  'passwordCharacterWrong',
  'passwordTooCommon',
  'passwordPersonal',
] as const satisfies readonly RefusalCode[];
export const householdProblems = [
  'householdNumberInvalid',
  'householdNotConfirmed',
  'registryUnavailable',
  'tooManyAttempts',
] as const satisfies readonly RefusalCode[];
const mailProblems = ['confirmationMailsSpent', 'tooManyAttempts'] as const;

/** The account of a person as they read it. */
async function viewOf(app: FastifyInstance, personKey: string) {
  const { name } = await readPerson(app.ledger, personKey);
  const found = await readAccount(app.ledger, personKey);
  const mail = await newestLinkMail(app.ledger.db, personKey);
  return {
    state: found?.state ?? ('notRegistered' as const),
    name: maskName(name),
    email: found?.email ? maskEmail(found.email) : null,
    mobile: found?.mobile ? maskMobile(found.mobile) : null,
    confirmBy: found?.state === 'awaitingConfirmation' ? applicationEnd(found.appliedAt) : null,
    activatedAt: found?.activatedAt ?? null,
    passwordSetAt: found?.passwordSetAt ?? null,
    mail: mail ? { status: mail.status, queuedAt: mail.queuedAt } : null,
  };
}

/** Of a person whose card was read, or who is signed in; then the session is checked inside the transaction too. */
export function accountContext(request: FastifyRequest, personKey: string, channel: string): CommandContext {
  const { citizen, idempotency } = request;
  return {
    personKey,
    actor: 'citizen',
    channel,
    ...(citizen?.personKey === personKey && personOfCardRead(request) === undefined
      ? { sessionId: citizen.sessionId }
      : {}),
    ...(idempotency ? { idempotency } : {}),
  };
}

export const cardAccountRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['card-account'];
  const acts = app.acts.cardAccount;

  app.post(
    '/card-account/card',
    {
      schema: {
        operationId: 'readCardForAccount',
        tags,
        summary: 'Hand in a card proof; for ten minutes this visit is that of the card’s owner',
        headers: writeHeaders,
        body: Type.Object({ cardProof }, { additionalProperties: false }),
        response: {
          201: account,
          ...problems(
            { write: true },
            ...cardProofProblems,
            'identityNotConfirmed',
            'registryUnavailable',
            'tooManyAttempts',
          ),
        },
      },
    },
    async (request, reply) => {
      const asked = { proof: request.body.cardProof, origin: app.ownOrigin(request) };
      const { personKey } = acceptedValue(await acts.readCard(request, asked));
      return reply.code(201).send(await viewOf(app, personKey));
    },
  );

  app.get(
    '/card-account',
    {
      schema: {
        operationId: 'getCardAccount',
        tags,
        summary: 'My card account; signed in, or with the card just read',
        response: { 200: account, ...problems({}, 'cardReadRequired') },
      },
    },
    async (request) => viewOf(app, accountOwner(request)),
  );

  app.post(
    '/card-account',
    {
      schema: {
        operationId: 'applyForCardAccount',
        tags,
        summary: 'Register my card; a link is mailed, and the account counts once it is confirmed',
        headers: writeHeaders,
        body: Type.Object(
          { ...household, mobile, email, password, language: Type.Optional(language) },
          { additionalProperties: false },
        ),
        response: {
          202: account,
          ...problems(
            { write: true },
            ...(['cardReadRequired', 'idempotencyKeyReused', 'mobileInvalid', 'emailInvalid'] as const),
            ...householdProblems,
            ...passwordProblems,
            ...mailProblems,
            'cardAccountExists',
          ),
        },
      },
    },
    async (request, reply) => {
      const personKey = requireCardRead(request);
      const wish = { ...request.body, language: request.body.language ?? 'zh' };
      acceptedValue(await acts.apply(accountContext(request, personKey, 'api'), request.ip, wish));
      return reply.code(202).send(await viewOf(app, personKey));
    },
  );

  app.delete(
    '/card-account',
    {
      schema: {
        operationId: 'deleteCardAccountApplication',
        tags,
        summary: 'Delete my application while it awaits confirmation, with all that I gave',
        headers: writeHeaders,
        response: {
          204: Type.Null(),
          ...problems(
            { write: true },
            'cardReadRequired',
            'sessionEnded',
            'idempotencyKeyReused',
            'applicationMissing',
          ),
        },
      },
    },
    async (request, reply) => {
      const context = accountContext(request, accountOwner(request), 'api');
      acceptedValue(await acts.deleteApplication(context));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/card-account/confirmation-mails',
    {
      schema: {
        operationId: 'resendConfirmation',
        tags,
        summary: 'Have a new confirmation link mailed; the earlier ones are void',
        headers: writeHeaders,
        response: {
          202: account,
          ...problems(
            { write: true },
            ...(['cardReadRequired', 'sessionEnded', 'idempotencyKeyReused', 'applicationMissing'] as const),
            ...mailProblems,
          ),
        },
      },
    },
    async (request, reply) => {
      const personKey = accountOwner(request);
      acceptedValue(await acts.resend(accountContext(request, personKey, 'api')));
      return reply.code(202).send(await viewOf(app, personKey));
    },
  );

  app.post(
    '/card-account/confirmations',
    {
      schema: {
        operationId: 'confirmByLink',
        tags,
        summary: 'Confirm what a link was mailed for; its secret is good once',
        headers: writeHeaders,
        body: Type.Object({ token: typed(100, 'the secret of the link') }, { additionalProperties: false }),
        response: {
          200: Type.Object({ purpose: Type.Enum([...confirmationPurposes]) }),
          ...problems(
            { write: true },
            'confirmationUnknown',
            'confirmationUsed',
            'confirmationExpired',
            'confirmationOvertaken',
          ),
        },
      },
    },
    async (request) => acceptedValue(await acts.confirm(request.body.token)),
  );

  app.put(
    '/card-account/password',
    {
      schema: {
        operationId: 'changeAccountPassword',
        tags,
        summary: 'Change my password; all my sessions end, this one too',
        headers: writeHeaders,
        body: Type.Object(
          { currentPassword: typed(100, 'the present password'), newPassword: password },
          { additionalProperties: false },
        ),
        response: {
          204: Type.Null(),
          ...problems(
            { write: true },
            ...(['cardReadRequired', 'sessionEnded', 'idempotencyKeyReused'] as const),
            ...passwordProblems,
            ...(['passwordWrong', 'cardAccountMissing', 'tooManyAttempts'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      if (await wasChangedBefore(request, request.idempotency)) return reply.code(204).send(null);
      const context = accountContext(request, accountOwner(request), 'api');
      acceptedValue(await acts.changePassword(context, request.ip, request.body));
      if (request.citizen) await request.signOut();
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/card-account/password-resets',
    {
      schema: {
        operationId: 'resetAccountPassword',
        tags,
        summary:
          'Forgotten password: set a new one with card and household data; it counts once the mailed link is confirmed',
        headers: writeHeaders,
        body: Type.Object({ ...household, newPassword: password }, { additionalProperties: false }),
        response: {
          202: account,
          ...problems(
            { write: true },
            ...(['cardReadRequired', 'idempotencyKeyReused'] as const),
            ...householdProblems,
            ...passwordProblems,
            ...mailProblems,
            ...(['cardAccountMissing', 'accountHasNoEmail'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const personKey = requireCardRead(request);
      const context = accountContext(request, personKey, 'api');
      acceptedValue(await acts.resetPassword(context, request.ip, request.body));
      return reply.code(202).send(await viewOf(app, personKey));
    },
  );

  app.put(
    '/card-account/contact',
    {
      schema: {
        operationId: 'changeAccountContact',
        tags,
        summary: 'Change mobile and e-mail; a new address counts once its own link is confirmed',
        headers: writeHeaders,
        body: Type.Object(
          { currentPassword: typed(100, 'the present password'), mobile, email },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ mobileChanged: Type.Boolean(), emailToConfirm: Type.Boolean() }),
          ...problems(
            { write: true },
            ...(['cardReadRequired', 'sessionEnded', 'idempotencyKeyReused'] as const),
            ...(['mobileInvalid', 'emailInvalid', 'passwordWrong', 'cardAccountMissing'] as const),
            ...mailProblems,
          ),
        },
      },
    },
    async (request) => {
      const context = accountContext(request, accountOwner(request), 'api');
      return acceptedValue(await acts.changeContact(context, request.ip, request.body));
    },
  );
};
