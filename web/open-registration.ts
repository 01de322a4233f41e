/** Whether the signed-in person may register now, and what they registered already. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { mayRegister } from '../domain/booking/booking-rules';
import { refused, type Outcome } from '../domain/refusal/refusals';
import type { Round } from '../domain/round/round';
import { readRegistration, type RegistrationView } from '../ledger/registration';
import { registrationRoundFor } from '../ledger/round';
import { citizenPageOf, type CitizenPage } from './citizen-page';

/** The registration that is under way or may be begun: the round, and the live registration in it. */
export interface OpenRegistration extends CitizenPage {
  readonly round: Round;
  readonly priorityGroup: number;
  readonly live: RegistrationView | undefined;
}

/** May the signed-in person register now, and what is there already? */
export async function openRegistration(
  app: FastifyInstance,
  request: FastifyRequest,
): Promise<Outcome<OpenRegistration>> {
  return openRegistrationOf(app, request.requireCitizen().personKey);
}

/** The same for a person. */
export async function openRegistrationOf(
  app: FastifyInstance,
  personKey: string,
): Promise<Outcome<OpenRegistration>> {
  const page = await citizenPageOf(app, personKey);
  const round = registrationRoundFor(page.rounds, page.person.priorityGroups, page.now);
  if (!round) return refused({ code: page.rounds.length === 0 ? 'noOpenRound' : 'notInOpenGroup' });
  const allowed = mayRegister(round, page.person, page.now);
  if (!allowed.ok) return allowed;
  const found = await readRegistration(app.ledger, page.personKey, round.roundId);
  const live = found && found.stage !== 'withdrawn' ? found : undefined;
  return { ok: true, value: { ...page, round, priorityGroup: allowed.value.priorityGroup, live } };
}
