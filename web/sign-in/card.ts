/** Signing in with the card in a reader and the registered password (健保卡＋註冊密碼, seed 002). */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Refusal } from '../../domain/refusal/refusals';
import { cardProofIn, errorsOfProof } from '../card-reading';
import { field, personNumberError, type FormErrors } from '../forms';
import { bridgeWayPage } from './bridge-way-page';

/** Registers `/sign-in/card`. `bridgeUrl` is where the bridge answers on the visitor's computer. */
export function cardPage(app: FastifyInstance, { bridgeUrl }: { readonly bridgeUrl: string }): void {
  bridgeWayPage(app, {
    ...{ method: 'card-password', way: 'card', template: 'sign-in/card.njk', bridgeUrl },
    title: ({ t }) => t.cardSignIn.title,
    read(request) {
      const { t } = request.words;
      const proof = cardProofIn(request);
      const personNumber = field(request, 'personNumber');
      const password = passwordOf(request);
      return {
        found: {
          card: proof === undefined ? t.cardSignIn.notRead : undefined,
          personNumber: personNumberError(personNumber, t),
          password: password === '' ? t.cardSignIn.passwordMissing : undefined,
        },
        body: proof && { personNumber, password, cardProof: proof },
      };
    },
    errorsOf,
  });
}

/** As it was typed: spaces at its ends may be part of it. */
function passwordOf(request: FastifyRequest): string {
  const { password } = (request.body ?? {}) as Record<string, unknown>;
  return typeof password === 'string' ? password.slice(0, 100) : '';
}

function errorsOf(request: FastifyRequest, refusal: Refusal): FormErrors | undefined {
  const { cardSignIn } = request.words.t;
  if (refusal.code !== 'identityNotConfirmed') return errorsOfProof(request, refusal);
  const error = { text: cardSignIn.refused, detail: cardSignIn.refusedDetail, href: '#personNumber' };
  return { fieldErrors: {}, errors: [error] };
}
