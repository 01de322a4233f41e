/** In by ID or UI number and the number of the NHI card (身分證號＋健保卡號). */
import { Type } from 'typebox';

import { parseCardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { refused } from '../../domain/refusal/refusals';
import { captcha, cardNumber, personNumber } from '../schemas';
import { confirmInsured } from './insured-person';
import { confirmIdentity, refusalsOfEachWay, type WayIn } from './way-in';

const body = Type.Object(
  { method: Type.Literal('card-number'), personNumber, cardNumber, captcha },
  { additionalProperties: false },
);

/**
 * `personNumberInvalid` and `cardNumberInvalid` are told for what is no number at all, before the captcha is spent:
 * that tells of the typing, not of a person.
 */
export const cardNumberWay: WayIn<typeof body> = {
  method: 'card-number',
  body,
  refusals: [...refusalsOfEachWay, 'personNumberInvalid', 'cardNumberInvalid', 'registryUnavailable'],
  async confirm(parts, asked, from) {
    const person = parsePersonNumber(asked.personNumber);
    if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
    const card = parseCardNumber(asked.cardNumber);
    if ('refusal' in card) return refused({ code: 'cardNumberInvalid' });
    const verification = { personNumber: person.number, cardNumber: card.cardNumber };
    return confirmIdentity(parts, { method: 'card-number', personNumber: person.number, from }, () =>
      confirmInsured(parts, verification),
    );
  },
};
