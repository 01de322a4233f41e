/**
 * Whose card was read just now: the door of the card account's first registration and of forgotten passwords. A proof
 * is taken once, the registry says whose card that is, and the visit's sealed cookie keeps it for ten minutes. The
 * plain read is a claim: what follows asks for the household register and a word by e-mail besides.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { CardProof } from '../../domain/card-proof/card-proof';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import { RegistryUnavailable, type InsuranceRegistry } from '../../gateways/insurance-registry/port';
import { identifyPerson } from '../../ledger/person';
import { inEqualTime } from '../equal-time';
import { RefusedRequest } from '../problems';

/** So long after the card was read its owner may go on without having it read again. */
export const cardReadLifeMs = 10 * 60_000;

declare module '@fastify/secure-session' {
  interface SessionData {
    cardRead: { readonly personKey: string; readonly at: number } | undefined;
  }
}

export interface CardReadParts {
  readonly app: FastifyInstance;
  readonly registry: InsuranceRegistry;
  /** Every answer takes this long, or a whole multiple of it. */
  readonly floorMs: number;
}

/**
 * Takes a card proof for the card account. Refuses as `app.cardProofs.accept` does, and with `tooManyAttempts`,
 * `registryUnavailable`, and `identityNotConfirmed` for whatever else the registry says.
 */
export async function readCard(
  { app, registry, floorMs }: CardReadParts,
  request: FastifyRequest,
  asked: { readonly proof: CardProof; readonly origin: string },
): Promise<Outcome<{ readonly personKey: string }>> {
  const taken = await app.cardProofs.accept(asked.proof, {
    purpose: 'card-account',
    session: request.cardSession(),
    origin: asked.origin,
  });
  if (!taken.ok) return taken;
  const outcome = await inEqualTime(floorMs, () =>
    confirmCard(app, registry, request.ip, taken.value.personNumber, taken.value.cardNumber),
  );
  if (outcome.ok) request.session.set('cardRead', { personKey: outcome.value.personKey, at: Date.now() });
  return outcome;
}

/** Asks the registry whose card that is and takes the person over into the ledger; counted against a limit. */
export async function confirmCard(
  app: FastifyInstance,
  registry: InsuranceRegistry,
  address: string,
  personNumber: string,
  cardNumber: string,
): Promise<Outcome<{ readonly personKey: string }>> {
  const person = parsePersonNumber(personNumber);
  if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
  const card = parseCardNumber(cardNumber);
  if ('refusal' in card) return refused({ code: 'cardNumberInvalid' });
  return countedTry(app, address, person.number, async () => {
    const answer = await registry.verifyCard({ personNumber: person.number, cardNumber: card.cardNumber });
    if (answer.outcome === 'noMatch') return refused({ code: 'identityNotConfirmed' });
    const { personKey } = await identifyPerson(app.ledger, answer.person);
    return accepted({ personKey });
  });
}

/** Does `work` under the limit for tries with somebody's card, household data or password; a registry that is away costs none. */
export async function countedTry<T>(
  app: FastifyInstance,
  address: string,
  whom: string,
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const attempt = await app.limits.begin('cardAccount', { address }, whom);
  if ('code' in attempt) return refused(attempt);
  let outcome: Outcome<T>;
  try {
    outcome = await work();
  } catch (error) {
    await attempt.withdrawn();
    if (!(error instanceof RegistryUnavailable)) throw error;
    app.log.warn({ reason: error.reason }, 'the insurance registry did not answer');
    return refused({ code: 'registryUnavailable' });
  }
  if (outcome.ok) await attempt.succeeded();
  else if (!failures.has(outcome.refusal.code)) await attempt.withdrawn();
  return outcome;
}

/** What counts as a failed guess; everything else was refused for another reason. */
const failures: ReadonlySet<string> = new Set([
  'identityNotConfirmed',
  'householdNotConfirmed',
  'passwordWrong',
]);

/** The person whose card was read in this visit within the last ten minutes. */
export function personOfCardRead(request: FastifyRequest): string | undefined {
  const read = request.session.get('cardRead');
  return read && Date.now() - read.at < cardReadLifeMs ? read.personKey : undefined;
}

/** The same; refuses with `cardReadRequired`. */
export function requireCardRead(request: FastifyRequest): string {
  const personKey = personOfCardRead(request);
  if (personKey === undefined) throw new RefusedRequest({ code: 'cardReadRequired' });
  return personKey;
}

/** Whose account it is: of the card that was read, or of who is signed in. Refuses with `cardReadRequired`. */
export function accountOwner(request: FastifyRequest): string {
  return personOfCardRead(request) ?? request.citizen?.personKey ?? requireCardRead(request);
}
