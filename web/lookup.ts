/** Quick lookup (簡易查詢): one answer for every miss, a plain one after a match. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { parsePersonNumber } from '../domain/person-number/person-number';
import { refused, type Outcome } from '../domain/refusal/refusals';
import { quickLookup, type LookupView } from '../ledger/quick-lookup';
import { captchaView, readCaptcha } from './captcha';
import { field, formErrors, hasErrors, type FormErrors } from './forms';
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
    const parsed = parsePersonNumber(personNumber);
    const found = formErrors({
      personNumber:
        personNumber === ''
          ? t.fields.personNumberMissing
          : 'refusal' in parsed
            ? t.fields.personNumberWrong
            : undefined,
      mobileLastThree: /^\d{3}$/.test(mobileLastThree) ? undefined : t.fields.lastThreeWrong,
    });
    if (hasErrors(found) || 'refusal' in parsed) return askPage(app, request, reply, found, 422);
    const captcha = await readCaptcha(app, request);
    if (!captcha.ok) return refusalPage(request, reply, captcha.refusal);
    const verdict = await app.captcha.verify(captcha.value);
    if (verdict !== 'accepted')
      return askPage(app, request, reply, formErrors({ captcha: t.captcha.wrong }), 422);
    const outcome = await lookUp(app, request, parsed.number, mobileLastThree);
    if (outcome.ok)
      return reply.page('lookup.njk', {
        title: t.lookup.resultTitle,
        found: foundView(outcome.value, words),
      });
    if (outcome.refusal.code !== 'lookupNoMatch') return refusalPage(request, reply, outcome.refusal);
    const errors = [{ text: t.lookup.missTitle, detail: t.lookup.miss, href: '#personNumber' }];
    return askPage(app, request, reply, { fieldErrors: {}, errors }, 404);
  });
}

/** Too many tries against one person are answered like a miss: to say more would say that there is something. */
async function lookUp(
  app: FastifyInstance,
  request: FastifyRequest,
  personNumber: string,
  mobileLastThree: string,
): Promise<Outcome<LookupView>> {
  const attempt = await app.limits.begin('quickLookup', request.ip, personNumber);
  if ('code' in attempt) return refused(attempt);
  const outcome = await quickLookup(app.ledger, { personNumber, mobileLastThree });
  if (attempt.answerAsMiss) return refused({ code: 'lookupNoMatch' });
  if (outcome.ok) await attempt.succeeded();
  return outcome;
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
