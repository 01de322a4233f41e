/** A certificate's proof as it is handed in, and with what it may be refused. */
import { Type } from 'typebox';

import { challengeProblems } from '../card-proof-schema';
import * as shape from '../schemas';
import type { ProblemCode } from '../problem-texts';

/** Certificates of persons have some 1.5 kB; with every extension that there is, not four times as much. */
const longestCertificate = 8_000;
/** RSA of 8,192 bits, in base64url. */
const longestSignature = 1_400;

/** Strict, since its text is signed. */
export const certificateProof = Type.Object(
  {
    statement: Type.Object(
      {
        version: Type.Literal(1),
        bridgeId: shape.bridgeId,
        origin: shape.origin,
        challengeId: Type.String({ format: 'uuid' }),
        nonce: shape.key32,
        purpose: Type.Enum(['sign-in', 'card-account', 'device-code']),
        readAt: shape.bridgeInstant,
        reader: Type.String({ maxLength: 200 }),
      },
      { additionalProperties: false },
    ),
    certificate: Type.String({
      pattern: '^[A-Za-z0-9+/]+={0,2}$',
      maxLength: longestCertificate,
      description: 'DER, base64',
    }),
    signature: Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: longestSignature }),
  },
  { additionalProperties: false, description: 'what the key of a Citizen Digital Certificate signed' },
);

export const certificateProofProblems = [
  'certificateInvalid',
  'certificateUntrusted',
  'certificateExpired',
  'certificateNotForSigning',
  'certificateRevoked',
  'certificateCheckUnavailable',
  'certificateSignatureInvalid',
  'certificateOfOtherPerson',
  ...challengeProblems,
  'cardBridgeRevoked',
] as const satisfies readonly ProblemCode[];
