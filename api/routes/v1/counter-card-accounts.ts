/** `…/card-accounts`: registering and deactivating card accounts for people who stand at a counter. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import { deactivationReasons } from '../../../ledger/card-account-change';
import { recordStaffAct } from '../../../ledger/operator-audit';
import { staffChannel } from '../../../ledger/station-look';
import { acceptedValue } from '../../problems';
import type { ProblemCode } from '../../problem-texts';
import {
  cardNumber,
  language,
  mobile,
  nullable,
  personNumber,
  problems,
  typed,
  writeHeaders,
} from '../../schemas';
import { staffOf, stationOf } from '../../station-key';
import { household, householdProblems, passwordProblems } from './card-account';

/** What staff saw, beside the card and the household register. */
export const idDocuments = ['nationalIdCard', 'residentCertificate', 'passport', 'drivingLicence'] as const;
const idDocument = Type.Enum([...idDocuments], { description: 'the ID document that staff saw' });

/** The app as plugins with typed schemas are given it. */
type TypedApp = Parameters<FastifyPluginAsyncTypebox>[0];

/** Who stands behind a counter: each kind of key has calls of its own. */
export interface Counter {
  /** Before `/card-accounts`. */
  readonly path: string;
  readonly tag: string;
  /** At the end of the calls' names, which are unique. */
  readonly suffix: string;
  readonly security: readonly Readonly<Record<string, string[]>>[];
  readonly refusals: readonly ProblemCode[];
  /** As the history names whoever asks; refuses with one of `refusals`. */
  channelOf(request: FastifyRequest): Promise<string>;
}

/** Registers both calls for one kind of counter. */
export function counterCardAccountRoutes(app: TypedApp, counter: Counter): void {
  const acts = app.acts.cardAccount;
  const common = {
    tags: [counter.tag],
    security: [...counter.security],
    headers: writeHeaders,
  };

  app.post(
    `${counter.path}/card-accounts`,
    {
      config: { act: false },
      schema: {
        ...common,
        operationId: `registerCard${counter.suffix}`,
        summary:
          'Register a card at a counter: card, ID document and household register were seen; a forgotten password is replaced',
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
            ...counter.refusals,
            ...(['idempotencyKeyReused', 'personNumberInvalid', 'cardNumberInvalid'] as const),
            ...(['identityNotConfirmed', 'mobileInvalid', 'emailInvalid'] as const),
            ...householdProblems,
            ...passwordProblems,
          ),
        },
      },
    },
    async (request, reply) => {
      const channel = await counter.channelOf(request);
      const { email, idDocument: seen, ...rest } = request.body;
      const by = { channel, address: request.ip, idempotency: request.idempotency };
      const typedThere = { ...rest, email: email ?? null, language: rest.language ?? ('zh' as const) };
      const done = acceptedValue(await acts.registerAtCounter(by, typedThere));
      await recordStaffAct(app.ledger.db, channel, 'registerCardAtCounter', { idDocument: seen });
      return reply.code(201).send(done);
    },
  );

  app.post(
    `${counter.path}/card-accounts/deactivations`,
    {
      config: { act: false },
      schema: {
        ...common,
        operationId: `deactivateCardAccount${counter.suffix}`,
        summary: 'Deactivate the card account of somebody who showed an ID document; all their sessions end',
        body: Type.Object(
          { personNumber, idDocument, reason: Type.Enum([...deactivationReasons]) },
          { additionalProperties: false },
        ),
        response: {
          204: Type.Null(),
          ...problems(
            { write: true },
            ...counter.refusals,
            ...(['idempotencyKeyReused', 'personNumberInvalid', 'cardAccountMissing'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const channel = await counter.channelOf(request);
      const by = { channel, address: request.ip, idempotency: request.idempotency };
      acceptedValue(await acts.deactivate(by, request.body));
      await recordStaffAct(app.ledger.db, channel, 'deactivateCardAccount', {
        idDocument: request.body.idDocument,
        reason: request.body.reason,
      });
      return reply.code(204).send(null);
    },
  );
}

/** `/v1/station/card-accounts`: at a counter that is enrolled as a station, by its designated staff. */
export const stationCardAccountRoutes: FastifyPluginAsyncTypebox = async (app) =>
  counterCardAccountRoutes(app, {
    ...{ path: '/station', tag: 'station', suffix: 'AtStation' },
    security: [{ stationKey: [], stationStaff: [] }],
    refusals: ['stationUnknown', 'stationMayNot', 'stationStaffUnknown'],
    async channelOf(request) {
      const station = await stationOf(request, 'keepCardAccounts');
      const { staffId } = await staffOf(request, station);
      return staffChannel(station.stationId, staffId);
    },
  });
