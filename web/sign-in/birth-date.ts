/** Signing in by number, birth date and card number: for those whose duplicate number was cleared (seed 001, question 7). */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { dateAsTyped, type TypedDate } from '../../domain/civil-time/typed-date';
import { field, personNumberError } from '../forms';
import { cardNumberError } from './card-number';
import { signInWayPage } from './way-page';

/** Registers `/sign-in/birth-date`. */
export function birthDatePage(app: FastifyInstance): void {
  signInWayPage(app, {
    method: 'birth-date',
    path: '/sign-in/birth-date',
    template: 'sign-in/birth-date.njk',
    firstField: 'personNumber',
    read(request) {
      const { t } = request.words;
      const personNumber = field(request, 'personNumber');
      const cardNumber = field(request, 'cardNumber');
      const typed = birthDateFields(request);
      const birthDate = dateAsTyped(typed);
      const untouched = Object.values(typed).every((part) => part === '');
      return {
        body: { personNumber, cardNumber, birthDate: birthDate ?? '' },
        found: {
          personNumber: personNumberError(personNumber, t),
          'birthDate-year': untouched
            ? t.fields.birthDateMissing
            : birthDate === undefined
              ? t.fields.birthDateWrong
              : undefined,
          cardNumber: cardNumberError(cardNumber, t),
        },
      };
    },
    shown: (request) => ({ personNumber: field(request, 'personNumber'), ...birthDateFields(request) }),
  });
}

function birthDateFields(request: FastifyRequest): TypedDate {
  return {
    year: field(request, 'birthDate-year'),
    month: field(request, 'birthDate-month'),
    day: field(request, 'birthDate-day'),
  };
}
