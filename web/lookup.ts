/** Quick lookup (簡易查詢): one answer for every miss, a plain one after a match. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Refusal } from '../domain/refusal/refusals';
import type { LookupView } from '../ledger/quick-lookup';
import { captchaView, readCaptcha } from './captcha';
import { field, formErrors, hasErrors, personNumberError, type FormErrors } from './forms';
import { refusalPage } from './refusals';
import type { Words } from './words';

/** Registers `/lookup`. */
export function lookupPages(app: FastifyInstance): void {
  app.get('/lookup', async (request, reply) => askPage(app, request, reply, formErrors({}), 200));

  app.post('/lookup', { preHandler: app.csrfProtection }, async (request, reply) => {
    const { words } = request;
    const { t } = words;
    const personNumber = field(request, 'personNumber');
    const mobileLastThree = field(request, 'mobileLastThree').normalize('NFKC');
    const found = formErrors({
      personNumber: personNumberError(personNumber, t),
      mobileLastThree: /^\d{3}$/.test(mobileLastThree) ? undefined : t.fields.lastThreeWrong,
    });
    if (hasErrors(found)) return askPage(app, request, reply, found, 422);
    const captcha = await readCaptcha(app, request);
    if (!captcha.ok) return refusalPage(request, reply, captcha.refusal);
    const outcome = await app.acts.lookUp({
      personNumber,
      mobileLastThree,
      captcha: captcha.value,
      address: request.ip,
    });
    if (outcome.ok)
      return reply.page('lookup.njk', {
        title: t.lookup.resultTitle,
        found: foundView(outcome.value, words),
      });
    return missPage(app, request, reply, outcome.refusal);
  });
}

async function missPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): Promise<FastifyReply> {
  const { t } = request.words;
  switch (refusal.code) {
    case 'captchaInvalid':
    case 'captchaSpent':
      return askPage(app, request, reply, formErrors({ captcha: t.captcha.wrong }), 422);
    case 'lookupNoMatch': {
      const errors = [{ text: t.lookup.missTitle, detail: t.lookup.miss, href: '#personNumber' }];
      return askPage(app, request, reply, { fieldErrors: {}, errors }, 404);
    }
    default:
      return refusalPage(request, reply, refusal);
  }
}

async function askPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  found: FormErrors,
  status: number,
): Promise<FastifyReply> {
  return reply.page(
    'lookup.njk',
    {
      title: request.words.t.lookup.title,
      back: '/',
      values: {
        personNumber: field(request, 'personNumber'),
        mobileLastThree: field(request, 'mobileLastThree'),
      },
      captcha: captchaView(app, request),
      ...found,
    },
    status,
  );
}

function foundView(view: LookupView, words: Words) {
  const { t } = words;
  return {
    number: words.number(view.appointmentNumber),
    standing: t.lookup.standing[view.status],
    rows: [
      { key: t.appointment.when, value: words.window(view.startsAt, view.endsAt) },
      {
        key: t.appointment.where,
        value: words.inLanguage(view.site.nameZh, view.site.nameEn),
        note: words.inLanguage(view.site.addressZh, view.site.addressEn),
      },
      { key: t.appointment.phone, value: view.site.phone },
      { key: t.appointment.note, value: words.inLanguage(view.site.noteZh, view.site.noteEn) },
      { key: t.registration.identity, value: view.maskedPersonNumber, figures: true },
      { key: t.registration.name, value: view.maskedName },
      { key: t.registration.mobile, value: view.maskedMobile, figures: true },
      { key: t.appointment.bookedAt, value: words.moment(view.bookedAt) },
    ],
  };
}
