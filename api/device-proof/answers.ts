/**
 * What a device answers: a passkey as WebAuthn has it, or the signature of a key that the browser keeps. Checked here
 * against the challenge, the origin and the public key; whether the challenge is still unspent is the caller's matter.
 */
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { Type, type Static } from 'typebox';

import { keyStatement } from '../../domain/device-binding/key-statement';
import type { CheckableDevice, DeviceCredential } from '../../ledger/bound-device';
import type { DeviceChallenges, DevicePurpose, DeviceChallenge } from './challenge';

const base64url = (maxLength: number, description: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[A-Za-z0-9_-]+$',
    description: `base64url: ${description}`,
  });

const credentialId = base64url(1_364, 'id of the passkey');
const clientDataJson = base64url(4_000, 'what the browser signed: type, challenge, origin');
const signature = base64url(1_024, 'the signature');
const challenge = base64url(100, 'challenge of POST /v1/device-challenges');

/** Of a device that is being bound. */
export const newCredential = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('passkey'),
      id: credentialId,
      clientDataJSON: clientDataJson,
      attestationObject: base64url(16_000, 'attestation object'),
      transports: Type.Array(Type.String({ pattern: '^[a-z-]{1,20}$' }), { maxItems: 8 }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal('key'),
      challenge,
      publicKey: base64url(200, 'SubjectPublicKeyInfo of a P-256 key that cannot be exported'),
      signature,
    },
    { additionalProperties: false },
  ),
]);
export type NewCredential = Static<typeof newCredential>;

/** Of a bound passkey that signs in. */
export const passkeyAnswer = Type.Object(
  {
    id: credentialId,
    clientDataJSON: clientDataJson,
    authenticatorData: base64url(2_000, 'authenticator data'),
    signature,
  },
  { additionalProperties: false },
);
export type PasskeyAnswer = Static<typeof passkeyAnswer>;

/** Of a bound key that signs in. */
export const keyAnswer = Type.Object(
  { boundDeviceId: Type.String({ format: 'uuid' }), challenge, signature },
  { additionalProperties: false },
);
export type KeyAnswer = Static<typeof keyAnswer>;

/** Where the answer came to: what the browser must have signed. */
export interface Place {
  /** e.g. `https://vaccine.example`. */
  readonly origin: string;
  readonly challenges: DeviceChallenges;
}

/** A credential that was checked, and the challenge that it answered. */
export interface CheckedAnswer<T> {
  readonly value: T;
  readonly challenge: DeviceChallenge;
}

/** The credential of a device that is to be bound; undefined when anything about it is not right. */
export function checkNewCredential(
  place: Place,
  answer: NewCredential,
): Promise<CheckedAnswer<DeviceCredential> | undefined> {
  return answer.kind === 'passkey' ? newPasskey(place, answer) : Promise.resolve(newKey(place, answer));
}

async function newPasskey(
  place: Place,
  answer: Extract<NewCredential, { kind: 'passkey' }>,
): Promise<CheckedAnswer<DeviceCredential> | undefined> {
  const seen = watching(place, 'bind');
  const verified = await quietly(() =>
    verifyRegistrationResponse({
      response: {
        ...{ id: answer.id, rawId: answer.id, type: 'public-key' as const, clientExtensionResults: {} },
        response: { clientDataJSON: answer.clientDataJSON, attestationObject: answer.attestationObject },
      },
      expectedChallenge: seen.expected,
      expectedOrigin: place.origin,
      expectedRPID: new URL(place.origin).hostname,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...passkeyAlgorithms],
    }),
  );
  const answered = seen.challenge();
  if (!verified?.verified || !answered) return undefined;
  const { credential } = verified.registrationInfo;
  return {
    challenge: answered,
    value: {
      kind: 'passkey',
      credentialId: Buffer.from(credential.id, 'base64url'),
      publicKey: Buffer.from(credential.publicKey),
      signCount: credential.counter,
      transports: answer.transports,
    },
  };
}

/** EdDSA, ES256, RS256: what phones, computers and keys of the last years can do. */
export const passkeyAlgorithms = [-8, -7, -257] as const;

function newKey(
  place: Place,
  answer: Extract<NewCredential, { kind: 'key' }>,
): CheckedAnswer<DeviceCredential> | undefined {
  const expiresAt = place.challenges.check('bind', answer.challenge);
  const publicKey = Buffer.from(answer.publicKey, 'base64url');
  const key = p256Key(publicKey);
  if (!expiresAt || !key) return undefined;
  const statement = keyStatement('bind', place.origin, answer.challenge, answer.publicKey);
  if (!isSigned(key, statement, answer.signature)) return undefined;
  return {
    challenge: { challenge: answer.challenge, expiresAt },
    value: {
      ...{ kind: 'key', publicKey, signCount: 0, transports: [] },
      credentialId: createHash('sha256').update(publicKey).digest(),
    },
  };
}

/** The count of a passkey that answered rightly; undefined when it did not. */
export async function checkPasskey(
  place: Place,
  device: CheckableDevice,
  answer: PasskeyAnswer,
): Promise<CheckedAnswer<{ readonly signCount: number }> | undefined> {
  const seen = watching(place, 'sign-in');
  const verified = await quietly(() =>
    verifyAuthenticationResponse({
      response: {
        ...{ id: answer.id, rawId: answer.id, type: 'public-key' as const, clientExtensionResults: {} },
        response: {
          clientDataJSON: answer.clientDataJSON,
          authenticatorData: answer.authenticatorData,
          signature: answer.signature,
        },
      },
      expectedChallenge: seen.expected,
      expectedOrigin: place.origin,
      expectedRPID: new URL(place.origin).hostname,
      credential: {
        id: device.credentialId.toString('base64url'),
        publicKey: new Uint8Array(device.publicKey),
        counter: device.signCount,
      },
      requireUserVerification: true,
    }),
  );
  const answered = seen.challenge();
  if (!verified?.verified || !answered) return undefined;
  return { challenge: answered, value: { signCount: verified.authenticationInfo.newCounter } };
}

/** Whether a key answered rightly; undefined when it did not. */
export function checkKey(
  place: Place,
  device: CheckableDevice,
  answer: KeyAnswer,
): CheckedAnswer<{ readonly signCount: number }> | undefined {
  const expiresAt = place.challenges.check('sign-in', answer.challenge);
  const key = p256Key(device.publicKey);
  if (!expiresAt || !key) return undefined;
  const statement = keyStatement('sign-in', place.origin, answer.challenge, device.boundDeviceId);
  if (!isSigned(key, statement, answer.signature)) return undefined;
  return { challenge: { challenge: answer.challenge, expiresAt }, value: { signCount: 0 } };
}

/** The library asks what challenge is expected; this keeps which of ours it was. */
function watching({ challenges }: Place, purpose: DevicePurpose) {
  let answered: DeviceChallenge | undefined;
  return {
    expected(given: string): boolean {
      const expiresAt = challenges.check(purpose, given);
      if (expiresAt) answered = { challenge: given, expiresAt };
      return expiresAt !== undefined;
    },
    challenge: () => answered,
  };
}

/** The library throws for whatever is not right, in words that quote what was sent: none of them is told. */
async function quietly<T>(check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch {
    return undefined;
  }
}

function p256Key(spki: Buffer): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const p256 = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return p256 ? key : undefined;
  } catch {
    return undefined;
  }
}

function isSigned(key: KeyObject, statement: string, given: string): boolean {
  const options = { key, dsaEncoding: 'ieee-p1363' } as const;
  try {
    return verify('sha256', Buffer.from(statement), options, Buffer.from(given, 'base64url'));
  } catch {
    return false;
  }
}
