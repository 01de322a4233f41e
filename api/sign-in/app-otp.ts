/** In by number and the app's code (健保 APP＋OTP): six digits that a bound device showed within the last three minutes. */
import { Type } from 'typebox';

import { parsePersonNumber } from '../../domain/person-number/person-number';
import { accepted, refused } from '../../domain/refusal/refusals';
import { spendAppOtp } from '../../ledger/app-otp';
import { findPersonKey } from '../../ledger/person';
import { appOtp, captcha, personNumber } from '../schemas';
import { confirmIdentity, type WayIn } from './way-in';

const body = Type.Object(
  { method: Type.Literal('app-otp'), personNumber, otp: appOtp, captcha },
  { additionalProperties: false },
);

/**
 * `appOtpWrong` stands for everything that would tell of a person. Whoever has the right digits is told when they come
 * too late or a second time.
 */
export const appOtpWay: WayIn<typeof body> = {
  method: 'app-otp',
  body,
  refusals: [
    ...(['captchaInvalid', 'captchaSpent', 'tooManyAttempts', 'personNumberInvalid'] as const),
    ...(['appOtpWrong', 'appOtpExpired', 'appOtpUsed'] as const),
  ],
  async confirm(parts, asked, from) {
    const person = parsePersonNumber(asked.personNumber);
    if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
    const { ledger } = parts.app;
    return confirmIdentity(parts, { method: 'app-otp', personNumber: person.number, from }, async () => {
      const personKey = await findPersonKey(ledger, person.number);
      const spent = await spendAppOtp(ledger, personKey, asked.otp);
      if (!spent.ok) return spent;
      if (personKey === undefined) return refused({ code: 'appOtpWrong' });
      return accepted({ personKey, boundDeviceId: spent.value.boundDeviceId });
    });
  },
};
