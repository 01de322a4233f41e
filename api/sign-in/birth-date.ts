/**
 * In by number, birth date and card number: for those alone whose number was a duplicate (重號), whose basic data has
 * since been cleared and who have a new card (seed 001, question 7). For everybody else the answer is the neutral one,
 * though all three be right: the plainer way asks less of them, and this one must not tell whose number was shared.
 */
import { Type } from 'typebox';

import { isPlainDate } from '../../domain/civil-time/plain-date';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { refused } from '../../domain/refusal/refusals';
import { birthDate, captcha, cardNumber, personNumber } from '../schemas';
import { confirmInsured } from './insured-person';
import { confirmIdentity, refusalsOfEachWay, type WayIn } from './way-in';

const body = Type.Object(
  { method: Type.Literal('birth-date'), personNumber, birthDate, cardNumber, captcha },
  { additionalProperties: false },
);

/** What is no number or no day at all is told before the captcha is spent: that tells of the typing alone. */
export const birthDateWay: WayIn<typeof body> = {
  method: 'birth-date',
  body,
  refusals: [
    ...refusalsOfEachWay,
    ...(['personNumberInvalid', 'birthDateInvalid', 'cardNumberInvalid', 'registryUnavailable'] as const),
  ],
  async confirm(parts, asked, from) {
    const person = parsePersonNumber(asked.personNumber);
    if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
    if (!isPlainDate(asked.birthDate)) return refused({ code: 'birthDateInvalid' });
    const card = parseCardNumber(asked.cardNumber);
    if ('refusal' in card) return refused({ code: 'cardNumberInvalid' });
    const verification = { personNumber: person.number, cardNumber: card.cardNumber };
    return confirmIdentity(parts, { method: 'birth-date', personNumber: person.number, from }, () =>
      confirmInsured(
        parts,
        verification,
        (found) => found.duplicateCleared && found.birthDate === asked.birthDate,
      ),
    );
  },
};
