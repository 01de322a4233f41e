/** Signing in by number and card, and back to where one was going. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { parseCardNumber } from '../domain/person-number/card-number';
import type { Refusal } from '../domain/refusal/refusals';
import { captchaView, readCaptcha } from './captcha';
import { field, formErrors, hasErrors, personNumberError, parameter, type FormErrors } from './forms';
import { nextOf, pathOfNext } from './local-path';
import { refusalPage, refusalWords } from './refusals';
import { waitingRoomAddress } from './waiting-room';

const start = '/registration';

/** Registers `/sign-in`. */
export function signInPages(app: FastifyInstance): void {
  app.get('/sign-in', async (request, reply) => {
    const to = pathOfNext(parameter(request, 'next')) ?? start;
    if (request.citizen) return reply.redirect(to, 303);
    if (!app.waitingRoom.entry(request, 'counted').may) return reply.redirect(waitingRoomAddress(to), 303);
    return signInPage(app, request, reply, to, formErrors({}));
  });

  app.post('/sign-in', { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t } = request.words;
    const to = pathOfNext(field(request, 'next')) ?? start;
    if (!app.waitingRoom.entry(request).may) return reply.redirect(waitingRoomAddress(to), 303);
    const personNumber = field(request, 'personNumber');
    const cardNumber = field(request, 'cardNumber');
    const found = formErrors({
      personNumber: personNumberError(personNumber, t),
      cardNumber:
        cardNumber === ''
          ? t.fields.cardNumberMissing
          : 'refusal' in parseCardNumber(cardNumber)
            ? t.fields.cardNumberWrong
            : undefined,
    });
    if (hasErrors(found)) return signInPage(app, request, reply, to, found);
    const captcha = await readCaptcha(app, request);
    if (!captcha.ok) return refusalPage(request, reply, captcha.refusal);
    const outcome = await app.acts.signIn({
      personNumber,
      cardNumber,
      captcha: captcha.value,
      address: request.ip,
    });
    if (!outcome.ok) return refusedSignIn(app, request, reply, to, outcome.refusal);
    await app.waitingRoom.comeIn(request, reply, outcome.value.personKey);
    // A secret for forms that was handed out before signing in is of no use afterwards.
    request.session.set('_csrf', undefined);
    request.signIn(outcome.value.personKey);
    return reply.redirect(to, 303);
  });
}

async function refusedSignIn(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  to: string,
  refusal: Refusal,
): Promise<FastifyReply> {
  const { t } = request.words;
  switch (refusal.code) {
    case 'captchaInvalid':
    case 'captchaSpent':
      return signInPage(app, request, reply, to, formErrors({ captcha: t.captcha.wrong }));
    case 'identityNotConfirmed': {
      const { title, detail } = refusalWords(refusal, request.words);
      const errors = [{ text: title, detail, href: '#personNumber' }];
      return signInPage(app, request, reply, to, { fieldErrors: {}, errors }, 403);
    }
    default:
      return refusalPage(request, reply, refusal);
  }
}

async function signInPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  to: string,
  found: FormErrors,
  status = hasErrors(found) ? 422 : 200,
): Promise<FastifyReply> {
  const { t } = request.words;
  const journey = to.split(/[/?]/)[1] ?? '';
  const titles: Readonly<Record<string, string>> = t.signIn.titleFor;
  return reply.page(
    'sign-in.njk',
    {
      title: titles[journey] ?? t.signIn.title,
      back: '/',
      next: nextOf(to),
      returning: to.slice(1).includes('/') && to !== '/appointment/cancel',
      values: { personNumber: field(request, 'personNumber') },
      captcha: captchaView(app, request),
      ...found,
    },
    status,
  );
}
