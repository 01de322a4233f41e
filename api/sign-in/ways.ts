/** The ways in: a table. `POST /v1/sessions` takes the bodies of all of them, and a page may stand for each. */
import { Type, type Static } from 'typebox';

import type { Outcome, RefusalCode } from '../../domain/refusal/refusals';
import { appOtpWay } from './app-otp';
import { appPasswordWay } from './app-password';
import { birthDateWay } from './birth-date';
import { cardNumberWay } from './card-number';
import { cardPasswordWay } from './card-password';
import { certificateWay } from './certificate';
import { passkeyWay } from './passkey';
import type { ConfirmedPerson, SignInFrom, SignInParts, WayIn, WayInBody } from './way-in';

/** By `method`; one row a way. */
export const waysIn = {
  'card-number': cardNumberWay,
  'birth-date': birthDateWay,
  'card-password': cardPasswordWay,
  certificate: certificateWay,
  'app-otp': appOtpWay,
  passkey: passkeyWay,
  'app-password': appPasswordWay,
} as const;

export type OpenMethod = keyof typeof waysIn;
/** What a way asks for. */
export type BodyOf<Method extends OpenMethod> = {
  [Each in OpenMethod]: (typeof waysIn)[Each] extends WayIn<infer Body> ? WayInBody<Body> : never;
}[Method];

/** The body of `POST /v1/sessions`: that of one of the ways. */
export const anyBody = Type.Unsafe<Static<(typeof waysIn)[OpenMethod]['body']>>(
  Type.Union(Object.values(waysIn).map(({ body }) => body)),
);

/** Every code with which one of the ways may refuse. */
export const everyRefusal: readonly RefusalCode[] = [
  ...new Set(Object.values(waysIn).flatMap(({ refusals }) => refusals)),
];

/** Confirms who it is by one of the ways. */
export async function confirmBy<Method extends OpenMethod>(
  parts: SignInParts,
  method: Method,
  body: BodyOf<Method>,
  from: SignInFrom,
): Promise<Outcome<ConfirmedPerson>> {
  const way = waysIn[method] as unknown as WayIn;
  return way.confirm(parts, body, from);
}
