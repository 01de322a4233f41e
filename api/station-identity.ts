/**
 * Who stands before a station: by the card that its own bridge has read, or by what staff were told. Here the person is
 * proved or on the telephone with staff, so that unlike on the web the answer is plain (rules: 意願登記).
 */
import type { FastifyInstance } from 'fastify';

import { parseCardNumber } from '../domain/person-number/card-number';
import { parsePersonNumber } from '../domain/person-number/person-number';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import {
  RegistryUnavailable,
  type CardVerificationOutcome,
  type InsuranceRegistry,
  type PersonLookup,
  type RegistryPerson,
} from '../gateways/insurance-registry/port';
import { identifyPerson } from '../ledger/person';
import { mayComeIn } from './sign-in/insured-person';

interface IdentityParts {
  readonly app: FastifyInstance;
  readonly registry: InsuranceRegistry;
}

/** What a card gave; `birthDate` is a civil date. */
export interface CardRead {
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly birthDate: string;
}

/**
 * The person of the card, if the registry has it in use for that number and birth date. Refuses with
 * `identityNotConfirmed` (no such card, or replaced by another), `notInOpenGroup` and `registryUnavailable`.
 */
export async function identifyByCard(
  parts: IdentityParts,
  { personNumber, cardNumber, birthDate }: CardRead,
): Promise<Outcome<{ readonly personKey: string }>> {
  const person = parsePersonNumber(personNumber);
  const card = parseCardNumber(cardNumber);
  if ('refusal' in person || 'refusal' in card) return refused({ code: 'identityNotConfirmed' });
  return takenOver(
    parts,
    () => parts.registry.verifyCard({ personNumber: person.number, cardNumber: card.cardNumber }),
    (found) => found.birthDate === birthDate,
  );
}

/** The person of that number and birth date. Refuses like `identifyByCard`. */
export async function identifyAtStation(
  parts: IdentityParts,
  lookup: PersonLookup,
): Promise<Outcome<{ readonly personKey: string }>> {
  return takenOver(
    parts,
    () => parts.registry.findPerson(lookup),
    () => true,
  );
}

async function takenOver(
  { app }: IdentityParts,
  ask: () => Promise<CardVerificationOutcome>,
  fits: (person: RegistryPerson) => boolean,
): Promise<Outcome<{ readonly personKey: string }>> {
  let answer: CardVerificationOutcome;
  try {
    answer = await ask();
  } catch (error) {
    if (!(error instanceof RegistryUnavailable)) throw error;
    app.log.warn({ reason: error.reason }, 'the insurance registry did not answer');
    return refused({ code: 'registryUnavailable' });
  }
  if (answer.outcome === 'noMatch' || !fits(answer.person)) return refused({ code: 'identityNotConfirmed' });
  if (!(await mayComeIn(app, answer.person))) return refused({ code: 'notInOpenGroup' });
  const { personKey } = await identifyPerson(app.ledger, answer.person);
  return accepted({ personKey });
}
