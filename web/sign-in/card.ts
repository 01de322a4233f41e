/** Signing in with the card in a reader and the registered password (健保卡＋註冊密碼, seed 002). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';

import { cardProof } from '../../api/card-proof-schema';
import type { CardProof } from '../../domain/card-proof/card-proof';
import type { Refusal } from '../../domain/refusal/refusals';
import { letSpeakToBridge } from '../card-bridge-policy';
import { checkAddress, hasPassedCheck } from '../environment';
import { field, formErrors, hasErrors, parameter, personNumberError, type FormErrors } from '../forms';
import { nextOf, pathOfNext } from '../local-path';
import { refusalPage, refusalWords } from '../refusals';
import { waitingRoomAddress } from '../waiting-room';
import { otherWays } from './other-ways';
import { comeIn } from './way-page';

const path = '/sign-in/card';
const start = '/registration';
const proofCheck = Compile(cardProof);

/** Registers `/sign-in/card`. `bridgeUrl` is where the bridge answers on the visitor's computer. */
export function cardPage(app: FastifyInstance, { bridgeUrl }: { readonly bridgeUrl: string }): void {
  const form = async (
    request: FastifyRequest,
    reply: FastifyReply,
    to: string,
    errors: FormErrors = formErrors({}),
    status = hasErrors(errors) ? 422 : 200,
  ): Promise<FastifyReply> => {
    letSpeakToBridge(reply, bridgeUrl);
    return reply.page(
      'sign-in/card.njk',
      {
        title: request.words.t.cardSignIn.title,
        back: `/sign-in?next=${encodeURIComponent(nextOf(to))}`,
        next: nextOf(to),
        bridgeUrl,
        check: checkAddress('card', to),
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
    if (!hasPassedCheck(request, 'card')) return reply.redirect(checkAddress('card', to), 303);
    return form(request, reply, to);
  });

  app.post(path, { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t } = request.words;
    const to = pathOfNext(field(request, 'next')) ?? start;
    if (!app.waitingRoom.entry(request).may) return reply.redirect(waitingRoomAddress(to), 303);
    const personNumber = field(request, 'personNumber');
    const password = passwordOf(request);
    const proof = proofOf(request);
    const found = formErrors({
      card: proof === undefined ? t.cardSignIn.notRead : undefined,
      personNumber: personNumberError(personNumber, t),
      password: password === '' ? t.cardSignIn.passwordMissing : undefined,
    });
    if (proof === undefined || hasErrors(found)) return form(request, reply, to, found);
    const body = { personNumber, password, cardProof: proof };
    const outcome = await app.acts.signIn('card-password', body, {
      ...{ address: request.ip, request, captcha: null },
    });
    if (outcome.ok) return comeIn(app, request, reply, 'card-password', outcome.value, to);
    const again = errorsOf(request, outcome.refusal);
    if (again) return form(request, reply, to, again.errors, again.status);
    return refusalPage(request, reply, outcome.refusal);
  });
}

/** As it was typed: spaces at its ends may be part of it. */
function passwordOf(request: FastifyRequest): string {
  const { password } = (request.body ?? {}) as Record<string, unknown>;
  return typeof password === 'string' ? password.slice(0, 100) : '';
}

function proofOf(request: FastifyRequest): CardProof | undefined {
  try {
    const read: unknown = JSON.parse(field(request, 'cardProof'));
    return proofCheck.Check(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

/** What another reading or another password mends is said above the form; anything else has a page of its own. */
function errorsOf(
  request: FastifyRequest,
  refusal: Refusal,
): { readonly errors: FormErrors; readonly status: number } | undefined {
  const { t } = request.words;
  const above = (text: string, detail: string, href: string): FormErrors => ({
    fieldErrors: {},
    errors: [{ text, detail, href }],
  });
  switch (refusal.code) {
    case 'identityNotConfirmed':
      return {
        errors: above(t.cardSignIn.refused, t.cardSignIn.refusedDetail, '#personNumber'),
        status: 403,
      };
    case 'cardProofInvalid':
    case 'cardChallengeUnknown':
    case 'cardChallengeOfOtherSession':
    case 'cardChallengeSpent':
    case 'cardChallengeExpired':
    case 'cardReadBeforeAsked':
    case 'cardBridgeClockWrong': {
      const { title, detail } = refusalWords(refusal, request.words);
      return { errors: above(title, detail, '#card'), status: 422 };
    }
    default:
      return undefined;
  }
}
