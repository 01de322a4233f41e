/** What pages have in common that take a card's reading or signature: the proof in the form, and what another try mends. */
import type { FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

import { cardProof } from '../api/card-proof-schema';
import { certificateProof } from '../api/certificate/certificate-proof-schema';
import type { Refusal, RefusalCode } from '../domain/refusal/refusals';
import type { FormErrors } from './forms';
import { errorsAbove } from './refusals';

/** A certificate in base64, a signature and the statement; far more than people type into a field. */
const longestProof = 12_000;

/** Reads the proof that a script put into the form; `undefined` for none, and for whatever else was sent. */
function proofReader<Schema extends TSchema>(name: string, schema: Schema) {
  const check = Compile(schema);
  return (request: FastifyRequest): Static<Schema> | undefined => {
    const { [name]: text } = (request.body ?? {}) as Record<string, unknown>;
    if (typeof text !== 'string' || text.length > longestProof) return undefined;
    try {
      const sent: unknown = JSON.parse(text);
      return check.Check(sent) ? sent : undefined;
    } catch {
      return undefined;
    }
  };
}

/** What the card bridge read, in the field `cardProof`. */
export const cardProofIn = proofReader('cardProof', cardProof);
/** What the certificate's key signed, in the field `certificateProof`. */
export const certificateProofIn = proofReader('certificateProof', certificateProof);

/** Asked again, the same card may be taken: too late, too early, for another visit, or a byte that was lost. */
const mendedByAnotherTry: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'cardProofInvalid',
  'certificateSignatureInvalid',
  'cardChallengeUnknown',
  'cardChallengeOfOtherSession',
  'cardChallengeSpent',
  'cardChallengeExpired',
  'cardReadBeforeAsked',
  'cardBridgeClockWrong',
]);

/** Said above the form where another try mends it, `undefined` where it does not. */
export function errorsOfProof(request: FastifyRequest, refusal: Refusal): FormErrors | undefined {
  return mendedByAnotherTry.has(refusal.code) ? errorsAbove(request, refusal, '#card') : undefined;
}
