/** Devices that prove themselves: challenges given out, answers checked once, for binding and for signing in. */
import { createHmac } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import {
  findBoundDevice,
  findDeviceByCredential,
  noteDeviceUsed,
  type CheckableDevice,
  type DeviceCredential,
} from '../../ledger/bound-device';
import {
  checkKey,
  checkNewCredential,
  checkPasskey,
  type CheckedAnswer,
  type KeyAnswer,
  type NewCredential,
  type PasskeyAnswer,
  type Place,
} from '../device-proof/answers';
import { DeviceChallenges, type DeviceChallenge, type DevicePurpose } from '../device-proof/challenge';

/** A device that proved itself, and whose it is. */
export interface ProvedDevice {
  readonly personKey: string;
  readonly boundDeviceId: string;
}

export interface DeviceProof {
  challenge(purpose: DevicePurpose): DeviceChallenge;
  /** The host by which passkeys are made and found; undefined where the service is reached by a bare address. */
  relyingParty(request: FastifyRequest): string | undefined;
  /** Of a passkey's owner: opaque, and for the same person always the same, so that a phone keeps one for each. */
  userHandle(personKey: string): Buffer;
  /**
   * Checks what a device shows to be bound, and spends its challenge. `fresh` is false when the challenge was spent
   * before: then the request may only be the repetition of one that was done. Refuses with `deviceNotConfirmed`.
   */
  toBind(
    request: FastifyRequest,
    answer: NewCredential,
  ): Promise<Outcome<{ readonly credential: DeviceCredential; readonly fresh: boolean }>>;
  /** Refuses with `deviceNotBound` (unknown here), `deviceNotConfirmed`, `deviceRemoved`. */
  byPasskey(request: FastifyRequest, answer: PasskeyAnswer): Promise<Outcome<ProvedDevice>>;
  /** The same for a key. */
  byKey(request: FastifyRequest, answer: KeyAnswer): Promise<Outcome<ProvedDevice>>;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly deviceProof: DeviceProof;
  }
}

export interface DeviceProofOptions {
  /** 32 bytes. */
  readonly key: Buffer;
}

/** An address instead of a name: browsers make no passkeys there. */
const bareAddress = /^(\[.*\]|\d+(\.\d+){3})$/;

export const deviceProofPlugin = fp<DeviceProofOptions>(
  async (app, { key }) => {
    const challenges = new DeviceChallenges(createHmac('sha256', key).update('device-challenge').digest());
    const { db, keys } = app.ledger;
    const placeOf = (request: FastifyRequest): Place => ({
      origin: app.ownOrigin(request),
      challenges,
    });

    async function proved(
      device: CheckableDevice | undefined,
      kind: CheckableDevice['kind'],
      check: (
        device: CheckableDevice,
      ) =>
        | CheckedAnswer<{ readonly signCount: number }>
        | undefined
        | Promise<CheckedAnswer<{ readonly signCount: number }> | undefined>,
    ): Promise<Outcome<ProvedDevice>> {
      if (!device || device.kind !== kind) return refused({ code: 'deviceNotBound' });
      const checked = await check(device);
      if (!checked || !(await challenges.spend(db, checked.challenge)))
        return refused({ code: 'deviceNotConfirmed' });
      // Told only to who has the device in hand.
      if (device.removed) return refused({ code: 'deviceRemoved' });
      const { personKey, boundDeviceId } = device;
      if (!(await noteDeviceUsed(db, boundDeviceId, checked.value.signCount)))
        return refused({ code: 'deviceNotConfirmed' });
      return accepted({ personKey, boundDeviceId });
    }

    const deviceProof: DeviceProof = {
      challenge: (purpose) => challenges.make(purpose),
      relyingParty(request) {
        const origin = app.ownOrigin(request);
        const hostname = URL.canParse(origin) ? new URL(origin).hostname : '';
        return hostname === '' || bareAddress.test(hostname) ? undefined : hostname;
      },
      userHandle: (personKey) =>
        createHmac('sha256', keys.indexKey).update(`passkeyUser:${personKey}`).digest(),
      async toBind(request, answer) {
        const checked = await checkNewCredential(placeOf(request), answer);
        if (!checked) return refused({ code: 'deviceNotConfirmed' });
        const fresh = await challenges.spend(db, checked.challenge);
        return accepted({ credential: checked.value, fresh });
      },
      async byPasskey(request, answer) {
        const device = await findDeviceByCredential(db, Buffer.from(answer.id, 'base64url'));
        return proved(device, 'passkey', (found) => checkPasskey(placeOf(request), found, answer));
      },
      async byKey(request, answer) {
        const device = await findBoundDevice(db, answer.boundDeviceId);
        return proved(device, 'key', (found) => checkKey(placeOf(request), found, answer));
      },
    };
    app.decorate('deviceProof', deviceProof);
  },
  { name: 'device-proof', dependencies: ['ledger', 'origin'] },
);
