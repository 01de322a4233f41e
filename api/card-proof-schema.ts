/** A card proof as it is handed in, and with what it may be refused whatever it is used for. */
import { Type } from 'typebox';

import { cardPurposes, statementVersion } from '../domain/card-proof/card-proof';
import type { ProblemCode } from './problem-texts';
import * as shape from './schemas';

const noNul = '^[^\\u0000]*$';
const cardDate = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });

/** A card proof, as a card bridge hands it out; strict, since its text is signed. */
export const cardProof = Type.Object(
  {
    statement: Type.Object(
      {
        version: Type.Literal(statementVersion),
        bridgeId: shape.bridgeId,
        keyId: shape.key32,
        origin: shape.origin,
        challengeId: Type.String({ format: 'uuid' }),
        nonce: shape.key32,
        purpose: Type.Enum([...cardPurposes]),
        readAt: shape.bridgeInstant,
        reader: Type.String({ maxLength: 200 }),
        atr: Type.String({ pattern: '^[0-9A-F]{0,66}$' }),
        card: Type.Object(
          {
            cardNumber: Type.String({ pattern: '^\\d{12}$' }),
            name: Type.String({ maxLength: 40, pattern: noNul }),
            nameHasPrivateUse: Type.Boolean(),
            personNumber: Type.String({ pattern: '^[A-Z][A-Z0-9]\\d{8}$' }),
            birthDate: cardDate,
            sex: Type.Enum(['male', 'female']),
            issuedOn: cardDate,
          },
          { additionalProperties: false },
        ),
        hSign: Type.Optional(Type.String({ maxLength: 2000, pattern: noNul })),
      },
      { additionalProperties: false },
    ),
    signature: shape.signature64,
  },
  { additionalProperties: false, description: 'what a card bridge read and signed for a challenge' },
);

/** With what the answer to a challenge may be refused, whatever signed it. */
export const challengeProblems = [
  'cardProofFromOtherOrigin',
  'cardProofForOtherPurpose',
  'cardChallengeUnknown',
  'cardChallengeOfOtherSession',
  'cardChallengeSpent',
  'cardChallengeExpired',
  'cardReadBeforeAsked',
  'cardBridgeClockWrong',
] as const satisfies readonly ProblemCode[];

export const cardProofProblems = [
  'cardProofInvalid',
  ...challengeProblems,
  'cardBridgeUnknown',
  'cardBridgeRevoked',
] as const satisfies readonly ProblemCode[];
