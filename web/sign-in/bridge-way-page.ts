/**
 * The page of a way in that goes by the card bridge: open to whoever passed the check of their computer, with a form
 * whose proof a script brings. What differs from way to way is a `BridgeWayPage`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { BodyOf } from '../../api/sign-in/ways';
import type { Refusal } from '../../domain/refusal/refusals';
import { letSpeakToBridge } from '../card-bridge-policy';
import { checkAddress, hasPassedCheck } from '../environment';
import { field, formErrors, hasErrors, parameter, type FormErrors } from '../forms';
import { nextOf, pathOfNext } from '../local-path';
import { refusalPage } from '../refusals';
import { waitingRoomAddress } from '../waiting-room';
import type { Words } from '../words';
import { otherWays } from './other-ways';
import { comeIn } from './way-page';

const start = '/registration';

type Method = 'card-password' | 'certificate';

export interface BridgeWayPage<Way extends Method> {
  readonly method: Way;
  /** Its check, and the end of its address. */
  readonly way: 'card' | 'certificate';
  readonly template: string;
  /** Where the bridge answers on the visitor's computer. */
  readonly bridgeUrl: string;
  title(words: Words): string;
  /** What is wrong with each field, and the body where a proof was sent. */
  read(request: FastifyRequest): {
    readonly found: Readonly<Record<string, string | undefined>>;
    readonly body: BodyOf<Way> | undefined;
  };
  /** What is said above the form again; anything else has a page of its own. */
  errorsOf(request: FastifyRequest, refusal: Refusal): FormErrors | undefined;
}

/** Registers the page: `GET` shows the form, `POST` signs in. */
export function bridgeWayPage<Way extends Method>(app: FastifyInstance, page: BridgeWayPage<Way>): void {
  const { method, way, template, bridgeUrl } = page;
  const path = `/sign-in/${way}`;
  const form = async (
    request: FastifyRequest,
    reply: FastifyReply,
    to: string,
    errors: FormErrors = formErrors({}),
    status = hasErrors(errors) ? 422 : 200,
  ): Promise<FastifyReply> => {
    letSpeakToBridge(reply, bridgeUrl);
    return reply.page(
      template,
      {
        title: page.title(request.words),
        back: `/sign-in?next=${encodeURIComponent(nextOf(to))}`,
        next: nextOf(to),
        bridgeUrl,
        check: checkAddress(way, to),
        values: { personNumber: field(request, 'personNumber') },
        otherWays: otherWays(app, request, path, to),
        ...errors,
      },
      status,
    );
  };

  app.get(path, async (request, reply) => {
    const to = pathOfNext(parameter(request, 'next')) ?? start;
    if (request.citizen) return reply.redirect(to, 303);
    if (!app.waitingRoom.entry(request, 'counted').may) return reply.redirect(waitingRoomAddress(to), 303);
    if (!hasPassedCheck(request, way)) return reply.redirect(checkAddress(way, to), 303);
    return form(request, reply, to);
  });

  app.post(path, { preHandler: app.csrfProtection }, async (request, reply) => {
    const to = pathOfNext(field(request, 'next')) ?? start;
    if (!app.waitingRoom.entry(request).may) return reply.redirect(waitingRoomAddress(to), 303);
    const { found, body } = page.read(request);
    const errors = formErrors(found);
    if (body === undefined || hasErrors(errors)) return form(request, reply, to, errors);
    const from = { address: request.ip, request, captcha: null };
    const outcome = await app.acts.signIn(method, body, from);
    if (outcome.ok) return comeIn(app, request, reply, method, outcome.value, to);
    const again = page.errorsOf(request, outcome.refusal);
    const status = outcome.refusal.code === 'identityNotConfirmed' ? 403 : 422;
    if (again) return form(request, reply, to, again, status);
    return refusalPage(request, reply, outcome.refusal, otherWays(app, request, path, to));
  });
}
