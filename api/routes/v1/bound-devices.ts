/** `/v1/device-challenges`, `/v1/bound-devices`: bind a device by a code, and one's own list of devices. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import {
  bindingWays,
  deviceKinds,
  deviceNameLength,
  parseDeviceName,
} from '../../../domain/device-binding/device-binding';
import type { BoundDevice } from '../../../ledger/bound-device';
import { boundDevicesOf } from '../../../ledger/bound-device';
import { newCredential } from '../../device-proof/answers';
import { creationOptions, creationOptionsFor, requestOptions } from '../../device-proof/passkey-options';
import { confirmationOf, personOfMobile } from '../../mobile-authentication';
import { acceptedValue, RefusedRequest } from '../../problems';
import * as shape from '../../schemas';
import { mobileAuthenticationId } from './mobile-authentications';

const boundDeviceId = Type.String({ format: 'uuid' });
const deviceName = shape.typed(deviceNameLength * 2, 'what the person calls the device');

const boundDevice = Type.Object({
  boundDeviceId,
  name: Type.String(),
  kind: Type.Enum([...deviceKinds], {
    description: 'passkey: the device’s own unlock; key: one of the browser',
  }),
  boundBy: Type.Enum([...bindingWays]),
  boundAt: shape.instant,
  lastUsedAt: shape.nullable(shape.instant),
});

const view = (device: BoundDevice) => ({ ...device });

/** The name in one line; `requestInvalid` when nothing is left of it or it is too long. */
function nameOf(typed: string): string {
  const name = parseDeviceName(typed);
  if (name !== undefined) return name;
  throw new RefusedRequest({
    code: 'requestInvalid',
    errors: [
      {
        ...{ pointer: '/name', part: 'body' },
        ...{ zh: `名稱請用 1 到 ${deviceNameLength} 個字。`, en: `Use 1 to ${deviceNameLength} characters.` },
      },
    ],
  });
}

export const boundDeviceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/device-challenges',
    {
      config: { session: false },
      schema: {
        operationId: 'challengeDevice',
        tags: ['devices'],
        summary: 'A challenge for a device to sign, good for two minutes and one answer',
        headers: shape.writeHeaders,
        body: Type.Union([
          Type.Object(
            { purpose: Type.Literal('bind'), code: shape.deviceCode },
            { additionalProperties: false },
          ),
          Type.Object(
            { purpose: Type.Literal('bind'), mobileAuthenticationId },
            { additionalProperties: false },
          ),
          Type.Object({ purpose: Type.Literal('sign-in') }, { additionalProperties: false }),
        ]),
        response: {
          201: Type.Object({
            challenge: Type.String(),
            expiresAt: shape.instant,
            origin: Type.String({ description: 'what a key signs besides' }),
            person: shape.nullable(
              Type.Object(
                { maskedNumber: Type.String(), maskedName: Type.String() },
                {
                  description: 'to whom the device would be bound',
                },
              ),
            ),
            passkey: shape.nullable(
              Type.Unsafe<object>(
                Type.Object(
                  {},
                  {
                    additionalProperties: true,
                    description:
                      'for `navigator.credentials`, as WebAuthn’s JSON has it; null where the service has no name',
                  },
                ),
              ),
            ),
          }),
          ...shape.problems(
            { write: true },
            ...(['tooManyAttempts', 'deviceCodeWrong', 'deviceCodeExpired', 'deviceCodeUsed'] as const),
            ...(['mobileAuthenticationOver', 'cardNotRegistered'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const { body } = request;
      if ('mobileAuthenticationId' in body) {
        const own = acceptedValue(confirmationOf(request, body.mobileAuthenticationId));
        const { personKey } = acceptedValue(await personOfMobile(app, own));
        return reply.code(201).send(await creationOptionsFor(app, request, personKey));
      }
      const options =
        body.purpose === 'bind'
          ? acceptedValue(await creationOptions(app, request, body.code))
          : acceptedValue(await requestOptions(app, request));
      return reply.code(201).send(options);
    },
  );

  app.post(
    '/bound-devices',
    {
      config: { session: false },
      schema: {
        operationId: 'bindDevice',
        tags: ['devices'],
        summary:
          'Bind this device by a device code (裝置碼認證), or by what a carrier confirmed (行動電話認證)',
        headers: shape.writeHeaders,
        body: Type.Union([
          Type.Object(
            { code: shape.deviceCode, name: deviceName, credential: newCredential },
            { additionalProperties: false },
          ),
          Type.Object(
            { mobileAuthenticationId, name: deviceName, credential: newCredential },
            { additionalProperties: false },
          ),
        ]),
        response: {
          201: boundDevice,
          ...shape.problems(
            { write: true },
            ...(['tooManyAttempts', 'deviceCodeWrong', 'deviceCodeExpired', 'deviceCodeUsed'] as const),
            ...(['deviceNotConfirmed', 'deviceBoundAlready'] as const),
            ...(['mobileAuthenticationOver', 'cardNotRegistered'] as const),
          ),
        },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const asked = { name: nameOf(body.name), credential: body.credential, request, channel: 'api' };
      const bound =
        'code' in body
          ? await app.acts.bindDevice({ ...asked, code: body.code })
          : await app.acts.bindByMobile({
              ...asked,
              mobileAuthenticationId: acceptedValue(confirmationOf(request, body.mobileAuthenticationId)),
            });
      return reply.code(201).send(view(acceptedValue(bound)));
    },
  );

  app.get(
    '/bound-devices',
    {
      schema: {
        operationId: 'listBoundDevices',
        tags: ['devices'],
        summary: 'My devices',
        response: {
          200: Type.Object({ boundDevices: Type.Array(boundDevice) }),
          ...shape.problems({ citizen: true }),
        },
      },
    },
    async (request) => {
      const { personKey } = request.requireCitizen();
      return { boundDevices: (await boundDevicesOf(app.ledger, personKey)).map(view) };
    },
  );

  app.put(
    '/bound-devices/:boundDeviceId',
    {
      schema: {
        operationId: 'renameBoundDevice',
        tags: ['devices'],
        summary: 'Call a device something else',
        params: Type.Object({ boundDeviceId }),
        headers: shape.writeHeaders,
        body: Type.Object({ name: deviceName }, { additionalProperties: false }),
        response: { 200: boundDevice, ...shape.problems({ write: true, citizen: true }, 'deviceUnknown') },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      const wish = { ...request.params, name: nameOf(request.body.name) };
      return view(acceptedValue(await app.acts.renameDevice(context, wish)));
    },
  );

  app.delete(
    '/bound-devices/:boundDeviceId',
    {
      schema: {
        operationId: 'removeBoundDevice',
        tags: ['devices'],
        summary: 'Remove a device: it signs in nowhere any more, and what it had open is ended',
        params: Type.Object({ boundDeviceId }),
        headers: shape.writeHeaders,
        response: { 204: Type.Null(), ...shape.problems({ write: true, citizen: true }, 'deviceUnknown') },
      },
    },
    async (request, reply) => {
      acceptedValue(await app.acts.removeDevice(request.commandContext('api'), request.params));
      return reply.code(204).send(null);
    },
  );
};
