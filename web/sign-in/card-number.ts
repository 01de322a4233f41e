/** Signing in by number and card number: what most people have at hand, and so the first thing on `/sign-in`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { parseCardNumber } from '../../domain/person-number/card-number';
import { field, personNumberError } from '../forms';
import type { Words } from '../words';
import { signInWayPage } from './way-page';

/** Registers `/sign-in`. */
export function cardNumberPage(app: FastifyInstance): void {
  signInWayPage(app, {
    method: 'card-number',
    path: '/sign-in',
    template: 'sign-in/card-number.njk',
    firstField: 'personNumber',
    read(request) {
      const { t } = request.words;
      const personNumber = field(request, 'personNumber');
      const cardNumber = field(request, 'cardNumber');
      return {
        body: { personNumber, cardNumber },
        found: {
          personNumber: personNumberError(personNumber, t),
          cardNumber: cardNumberError(cardNumber, t),
        },
      };
    },
    shown: (request: FastifyRequest) => ({ personNumber: field(request, 'personNumber') }),
  });
}

/** What is wrong with a card number as it was typed, if anything. */
export function cardNumberError(typed: string, { fields }: Words['t']): string | undefined {
  if (typed === '') return fields.cardNumberMissing;
  return 'refusal' in parseCardNumber(typed) ? fields.cardNumberWrong : undefined;
}
