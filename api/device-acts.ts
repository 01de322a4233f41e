/** What people do with their devices, for the API's routes and the pages alike. */
import { createHash, randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { refused, type Outcome } from '../domain/refusal/refusals';
import { produceAppOtp, type AppOtp } from '../ledger/app-otp';
import { removeBoundDevice, renameBoundDevice, type BoundDevice } from '../ledger/bound-device';
import type { CommandContext } from '../ledger/citizen-command';
import { bindByDeviceCode, makeDeviceCode, type DeviceCode } from '../ledger/device-code';
import type { NewCredential } from './device-proof/answers';

export interface BindingAsked {
  readonly code: string;
  readonly name: string;
  readonly credential: NewCredential;
  readonly request: FastifyRequest;
  readonly channel: string;
}

/** Binds the device that answers by a device code. */
export async function bindByCode(
  app: FastifyInstance,
  { code, name, credential, request, channel }: BindingAsked,
): Promise<Outcome<BoundDevice>> {
  const tooMany = await app.limits.pace('deviceCode', request.ip);
  if (tooMany) return refused(tooMany);
  const checked = await app.deviceProof.toBind(request, credential);
  if (!checked.ok) return checked;
  return bindByDeviceCode(app.ledger, {
    ...{ code, name, channel, credential: checked.value.credential },
    repeatedOnly: !checked.value.fresh,
  });
}

/** Which device, and what it is to be called. */
export interface Renaming {
  readonly boundDeviceId: string;
  readonly name: string;
}

export type Removal = Pick<Renaming, 'boundDeviceId'>;

/** What a command of a session needs to know. */
type Acting = Pick<CommandContext, 'personKey' | 'channel' | 'sessionId' | 'idempotency'>;

/** A code for the acting person's next device. */
export function makeCode(app: FastifyInstance, acting: Acting): Promise<Outcome<DeviceCode>> {
  const { personKey, sessionId = '' } = acting;
  return makeDeviceCode(app.ledger, { personKey, sessionId, deviceCodeId: idOf(acting, 'deviceCode') });
}

/** A code of the acting device. */
export function produceOtp(app: FastifyInstance, acting: Acting): Promise<Outcome<AppOtp>> {
  const { personKey, sessionId = '' } = acting;
  return produceAppOtp(app.ledger, { personKey, sessionId, appOtpId: idOf(acting, 'appOtp') });
}

export async function removeDevice(
  app: FastifyInstance,
  { personKey, channel, sessionId }: Acting,
  { boundDeviceId }: Removal,
): Promise<Outcome<{ readonly boundDeviceId: string }>> {
  return removeBoundDevice(app.ledger, {
    ...{ personKey, boundDeviceId, channel },
    ...(sessionId !== undefined && { sessionId }),
  });
}

export function renameDevice(
  app: FastifyInstance,
  { personKey }: Acting,
  { boundDeviceId, name }: Renaming,
): Promise<Outcome<BoundDevice>> {
  return renameBoundDevice(app.ledger, personKey, boundDeviceId, name);
}

/** The same request asks for the same code: its id follows from the session and the idempotency key. */
function idOf({ sessionId = '', idempotency }: Acting, purpose: string): string {
  if (!idempotency) return randomUUID();
  const digest = createHash('sha256')
    .update(JSON.stringify([purpose, sessionId, idempotency.key]))
    .digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return digest
    .subarray(0, 16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
