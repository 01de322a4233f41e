/** Household number and registered address, as typed, held against the registry. */
import type { FastifyInstance } from 'fastify';

import { canonicalAddress, parseHouseholdNumber } from '../../domain/card-account/household';
import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import type { InsuranceRegistry } from '../../gateways/insurance-registry/port';
import { countedTry } from './card-read';

export interface TypedHousehold {
  readonly householdNumber: string;
  readonly registeredAddress: string;
}

/**
 * Does the household register say so of the person? Refuses with `householdNumberInvalid`, `householdNotConfirmed`,
 * `tooManyAttempts` and `registryUnavailable`.
 */
export async function confirmHousehold(
  app: FastifyInstance,
  registry: InsuranceRegistry,
  address: string,
  personKey: string,
  typed: TypedHousehold,
): Promise<Outcome<'confirmed'>> {
  const number = parseHouseholdNumber(typed.householdNumber);
  if ('refusal' in number) return refused({ code: 'householdNumberInvalid' });
  const person = await app.ledger.db
    .selectFrom('person')
    .select('registry_person_id')
    .where('person_key', '=', personKey)
    .executeTakeFirst();
  if (!person) return refused({ code: 'cardReadRequired' });
  return countedTry(app, address, personKey, async () => {
    const answer = await registry.verifyHousehold({
      registryPersonId: person.registry_person_id,
      householdNumber: number.householdNumber,
      registeredAddress: canonicalAddress(typed.registeredAddress),
    });
    return answer === 'match' ? accepted('confirmed' as const) : refused({ code: 'householdNotConfirmed' });
  });
}
