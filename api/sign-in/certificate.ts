/**
 * In by the Citizen Digital Certificate (自然人憑證) and its PIN. The card's signature proves whom the certificate names;
 * the whole ID stands nowhere in it, so it is typed, and its end and the name are compared.
 */
import { Type } from 'typebox';

import { isSameName } from '../../domain/person-number/person-name';
import { parsePersonNumber, type PersonNumber } from '../../domain/person-number/person-number';
import { refused, type Outcome } from '../../domain/refusal/refusals';
import type { CitizenCertificate } from '../certificate/citizen-certificate';
import { certificateProof, certificateProofProblems } from '../certificate/certificate-proof-schema';
import { personNumber } from '../schemas';
import { confirmFound } from './insured-person';
import {
  confirmIdentity,
  refusalsOfEachWay,
  type ConfirmedPerson,
  type SignInParts,
  type WayIn,
} from './way-in';

const body = Type.Object(
  { method: Type.Literal('certificate'), personNumber, certificateProof },
  { additionalProperties: false },
);

/** No captcha: a signature behind a PIN for each try costs more. */
export const certificateWay: WayIn<typeof body> = {
  method: 'certificate',
  body,
  refusals: [
    ...refusalsOfEachWay,
    ...(['personNumberInvalid', 'registryUnavailable'] as const),
    ...certificateProofProblems,
  ],
  async confirm(parts, asked, from) {
    const { app } = parts;
    const typedNumber = parsePersonNumber(asked.personNumber);
    if ('refusal' in typedNumber) return refused({ code: 'personNumberInvalid' });
    const { number } = typedNumber;
    const named = await app.certificateProofs.accept(asked.certificateProof, {
      purpose: 'sign-in',
      session: from.request.cardSession(),
      origin: app.ownOrigin(from.request),
    });
    if (!named.ok) return named;
    // Both were given by whoever tries: that they differ tells nothing of anybody.
    if (!number.endsWith(named.value.idLastFour)) return refused({ code: 'certificateOfOtherPerson' });
    return confirmIdentity(parts, { method: 'certificate', personNumber: number, from }, () =>
      confirmNamed(parts, number, named.value),
    );
  },
};

/** Whoever has that number has to have the name of the certificate: of two people with one end of the ID, only one. */
function confirmNamed(
  parts: SignInParts,
  number: PersonNumber,
  { name }: CitizenCertificate,
): Promise<Outcome<ConfirmedPerson>> {
  return confirmFound(
    parts,
    () => parts.registry.findProved({ personNumber: number, provedBy: 'certificate' }),
    (person) => isSameName(person.name, name),
  );
}
