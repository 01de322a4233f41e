/** What pages behind the sign-in need: who it is, the rounds, the time. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Round } from '../domain/round/round';
import { readPerson, type PersonView } from '../ledger/person';
import { signInFirst } from './refusals';

export interface CitizenPage {
  readonly personKey: string;
  readonly person: PersonView;
  readonly rounds: readonly Round[];
  readonly now: Instant;
}

/** Reads it for the signed-in person. */
export async function citizenPage(app: FastifyInstance, request: FastifyRequest): Promise<CitizenPage> {
  const { personKey } = request.requireCitizen();
  return {
    personKey,
    person: await readPerson(app.ledger, personKey),
    rounds: await app.rounds(),
    now: await app.ledgerNow(),
  };
}

/** Guards a page: whoever is not signed in signs in first and comes back here. */
export async function signedIn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  return request.citizen ? undefined : signInFirst(request, reply);
}

/** Routes of pages behind the sign-in: reads, and forms with their token. */
export function behindSignIn(app: FastifyInstance) {
  return {
    page: { preHandler: signedIn },
    form: { preHandler: [app.csrfProtection, signedIn] },
  };
}
