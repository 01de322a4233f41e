/** The app's code (健保卡 OTP 認證碼) on a bound phone: produced on demand, shown with what is left of its three minutes. */
import type { FastifyInstance } from 'fastify';

import { appOtpLifeSeconds } from '../../domain/device-binding/device-binding';
import { readAppOtp } from '../../ledger/app-otp';
import { behindSignIn } from '../citizen-page';
import { formContext } from '../forms';
import { refusalPage } from '../refusals';
import { appWords } from './frame';

/** Registers `/app/otp`. */
export function otpPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);

  app.get('/app/otp', page, async (request, reply) => {
    const { personKey, sessionId } = request.requireCitizen();
    const held = await readAppOtp(app.ledger, personKey, sessionId);
    if (!held.ok) return refusalPage(request, reply, held.refusal);
    const { words } = request;
    const { t, clock } = words;
    return reply.page('app/otp.njk', {
      title: t.app.otp,
      back: '/app',
      appWords: appWords(words),
      lifeSeconds: appOtpLifeSeconds,
      code: held.value && {
        digits: held.value.otp,
        spoken: held.value.otp.split('').join(' '),
        until: clock(held.value.expiresAt),
        secondsLeft: Math.max(1, Math.round((Date.parse(held.value.expiresAt) - Date.now()) / 1000)),
      },
    });
  });

  app.post('/app/otp', form, async (request, reply) => {
    const outcome = await app.acts.produceAppOtp(formContext(request));
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/app/otp', 303);
  });
}
