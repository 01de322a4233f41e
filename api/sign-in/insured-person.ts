/** The ways that ask the insurance registry: is this the card of that person, and may they come in now. */
import type { FastifyInstance } from 'fastify';

import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import { groupInRound } from '../../domain/round/round';
import {
  RegistryUnavailable,
  type CardVerification,
  type CardVerificationOutcome,
  type RegistryPerson,
} from '../../gateways/insurance-registry/port';
import { hasParticipation } from '../../ledger/participation';
import { identifyPerson } from '../../ledger/person';
import { currentRounds } from '../../ledger/round';
import type { ConfirmedPerson, SignInParts } from './way-in';

/**
 * Asks the registry about number and card, and takes the person over into the ledger. `also` is what a way asks
 * beyond. Refuses with `identityNotConfirmed`, whatever the reason, and with `registryUnavailable`.
 */
export function confirmInsured(
  parts: SignInParts,
  card: CardVerification,
  also: (person: RegistryPerson) => boolean = () => true,
): Promise<Outcome<ConfirmedPerson>> {
  return confirmFound(parts, () => parts.registry.verifyCard(card), also);
}

/** The same for whatever else the registry is asked about a person. */
export async function confirmFound(
  { app }: SignInParts,
  ask: () => Promise<CardVerificationOutcome>,
  also: (person: RegistryPerson) => boolean,
): Promise<Outcome<ConfirmedPerson>> {
  let found: RegistryPerson | undefined;
  try {
    const answer = await ask();
    found = answer.outcome === 'match' && also(answer.person) ? answer.person : undefined;
  } catch (error) {
    if (!(error instanceof RegistryUnavailable)) throw error;
    app.log.warn({ reason: error.reason }, 'the insurance registry did not answer');
    return refused({ code: 'registryUnavailable' });
  }
  if (!found || !(await mayComeIn(app, found))) return refused({ code: 'identityNotConfirmed' });
  const { personKey } = await identifyPerson(app.ledger, found);
  return accepted({ personKey });
}

/** In the groups of a round that concerns people now, or already part of one that did. */
export async function mayComeIn(
  app: FastifyInstance,
  person: Pick<RegistryPerson, 'registryPersonId' | 'priorityGroups'>,
): Promise<boolean> {
  const { registrations, booking } = currentRounds(await app.rounds(), await app.ledgerNow());
  const inOpenGroup = [...registrations, ...booking].some(
    (round) => groupInRound(round, person.priorityGroups) !== undefined,
  );
  return inOpenGroup || hasParticipation(app.ledger.db, person.registryPersonId);
}
