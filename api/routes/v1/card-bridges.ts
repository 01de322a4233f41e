/** `/v1/card-bridges` and `/v1/card-challenges`: programs beside card readers, and the readings they are asked for. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import { cardPurposes } from '../../../domain/card-proof/card-proof';
import { revokeCardBridgeOfStation } from '../../../ledger/card-bridge';
import { bearerToken } from '../../bearer';
import { acceptedValue, RefusedRequest } from '../../problems';
import {
  bridgeId,
  bridgeInstant,
  bridgeName,
  cardBridge,
  cardBridgeView,
  instant,
  key32,
  origin,
  problems,
  signature64,
  writeHeaders,
} from '../../schemas';
import { stationOf } from '../../station-key';

const purpose = Type.Enum([...cardPurposes], { description: 'what the card is read for' });
const tag = { tags: ['card bridge'] };
const silent = { config: { act: false as const } };

export const cardBridgeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/card-bridges',
    {
      ...silent,
      schema: {
        ...tag,
        operationId: 'enrolCardBridge',
        summary:
          'Enrol a card bridge by a signature of its own key; a known one keeps its id. With a station’s key it becomes that station’s',
        security: [{}, { stationKey: [] as string[] }],
        headers: writeHeaders,
        body: Type.Object(
          {
            publicKey: key32,
            name: bridgeName,
            origin,
            askedAt: bridgeInstant,
            signature: signature64,
          },
          { additionalProperties: false },
        ),
        response: {
          200: cardBridge,
          ...problems(
            { write: true },
            'stationUnknown',
            'stationMayNot',
            'tooManyAttempts',
            'cardBridgeKeyUnproved',
            'cardProofFromOtherOrigin',
            'cardBridgeRevoked',
          ),
        },
      },
    },
    async (request) => {
      const { signature, ...enrolment } = request.body;
      const stationId = await stationIdOf(request);
      const outcome = await app.cardProofs.enrol({
        enrolment,
        signature,
        origin: app.ownOrigin(request),
        address: request.ip,
        ...(stationId !== undefined && { stationId }),
      });
      return cardBridgeView(acceptedValue(outcome));
    },
  );

  app.delete(
    '/card-bridges/:bridgeId',
    {
      ...silent,
      schema: {
        ...tag,
        operationId: 'revokeOwnCardBridge',
        summary: 'A station ends one of its own bridges at once, for instance a lost one',
        security: [{ stationKey: [] as string[] }],
        headers: writeHeaders,
        params: Type.Object({ bridgeId }),
        response: {
          204: Type.Null({ description: 'nothing that it signs is taken any more' }),
          ...problems({ write: true }, 'stationUnknown', 'stationMayNot', 'cardBridgeUnknown'),
        },
      },
    },
    async (request, reply) => {
      const { stationId } = await stationOf(request, 'readCard');
      if (!(await revokeCardBridgeOfStation(app.ledger.db, stationId, request.params.bridgeId))) {
        throw new RefusedRequest({ code: 'cardBridgeUnknown' });
      }
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/card-challenges',
    {
      ...silent,
      schema: {
        ...tag,
        operationId: 'issueCardChallenge',
        summary:
          'A challenge for one reading within two minutes, bound to this session, page, purpose and bridge; for a station’s purpose, to the station',
        security: [{}, { session: [] as string[] }, { stationKey: [] as string[] }],
        headers: writeHeaders,
        body: Type.Object({ bridgeId, purpose }, { additionalProperties: false }),
        response: {
          201: Type.Object({
            challengeId: Type.String({ format: 'uuid' }),
            nonce: Type.String(),
            purpose,
            bridgeId,
            issuedAt: instant,
            expiresAt: instant,
          }),
          ...problems(
            { write: true },
            'stationUnknown',
            'stationMayNot',
            'tooManyAttempts',
            'cardBridgeUnknown',
          ),
        },
      },
    },
    async (request, reply) => {
      const session = await readingSessionOf(request, request.body.purpose);
      const outcome = await app.cardProofs.challenge({
        ...request.body,
        session,
        origin: app.ownOrigin(request),
        address: request.ip,
      });
      return reply.code(201).send({ ...acceptedValue(outcome), bridgeId: request.body.bridgeId });
    },
  );
};

/** A station is asked about only where its key came along. */
async function stationIdOf(request: FastifyRequest): Promise<string | undefined> {
  if (bearerToken(request) === undefined) return undefined;
  return (await stationOf(request, 'readCard')).stationId;
}

async function readingSessionOf(request: FastifyRequest, purpose: string): Promise<string> {
  if (purpose !== 'station') return request.cardSession();
  return `station:${(await stationOf(request, 'readCard')).stationId}`;
}
