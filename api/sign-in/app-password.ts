/** In by number and registered password, on a device that is bound by a key of its browser (seed 004: 帳號、密碼). */
import { Type } from 'typebox';

import { parsePersonNumber } from '../../domain/person-number/person-number';
import { accepted, refused } from '../../domain/refusal/refusals';
import { accountPasswordMatches } from '../../ledger/card-account';
import { findPersonKey } from '../../ledger/person';
import { keyAnswer } from '../device-proof/answers';
import { accountPassword, captcha, personNumber } from '../schemas';
import { confirmIdentity, type WayIn } from './way-in';

const body = Type.Object(
  {
    ...{ method: Type.Literal('app-password'), personNumber, password: accountPassword, device: keyAnswer },
    captcha: Type.Optional(captcha),
  },
  { additionalProperties: false },
);

/**
 * The device is asked first: without it nobody gets to guess a password at all. `appNotConfirmed` stands for a wrong
 * number, a wrong password and none that is registered.
 */
export const appPasswordWay: WayIn<typeof body> = {
  method: 'app-password',
  body,
  refusals: [
    ...(['tooManyAttempts', 'personNumberInvalid', 'appNotConfirmed'] as const),
    ...(['deviceNotBound', 'deviceNotConfirmed', 'deviceRemoved'] as const),
  ],
  async confirm(parts, asked, from) {
    const { app } = parts;
    const person = parsePersonNumber(asked.personNumber);
    if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
    const tooMany = await app.limits.pace('challenge', from.address);
    if (tooMany) return refused(tooMany);
    const device = await app.deviceProof.byKey(from.request, asked.device);
    if (!device.ok) return device;
    return confirmIdentity(parts, { method: 'app-password', personNumber: person.number, from }, async () => {
      const { personKey } = device.value;
      const owner = (await findPersonKey(app.ledger, person.number)) === personKey;
      const password = await accountPasswordMatches(app.ledger, personKey, asked.password);
      return owner && password === 'match' ? accepted(device.value) : refused({ code: 'appNotConfirmed' });
    });
  },
};
