/** The check against robots as a page shows and reads it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { CaptchaAnswer } from '../api/plugins/captcha';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import { captchaAnswer } from './forms';

/** What a form shows: where the widget finds its challenge, and the question for browsers without scripts. */
export function captchaView(app: FastifyInstance, request: FastifyRequest) {
  const { language } = request.words;
  return {
    challengeUrl: '/v1/captcha',
    widgetLanguage: language === 'zh' ? 'zh-tw' : 'en',
    ...app.captcha.textQuestion(language),
  };
}

/** The answer that was sent. A question in words is easy for a program, so an address has only so many an hour. */
export async function readCaptcha(
  app: FastifyInstance,
  request: FastifyRequest,
): Promise<Outcome<CaptchaAnswer>> {
  const answer = captchaAnswer(request);
  if (answer.kind === 'text') {
    const tooMany = await app.limits.pace('textQuestion', request.ip);
    if (tooMany) return refused(tooMany);
  }
  return accepted(answer);
}
