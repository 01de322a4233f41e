/** In by the phone's own unlock: a bound device signs, and says by itself who its owner is. */
import { Type } from 'typebox';

import { refused } from '../../domain/refusal/refusals';
import { passkeyAnswer } from '../device-proof/answers';
import { captcha } from '../schemas';
import type { WayIn } from './way-in';

const body = Type.Object(
  { method: Type.Literal('passkey'), device: passkeyAnswer, captcha: Type.Optional(captcha) },
  { additionalProperties: false },
);

/**
 * The captcha is for a place in line, when there is one. There is nothing to guess, so nothing is counted against
 * anybody; an address has so many tries for our work's sake.
 */
export const passkeyWay: WayIn<typeof body> = {
  method: 'passkey',
  body,
  refusals: ['tooManyAttempts', 'deviceNotBound', 'deviceNotConfirmed', 'deviceRemoved'],
  async confirm({ app }, { device }, { address, request }) {
    const tooMany = await app.limits.pace('challenge', address);
    return tooMany ? refused(tooMany) : app.deviceProof.byPasskey(request, device);
  },
};
