/** `GET /v1/rounds/{roundId}/settlement`: what a settlement came to, for everybody, and the record that was signed. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { counties } from '../../../domain/area/area';
import { pictureOf } from '../../../domain/settlement/picture';
import { readAreaCounts } from '../../../ledger/settlement-outcome';
import { findSignedRecord, keyFingerprint, type SettlementRecord } from '../../../ledger/settlement-record';
import { RefusedRequest } from '../../problems';
import { nullable, problems, roundId } from '../../schemas';

const told = nullable(
  Type.Integer({ description: 'rounded to a multiple of five; null stands for one to four' }),
);
const pair = { registered: told, invited: told };
const ofGroup = Type.Object({ priorityGroup: Type.Integer(), ...pair });

export const settlementRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/rounds/:roundId/settlement',
    {
      config: { act: false },
      schema: {
        operationId: 'getSettlement',
        tags: ['rounds'],
        summary: 'What a settlement came to by county and group, and its signed record',
        params: Type.Object({ roundId }),
        response: {
          200: Type.Object({
            total: Type.Object(pair),
            groups: Type.Array(ofGroup),
            counties: Type.Array(
              Type.Object({ countyCode: Type.String(), ...pair, groups: Type.Array(ofGroup) }),
            ),
            record: Type.String({ description: 'the text that was signed; JSON' }),
            signature: Type.String({ description: 'Ed25519 over the UTF-8 bytes of the record, base64' }),
            keyFingerprint: Type.String({ description: 'first 16 digits of the public key’s SHA-256' }),
          }),
          ...problems({}, 'settlementUnknown'),
        },
      },
    },
    async (request) => {
      const { roundId: id } = request.params;
      const signed = await findSignedRecord(app.ledger.db, id);
      if (!signed) throw new RefusedRequest({ code: 'settlementUnknown' });
      const { publicKey } = JSON.parse(signed.record) as SettlementRecord;
      const picture = pictureOf(
        await readAreaCounts(app.ledger.db, id),
        counties.map(({ code }) => code),
      );
      return {
        total: picture.total,
        groups: [...picture.groups],
        counties: picture.counties.map((county) => ({ ...county, groups: [...county.groups] })),
        ...signed,
        keyFingerprint: keyFingerprint(publicKey),
      };
    },
  );
};
