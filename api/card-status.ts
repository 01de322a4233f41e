/** One's own card as the insurance registry has it, for whoever proved who they are. */
import type { FastifyInstance } from 'fastify';

import type { CardStatus } from '../domain/card-account/card-standing';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import { RegistryUnavailable, type InsuranceRegistry } from '../gateways/insurance-registry/port';
import { registryIdOf } from '../ledger/person';

/** Undefined when the registry has nothing; refuses with `registryUnavailable`. */
export async function readCardStatus(
  app: FastifyInstance,
  registry: InsuranceRegistry,
  personKey: string,
): Promise<Outcome<CardStatus | undefined>> {
  try {
    return accepted(await registry.readCard(await registryIdOf(app.ledger.db, personKey)));
  } catch (error) {
    if (!(error instanceof RegistryUnavailable)) throw error;
    app.log.warn({ reason: error.reason }, 'the insurance registry did not answer');
    return refused({ code: 'registryUnavailable' });
  }
}
