/**
 * The page of a way in: a form, its captcha, what is wrong with it, and back to where one was going. A way is a
 * `WayPage`; what is the same for all of them is here.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { BodyOf, OpenMethod } from '../../api/sign-in/ways';
import type { ConfirmedPerson } from '../../api/sign-in/way-in';
import type { Refusal } from '../../domain/refusal/refusals';
import { captchaView, readCaptcha } from '../captcha';
import { checkAddress, hasPassedCheck } from '../environment';
import type { CheckedWay } from '../environment-rules';
import { field, formErrors, hasErrors, parameter, type FormErrors } from '../forms';
import { nextOf, pathOfNext } from '../local-path';
import { errorsAbove, refusalPage } from '../refusals';
import { waitingRoomAddress } from '../waiting-room';
import { otherWays } from './other-ways';

const start = '/registration';

/** What was typed into the form of a way. */
export interface TypedForm<Method extends OpenMethod> {
  readonly body: BodyOf<Method>;
  /** What is wrong with each field, if anything, in the order of the fields. */
  readonly found: Readonly<Record<string, string | undefined>>;
}

export interface WayPage<Method extends OpenMethod> {
  readonly method: Method;
  readonly path: `/sign-in${string}`;
  readonly template: string;
  /** The field to which a refusal leads back. */
  readonly firstField: string;
  /** The check of the environment that opens it, for ways that have one. */
  readonly check?: CheckedWay;
  read(request: FastifyRequest): TypedForm<Method>;
  /** What the form shows beyond what every way shows: what was typed, never a secret. */
  shown?(request: FastifyRequest): Readonly<Record<string, unknown>>;
}

/** Registers the page: `GET` shows the form, `POST` signs in. */
export function signInWayPage<Method extends OpenMethod>(app: FastifyInstance, way: WayPage<Method>): void {
  const form = async (
    request: FastifyRequest,
    reply: FastifyReply,
    to: string,
    errors: FormErrors = formErrors({}),
    status = hasErrors(errors) ? 422 : 200,
  ): Promise<FastifyReply> => {
    const { t } = request.words;
    const journey = to.split(/[/?]/)[1] ?? '';
    const titles: Readonly<Record<string, string>> = t.signIn.titleFor;
    return reply.page(
      way.template,
      {
        title: titles[journey] ?? t.signIn.title,
        back: way.path === '/sign-in' ? '/' : `/sign-in?next=${encodeURIComponent(nextOf(to))}`,
        action: way.path,
        next: nextOf(to),
        returning: to.slice(1).includes('/') && to !== '/appointment/cancel',
        values: way.shown?.(request) ?? {},
        captcha: captchaView(app, request),
        otherWays: otherWays(app, request, way.path, to),
        ...errors,
      },
      status,
    );
  };

  app.get(way.path, async (request, reply) => {
    const to = pathOfNext(parameter(request, 'next')) ?? start;
    if (request.citizen) return reply.redirect(to, 303);
    if (!app.waitingRoom.entry(request, 'counted').may) return reply.redirect(waitingRoomAddress(to), 303);
    if (way.check && !hasPassedCheck(request, way.check)) {
      return reply.redirect(checkAddress(way.check, to), 303);
    }
    return form(request, reply, to);
  });

  app.post(way.path, { preHandler: app.csrfProtection }, async (request, reply) => {
    const to = pathOfNext(field(request, 'next')) ?? start;
    if (!app.waitingRoom.entry(request).may) return reply.redirect(waitingRoomAddress(to), 303);
    const refusedHere = (refusal: Refusal): Promise<FastifyReply> =>
      refusalPage(request, reply, refusal, otherWays(app, request, way.path, to));
    const typed = way.read(request);
    const found = formErrors(typed.found);
    if (hasErrors(found)) return form(request, reply, to, found);
    const captcha = await readCaptcha(app, request);
    if (!captcha.ok) return refusedHere(captcha.refusal);
    reply.keepBrowserMark();
    const from = { address: request.ip, request, captcha: captcha.value };
    const outcome = await app.acts.signIn(way.method, typed.body, from);
    if (outcome.ok) return comeIn(app, request, reply, way.method, outcome.value, to);
    const again = errorsOf(request, way.firstField, outcome.refusal);
    if (again) return form(request, reply, to, again.errors, again.status);
    return refusedHere(outcome.refusal);
  });
}

/** Begins the session of somebody who was confirmed, and leads to where they were going. */
export async function comeIn(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  method: OpenMethod,
  { personKey, ...vouched }: ConfirmedPerson,
  to: string,
): Promise<FastifyReply> {
  await app.waitingRoom.comeIn(request, reply, personKey);
  // A secret for forms that was handed out before signing in is of no use afterwards.
  request.session.set('_csrf', undefined);
  await request.signIn(personKey, { method, ...vouched });
  return reply.redirect(to, 303);
}

/** What is shown on the form again, with what was typed; anything else has a page of its own. */
function errorsOf(
  request: FastifyRequest,
  firstField: string,
  refusal: Refusal,
): { readonly errors: FormErrors; readonly status: number } | undefined {
  switch (refusal.code) {
    case 'captchaInvalid':
    case 'captchaSpent':
      return { errors: formErrors({ captcha: request.words.t.captcha.wrong }), status: 422 };
    case 'identityNotConfirmed':
    case 'appOtpWrong':
    case 'appOtpExpired':
    case 'appOtpUsed':
      return { errors: errorsAbove(request, refusal, `#${firstField}`), status: 403 };
    default:
      return undefined;
  }
}
