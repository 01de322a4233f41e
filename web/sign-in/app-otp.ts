/** Signing in by number and the app's code (健保 APP＋OTP 認證碼). Whoever cannot have the code finds the next way below. */
import type { FastifyInstance } from 'fastify';

import { parseAppOtp } from '../../domain/device-binding/device-binding';
import { field, personNumberError } from '../forms';
import { signInWayPage } from './way-page';

/** Registers `/sign-in/app`. */
export function appOtpPage(app: FastifyInstance): void {
  signInWayPage(app, {
    method: 'app-otp',
    path: '/sign-in/app',
    template: 'sign-in/app-otp.njk',
    firstField: 'otp',
    check: 'app',
    read(request) {
      const { t } = request.words;
      const personNumber = field(request, 'personNumber');
      const typed = field(request, 'otp');
      const otp = parseAppOtp(typed);
      return {
        body: { personNumber, otp: otp ?? '' },
        found: {
          personNumber: personNumberError(personNumber, t),
          otp: typed === '' ? t.signIn.otpMissing : otp === undefined ? t.signIn.otpMalformed : undefined,
        },
      };
    },
    shown: (request) => ({ personNumber: field(request, 'personNumber') }),
  });
}
