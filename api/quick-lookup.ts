/**
 * The simple query: number and the last three digits of the booking's mobile. A miss, whatever its reason, and a try
 * too many for one person read the same after the same time; only the address's own excess is told.
 */
import type { FastifyInstance } from 'fastify';

import { refused, type Outcome } from '../domain/refusal/refusals';
import { parsePersonNumber } from '../domain/person-number/person-number';
import { quickLookup, type LookupView } from '../ledger/quick-lookup';
import { inEqualTime } from './equal-time';
import type { CaptchaAnswer } from './plugins/captcha';

export interface LookupAsked {
  /** As typed. */
  readonly personNumber: string;
  readonly mobileLastThree: string;
  readonly captcha: CaptchaAnswer;
  readonly address: string;
}

const defaultFloorMs = 100;

/** Refuses with `personNumberInvalid`, `captchaInvalid`, `captchaSpent`, `tooManyAttempts` or `lookupNoMatch`. */
export async function lookUp(
  app: FastifyInstance,
  asked: LookupAsked,
  floorMs = defaultFloorMs,
): Promise<Outcome<LookupView>> {
  const person = parsePersonNumber(asked.personNumber);
  if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
  const verdict = await app.captcha.verify(asked.captcha);
  if (verdict !== 'accepted') return refused({ code: verdict });
  return inEqualTime(floorMs, async () => {
    const attempt = await app.limits.begin('quickLookup', { address: asked.address }, person.number);
    if ('code' in attempt) return refused(attempt);
    // The same work is done when the answer is already sure to be a miss.
    const outcome = await quickLookup(app.ledger, {
      personNumber: person.number,
      mobileLastThree: asked.mobileLastThree.normalize('NFKC').trim(),
    });
    if (attempt.answerAsMiss || !outcome.ok) return refused({ code: 'lookupNoMatch' });
    await attempt.succeeded();
    return outcome;
  });
}
