/** `/v1/staff/test-handsets`: telephones of staff that receive every wave of invitations before any citizen does. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { parseMobile } from '../../../../domain/person-number/mobile';
import { addTestHandset, readTestHandsets, removeTestHandset } from '../../../../ledger/test-handset';
import { RefusedRequest } from '../../../problems';
import { mobile, problems, typed } from '../../../schemas';

const handsetId = Type.String({ format: 'uuid' });
const label = typed(60, 'whose it is, or where it lies');
const handset = Type.Object({ handsetId, label: Type.String(), maskedMobile: Type.String() });

const staffTag = { tags: ['staff'], security: [{ operatorKey: [] as string[] }] };
const silent = { config: { act: false as const } };

export const testHandsetRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/test-handsets',
    {
      ...silent,
      schema: {
        ...staffTag,
        operationId: 'listTestHandsets',
        summary: 'The handsets in use',
        response: { 200: Type.Object({ handsets: Type.Array(handset) }), ...problems({}, 'operatorUnknown') },
      },
    },
    async (request) => {
      await app.operatorOf(request);
      return { handsets: [...(await readTestHandsets(app.ledger))] };
    },
  );

  app.post(
    '/test-handsets',
    {
      ...silent,
      schema: {
        ...staffTag,
        operationId: 'addTestHandset',
        summary: 'Add a handset of staff',
        body: Type.Object({ label, mobile }, { additionalProperties: false }),
        response: { 201: handset, ...problems({ write: true }, 'operatorUnknown', 'mobileInvalid') },
      },
    },
    async (request, reply) => {
      const { operatorId } = await app.operatorOf(request);
      const parsed = parseMobile(request.body.mobile);
      if ('refusal' in parsed) throw new RefusedRequest({ code: 'mobileInvalid' });
      const added = await addTestHandset(app.ledger, operatorId, {
        label: request.body.label,
        mobile: parsed.mobile,
      });
      return reply.code(201).send(added);
    },
  );

  app.delete(
    '/test-handsets/:handsetId',
    {
      ...silent,
      schema: {
        ...staffTag,
        operationId: 'removeTestHandset',
        summary: 'Take a handset out of use',
        params: Type.Object({ handsetId }),
        response: {
          204: Type.Null({ description: 'it is out of use' }),
          ...problems({ write: true }, 'operatorUnknown', 'testHandsetUnknown'),
        },
      },
    },
    async (request, reply) => {
      const { operatorId } = await app.operatorOf(request);
      if (!(await removeTestHandset(app.ledger, operatorId, request.params.handsetId))) {
        throw new RefusedRequest({ code: 'testHandsetUnknown' });
      }
      return reply.code(204).send(null);
    },
  );
};
