/** Mobile quick authentication (手機快速認證): the carrier's word, a password where one is needed, and the phone is bound. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { confirmationOf, demonstrationNumbers, openConfirmation } from '../../api/mobile-authentication';
import { deviceNameLength } from '../../domain/device-binding/device-binding';
import { parseCardLastFour } from '../../domain/mobile-authentication/mobile-authentication';
import { parseMobile } from '../../domain/person-number/mobile';
import type { Refusal } from '../../domain/refusal/refusals';
import { captchaView, readCaptcha } from '../captcha';
import { hour } from '../formats';
import { field, formErrors, hasErrors, parameter, personNumberError, type FormErrors } from '../forms';
import { refusalPage, refusalWords } from '../refusals';
import { appWords } from './frame';

const base = '/app/quick-authentication';
const phone = `${base}/phone`;

/** Registers `/app/quick-authentication` and what lies below it. */
export function quickAuthenticationPages(
  app: FastifyInstance,
  { demonstration }: { readonly demonstration: boolean },
): void {
  const ask = async (
    request: FastifyRequest,
    reply: FastifyReply,
    errors: FormErrors = formErrors({}),
  ): Promise<FastifyReply> =>
    reply.page(
      'app/quick-authentication.njk',
      {
        title: request.words.t.quickAuthentication.title,
        back: '/app',
        values: { mobile: field(request, 'mobile'), personNumber: field(request, 'personNumber') },
        captcha: captchaView(app, request),
        demonstration: demonstration ? numbersToTry(request) : [],
        ...errors,
      },
      hasErrors(errors) ? 422 : 200,
    );

  app.get(base, async (request, reply) => ask(request, reply));

  app.post(base, { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t } = request.words;
    const mobile = field(request, 'mobile');
    const personNumber = field(request, 'personNumber');
    const found = formErrors({
      mobile:
        mobile === ''
          ? t.fields.mobileMissing
          : 'refusal' in parseMobile(mobile)
            ? t.fields.mobileWrong
            : undefined,
      personNumber: personNumberError(personNumber, t),
    });
    if (hasErrors(found)) return ask(request, reply, found);
    const captcha = await readCaptcha(app, request);
    if (!captcha.ok) return refusalPage(request, reply, captcha.refusal);
    const outcome = await app.acts.authenticateMobile({
      ...{ mobile, personNumber },
      captcha: captcha.value,
      address: request.ip,
    });
    if (!outcome.ok) {
      const { code } = outcome.refusal;
      const again = code === 'captchaInvalid' || code === 'captchaSpent';
      if (again) return ask(request, reply, formErrors({ captcha: t.captcha.wrong }));
      return refusalPage(request, reply, outcome.refusal);
    }
    request.session.set('mobileAuthentication', outcome.value.mobileAuthenticationId);
    return reply.redirect(phone, 303);
  });

  app.get(phone, async (request, reply) => phonePage(app, request, reply));

  app.post(`${base}/password`, { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t, language } = request.words;
    const own = confirmationOf(request);
    if (!own.ok) return refusalPage(request, reply, own.refusal);
    const cardLastFour = field(request, 'cardLastFour');
    const password = field(request, 'password');
    const found = formErrors({
      cardLastFour:
        parseCardLastFour(cardLastFour) === undefined ? t.quickAuthentication.cardLastFourWrong : undefined,
      passwordAgain:
        password === field(request, 'passwordAgain') ? undefined : t.quickAuthentication.passwordsDiffer,
    });
    if (hasErrors(found)) return phonePage(app, request, reply, found);
    const outcome = await app.acts.setPasswordByMobile({
      ...{ mobileAuthenticationId: own.value, cardLastFour, password, language },
      channel: 'web',
    });
    if (outcome.ok) return reply.redirect(`${phone}?password=set`, 303);
    const fieldOf = fieldOfRefusal(outcome.refusal);
    if (!fieldOf) return refusalPage(request, reply, outcome.refusal);
    const { title, detail } = refusalWords(outcome.refusal, request.words);
    return phonePage(app, request, reply, {
      fieldErrors: { [fieldOf]: title },
      errors: [{ text: title, detail, href: `#${fieldOf}` }],
    });
  });
}

/** The field in which a refusal lies; none for one that ends the whole. */
function fieldOfRefusal(refusal: Refusal): 'cardLastFour' | 'password' | undefined {
  switch (refusal.code) {
    case 'cardLastFourWrong':
      return refusal.triesLeft > 0 ? 'cardLastFour' : undefined;
    case 'passwordLengthWrong':
    case 'passwordCharacterWrong':
    case 'passwordTooCommon':
    case 'passwordPersonal':
      return 'password';
    default:
      return undefined;
  }
}

/** What is still to be done after the carrier's word: a password first, then this phone. */
async function phonePage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  errors: FormErrors = formErrors({}),
): Promise<FastifyReply> {
  const { t } = request.words;
  const own = confirmationOf(request);
  const open = own.ok ? await openConfirmation(app, own.value) : own;
  if (!open.ok) return refusalPage(request, reply, open.refusal);
  const { mobileAuthenticationId, expiresAt, cardRegistered } = open.value;
  return reply.page(
    'app/quick-phone.njk',
    {
      title: t.quickAuthentication.confirmedTitle,
      back: base,
      appWords: appWords(request.words),
      mobileAuthenticationId,
      until: hour(expiresAt),
      cardRegistered,
      passwordSet: parameter(request, 'password') === 'set',
      nameLength: deviceNameLength,
      ...errors,
    },
    hasErrors(errors) ? 422 : 200,
  );
}

/** Numbers to try every answer with. */
function numbersToTry({ words }: FastifyRequest) {
  return demonstrationNumbers.map(({ mobile, answer }) => ({
    mobile: words.mobile(mobile),
    answer: words.t.quickAuthentication.answers[answer],
  }));
}
