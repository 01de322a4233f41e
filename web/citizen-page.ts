/** What pages behind the sign-in need: who it is, the rounds, the time. */
import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';

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
  return citizenPageOf(app, request.requireCitizen().personKey);
}

/** Reads it for a person. */
export async function citizenPageOf(app: FastifyInstance, personKey: string): Promise<CitizenPage> {
  return {
    personKey,
    person: await readPerson(app.ledger, personKey),
    rounds: await app.rounds(),
    now: await app.ledgerNow(),
  };
}

/** Guards a page: whoever is not signed in signs in first and comes back here. */
export async function signedIn(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  return request.citizen ? undefined : signInFirst(request, reply);
}

/** Keeps what was typed in a form that came too late; answers where to go on after signing in again. */
export type KeepAnswers = (request: FastifyRequest, personKey: string) => Promise<string>;

/** Routes of pages behind the sign-in: reads, forms with their token, and forms whose answers outlive the session. */
export function behindSignIn(app: FastifyInstance) {
  const keeping =
    (keep: KeepAnswers): preHandlerAsyncHookHandler =>
    async (request, reply) => {
      if (request.citizen) return;
      const personKey = request.personOfLapsedSession;
      return signInFirst(request, reply, personKey === null ? undefined : await keep(request, personKey));
    };
  return {
    page: { preHandler: signedIn },
    form: { preHandler: [app.csrfProtection, signedIn] },
    keepingForm: (keep: KeepAnswers) => ({ preHandler: [app.csrfProtection, keeping(keep)] }),
  };
}
