/**
 * What every way in has in common. Each way is one file that says what it asks for and how it confirms who it is;
 * `confirmIdentity` is the frame around all of them: the captcha is spent, the try is counted under the way's own
 * limits, and whoever may not come in reads one and the same answer after the same time (rules: 意願登記, one neutral
 * error).
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static, TObject } from 'typebox';

import { accepted, refused, type Outcome, type RefusalCode } from '../../domain/refusal/refusals';
import type { PersonNumber } from '../../domain/person-number/person-number';
import type { SignInMethod } from '../../domain/sign-in/sign-in-methods';
import type { InsuranceRegistry } from '../../gateways/insurance-registry/port';
import { inEqualTime } from '../equal-time';
import type { CaptchaAnswer } from '../plugins/captcha';

export interface SignInParts {
  readonly app: FastifyInstance;
  readonly registry: InsuranceRegistry;
  /** Every answer takes this long, or a whole multiple of it when something behind it is slow. */
  readonly floorMs?: number;
}

/** Where a try comes from. */
export interface SignInFrom {
  readonly address: string;
  /** For what a way reads beyond its body: the bound device's challenge, a card proof's session. */
  readonly request: FastifyRequest;
  /** The proof that a program sent in its body, or what a form brought; null for ways that ask for none. */
  readonly captcha: CaptchaAnswer | null;
}

/** Somebody who proved who they are. */
export interface ConfirmedPerson {
  readonly personKey: string;
  /** The bound device that vouched for them. */
  readonly boundDeviceId?: string;
  /** The station that vouched for the card. */
  readonly stationId?: string;
  /** Keys under which address and browser are now known to them. */
  readonly knownAs?: readonly string[];
}

/** What a way asks for, without what the frame around it takes care of. */
export type WayInBody<Body extends TObject> = Omit<Static<Body>, 'method' | 'captcha'>;

/** One way in. */
export interface WayIn<Body extends TObject = TObject> {
  readonly method: SignInMethod;
  /** The body of `POST /v1/sessions` for this way, `method` among it. */
  readonly body: Body;
  /** The codes with which it may refuse. */
  readonly refusals: readonly RefusalCode[];
  /** Says who it is, or refuses. It begins no session: the caller does. */
  confirm(parts: SignInParts, body: WayInBody<Body>, from: SignInFrom): Promise<Outcome<ConfirmedPerson>>;
}

/** With what `confirmIdentity` itself may refuse. */
export const refusalsOfEachWay = [
  'captchaInvalid',
  'captchaSpent',
  'tooManyAttempts',
  'identityNotConfirmed',
] as const satisfies readonly RefusalCode[];

/** Above what registry and ledger need when they are well, so that answers differ by nothing that can be told. */
const defaultFloorMs = 350;

/** What is no failure of the person must not bring anyone nearer to a limit. */
const nobodysFailure: ReadonlySet<RefusalCode> = new Set(['registryUnavailable']);

/** A try to come in. */
interface Try {
  readonly method: SignInMethod;
  readonly personNumber: PersonNumber;
  readonly from: SignInFrom;
}

/**
 * Runs `prove` for a try whose typing is in order. The captcha is judged first, then the limits, then `prove`, which
 * refuses with `identityNotConfirmed` for everything that would tell of a person.
 */
export async function confirmIdentity(
  { app, floorMs = defaultFloorMs }: SignInParts,
  { method, personNumber, from }: Try,
  prove: () => Promise<Outcome<ConfirmedPerson>>,
): Promise<Outcome<ConfirmedPerson>> {
  if (from.captcha) {
    const verdict = await app.captcha.verify(from.captcha);
    if (verdict !== 'accepted') return refused({ code: verdict });
  }
  return inEqualTime(floorMs, async () => {
    const mark = from.request.browserMark();
    const source = { address: from.address, ...(mark && !mark.isNew && { browser: mark.id }) };
    const attempt = await app.limits.begin(method, source, personNumber);
    if ('code' in attempt) return refused(attempt);
    const outcome = await prove();
    if (outcome.ok) return accepted({ ...outcome.value, knownAs: await attempt.succeeded(mark?.id) });
    if (nobodysFailure.has(outcome.refusal.code)) await attempt.withdrawn();
    return outcome;
  });
}
