/** The ways that ask the insurance registry: is this the card of that person, and may they come in now. */
import type { FastifyInstance } from 'fastify';

import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import { groupInRound } from '../../domain/round/round';
import {
  RegistryUnavailable,
  type CardVerification,
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
export async function confirmInsured(
  { app, registry }: SignInParts,
  card: CardVerification,
  also: (person: RegistryPerson) => boolean = () => true,
): Promise<Outcome<ConfirmedPerson>> {
  let found: RegistryPerson | undefined;
  try {
    const answer = await registry.verifyCard(card);
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
