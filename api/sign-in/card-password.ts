/**
 * In by the NHI card in a reader and its registered password (健保卡＋註冊密碼). The card is a claim that a script can
 * make up too; the password is what proves the person (docs/decisions/0020-what-a-card-proof-proves.md).
 */
import { Type } from 'typebox';

import { parsePersonNumber, type PersonNumber } from '../../domain/person-number/person-number';
import { refused, type Outcome } from '../../domain/refusal/refusals';
import { accountPasswordMatches } from '../../ledger/card-account';
import { findPersonKey } from '../../ledger/person';
import { cardProof } from '../card-proof-schema';
import { personNumber } from '../schemas';
import { confirmInsured } from './insured-person';
import {
  confirmIdentity,
  refusalsOfEachWay,
  type ConfirmedPerson,
  type SignInParts,
  type WayIn,
} from './way-in';

const body = Type.Object(
  {
    method: Type.Literal('card-password'),
    personNumber,
    // What is too short or too long for a password is simply a wrong one.
    password: Type.String({ minLength: 1, maxLength: 100, description: 'registered password of the card' }),
    cardProof,
  },
  { additionalProperties: false },
);

/** No captcha: a reading of one's own for each try costs more. A person without an account reads the neutral answer. */
export const cardPasswordWay: WayIn<typeof body> = {
  method: 'card-password',
  body,
  refusals: [
    ...refusalsOfEachWay,
    ...(['personNumberInvalid', 'registryUnavailable', 'cardProofInvalid', 'cardBridgeRevoked'] as const),
    ...(['cardProofFromOtherOrigin', 'cardProofForOtherPurpose', 'cardReadBeforeAsked'] as const),
    ...(['cardChallengeUnknown', 'cardChallengeOfOtherSession', 'cardChallengeSpent'] as const),
    ...(['cardChallengeExpired', 'cardBridgeClockWrong'] as const),
  ],
  async confirm(parts, asked, from) {
    const { app } = parts;
    const typedNumber = parsePersonNumber(asked.personNumber);
    if ('refusal' in typedNumber) return refused({ code: 'personNumberInvalid' });
    const { number } = typedNumber;
    const claim = await app.cardProofs.accept(asked.cardProof, {
      purpose: 'sign-in',
      session: from.request.cardSession(),
      origin: app.ownOrigin(from.request),
    });
    if (!claim.ok) return claim;
    return confirmIdentity(parts, { method: 'card-password', personNumber: number, from }, () =>
      confirmOwner(parts, number, claim.value, asked.password),
    );
  },
};

/** The number that was typed has to be the card's, the password its owner's, and the card one of theirs still. */
async function confirmOwner(
  parts: SignInParts,
  number: PersonNumber,
  card: { readonly personNumber: string; readonly cardNumber: string },
  password: string,
): Promise<Outcome<ConfirmedPerson>> {
  const { ledger } = parts.app;
  const known = card.personNumber === number ? await findPersonKey(ledger, number) : undefined;
  // Asked for nobody too, so that it takes as long.
  const verdict = await accountPasswordMatches(ledger, known, password);
  if (known === undefined || verdict !== 'match') return refused({ code: 'identityNotConfirmed' });
  const insured = await confirmInsured(parts, {
    personNumber: number,
    cardNumber: card.cardNumber,
  } as Parameters<typeof confirmInsured>[1]);
  if (insured.ok && insured.value.personKey !== known) return refused({ code: 'identityNotConfirmed' });
  return insured;
}
