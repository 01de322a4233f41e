/**
 * Signing in by number and card number. Whoever may not come in reads one and the same answer after the same time,
 * whether the number, the card or the group was the reason (rules: 意願登記, one neutral error).
 */
import type { FastifyInstance } from 'fastify';

import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import { parseCardNumber, type CardNumber } from '../domain/person-number/card-number';
import { parsePersonNumber, type PersonNumber } from '../domain/person-number/person-number';
import { groupInRound } from '../domain/round/round';
import {
  RegistryUnavailable,
  type InsuranceRegistry,
  type RegistryPerson,
} from '../gateways/insurance-registry/port';
import { hasParticipation } from '../ledger/participation';
import { identifyPerson, type IdentifiedPerson } from '../ledger/person';
import { currentRounds } from '../ledger/round';
import { inEqualTime } from './equal-time';
import type { CaptchaAnswer } from './plugins/captcha';

export interface CardNumberSignIn {
  /** As typed; normalised here. */
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly captcha: CaptchaAnswer;
  /** Address that the request came from. */
  readonly address: string;
}

export interface SignInParts {
  readonly app: FastifyInstance;
  readonly registry: InsuranceRegistry;
  /** Every answer takes this long, or a whole multiple of it when the registry is slow. */
  readonly floorMs?: number;
}

/** Above what the registry and the ledger need when they are well, so that answers differ by nothing that can be told. */
const defaultFloorMs = 350;

/**
 * Confirms who it is. Refuses with `personNumberInvalid` or `cardNumberInvalid` for what is no number at all (that
 * tells of the typing, not of a person), `captchaInvalid`, `captchaSpent`, `tooManyAttempts`, `registryUnavailable`,
 * and with `identityNotConfirmed` for everything else. The caller begins the session.
 */
export async function signInByCardNumber(
  { app, registry, floorMs = defaultFloorMs }: SignInParts,
  asked: CardNumberSignIn,
): Promise<Outcome<IdentifiedPerson>> {
  const person = parsePersonNumber(asked.personNumber);
  if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
  const card = parseCardNumber(asked.cardNumber);
  if ('refusal' in card) return refused({ code: 'cardNumberInvalid' });
  const verdict = await app.captcha.verify(asked.captcha);
  if (verdict !== 'accepted') return refused({ code: verdict });

  return inEqualTime(floorMs, () => confirm(app, registry, person.number, card.cardNumber, asked.address));
}

async function confirm(
  app: FastifyInstance,
  registry: InsuranceRegistry,
  personNumber: PersonNumber,
  cardNumber: CardNumber,
  address: string,
): Promise<Outcome<IdentifiedPerson>> {
  const attempt = await app.limits.begin('signIn', address, personNumber);
  if ('code' in attempt) return refused(attempt);
  let found: RegistryPerson | undefined;
  try {
    const answer = await registry.verifyCard({ personNumber, cardNumber });
    found = answer.outcome === 'match' ? answer.person : undefined;
  } catch (error) {
    if (!(error instanceof RegistryUnavailable)) throw error;
    app.log.warn({ reason: error.reason }, 'the insurance registry did not answer');
    // Not the person's failure: it must not bring anyone nearer to a limit.
    await attempt.withdrawn();
    return refused({ code: 'registryUnavailable' });
  }
  if (!found || !(await mayComeIn(app, found))) return refused({ code: 'identityNotConfirmed' });
  const identified = await identifyPerson(app.ledger, found);
  await attempt.succeeded();
  return accepted(identified);
}

/** In the groups of a round that concerns people now, or already part of one that did. */
async function mayComeIn(app: FastifyInstance, person: RegistryPerson): Promise<boolean> {
  const { registrations, booking } = currentRounds(await app.rounds(), await app.ledgerNow());
  const inOpenGroup = [...registrations, ...booking].some(
    (round) => groupInRound(round, person.priorityGroups) !== undefined,
  );
  return inOpenGroup || hasParticipation(app.ledger.db, person.registryPersonId);
}
