/** What a browser is asked for: a new passkey of the person to whom a code belongs, or any passkey of ours. */
import { generateAuthenticationOptions, generateRegistrationOptions } from '@simplewebauthn/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { maskName, maskPersonNumber } from '../../domain/person-number/masks';
import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import { passkeysOf } from '../../ledger/bound-device';
import { personOfDeviceCode } from '../../ledger/device-code';
import { readPerson } from '../../ledger/person';
import { passkeyAlgorithms } from './answers';
import { deviceChallengeLifeMs, type DeviceChallenge, type DevicePurpose } from './challenge';

/** What a browser needs to answer. */
export interface DeviceQuestion {
  readonly challenge: string;
  /** ISO instant. */
  readonly expiresAt: string;
  /** What a key signs besides. */
  readonly origin: string;
  /** To whom the device would be bound, masked; null when it is to sign in. */
  readonly person: { readonly maskedNumber: string; readonly maskedName: string } | null;
  /** For `navigator.credentials`, in WebAuthn's JSON; null where browsers make no passkeys. */
  readonly passkey: object | null;
}

const serviceName = '疫約 Yiyue';

/** For binding by a device code. Refuses with `tooManyAttempts` and what is wrong with the code. */
export async function creationOptions(
  app: FastifyInstance,
  request: FastifyRequest,
  code: string,
): Promise<Outcome<DeviceQuestion>> {
  const tooMany = await app.limits.pace('deviceCode', request.ip);
  if (tooMany) return refused(tooMany);
  const owner = await personOfDeviceCode(app.ledger, code);
  return owner.ok ? accepted(await creationOptionsFor(app, request, owner.value.personKey)) : owner;
}

/** For binding a device to a person who was proved otherwise. */
export async function creationOptionsFor(
  app: FastifyInstance,
  request: FastifyRequest,
  personKey: string,
): Promise<DeviceQuestion> {
  const rpID = app.deviceProof.relyingParty(request);
  const { name, personNumber } = await readPerson(app.ledger, personKey);
  const person = { maskedNumber: maskPersonNumber(personNumber), maskedName: maskName(name) };
  return question(app, request, 'bind', person, async (challenge) => {
    if (rpID === undefined) return null;
    return generateRegistrationOptions({
      ...{ rpID, rpName: serviceName, challenge, timeout: deviceChallengeLifeMs },
      // The phone shows these when it asks whose unlock is meant; several people may be bound to one phone.
      userName: person.maskedNumber,
      userDisplayName: person.maskedName,
      userID: new Uint8Array(app.deviceProof.userHandle(personKey)),
      attestationType: 'none',
      excludeCredentials: (await passkeysOf(app.ledger.db, personKey)).map(
        ({ credentialId, transports }) => ({
          id: credentialId.toString('base64url'),
          transports: [...transports],
        }),
      ),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: [...passkeyAlgorithms],
    });
  });
}

/** For signing in: whichever passkey of ours the phone has. Refuses with `tooManyAttempts`. */
export async function requestOptions(
  app: FastifyInstance,
  request: FastifyRequest,
): Promise<Outcome<DeviceQuestion>> {
  const tooMany = await app.limits.pace('challenge', request.ip);
  if (tooMany) return refused(tooMany);
  const rpID = app.deviceProof.relyingParty(request);
  return accepted(
    await question(app, request, 'sign-in', null, async (challenge) =>
      rpID === undefined
        ? null
        : generateAuthenticationOptions({
            rpID,
            challenge,
            timeout: deviceChallengeLifeMs,
            userVerification: 'required',
          }),
    ),
  );
}

async function question(
  app: FastifyInstance,
  request: FastifyRequest,
  purpose: DevicePurpose,
  person: DeviceQuestion['person'],
  passkey: (challenge: Uint8Array<ArrayBuffer>) => Promise<object | null>,
): Promise<DeviceQuestion> {
  const { challenge, expiresAt }: DeviceChallenge = app.deviceProof.challenge(purpose);
  return {
    ...{ challenge, expiresAt: expiresAt.toISOString(), origin: app.ownOrigin(request) },
    person,
    passkey: await passkey(new Uint8Array(Buffer.from(challenge, 'base64url'))),
  };
}
