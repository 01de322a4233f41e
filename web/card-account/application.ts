/** First registration of a card, and a forgotten password: both after the card was read, with the household register. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { requireCardRead } from '../../api/card-account/card-read';
import { longestAddress } from '../../domain/card-account/household';
import { maskName } from '../../domain/person-number/masks';
import type { Outcome } from '../../domain/refusal/refusals';
import { readPerson } from '../../ledger/person';
import { field, formErrors, hasErrors, type FormErrors } from '../forms';
import { refusalPage } from '../refusals';
import {
  accountFormContext,
  contactErrors,
  householdErrors,
  newPasswordErrors,
  refusalErrors,
  typedValues,
  withCardRead,
} from './forms';

/** Registers `/account/card/application` and `/account/card/forgotten`. */
export function applicationPages(app: FastifyInstance): void {
  const { cardAccount } = app.acts;
  const page = { preHandler: withCardRead };
  const form = { preHandler: [app.csrfProtection, withCardRead] };

  app.get('/account/card/application', page, (request, reply) =>
    formPage(app, request, reply, 'application'),
  );

  app.post('/account/card/application', form, async (request, reply) => {
    const found = formErrors({
      ...householdErrors(request),
      ...contactErrors(request),
      ...newPasswordErrors(request),
    });
    if (hasErrors(found)) return formPage(app, request, reply, 'application', found);
    const { language } = request.words;
    const outcome = await cardAccount.apply(accountFormContext(request), request.ip, {
      ...householdOf(request),
      mobile: field(request, 'mobile'),
      email: field(request, 'email'),
      password: field(request, 'newPassword'),
      language,
    });
    return answer(app, request, reply, 'application', outcome, 'applied');
  });

  app.get('/account/card/forgotten', page, (request, reply) => formPage(app, request, reply, 'forgotten'));

  app.post('/account/card/forgotten', form, async (request, reply) => {
    const found = formErrors({ ...householdErrors(request), ...newPasswordErrors(request) });
    if (hasErrors(found)) return formPage(app, request, reply, 'forgotten', found);
    const outcome = await cardAccount.resetPassword(accountFormContext(request), request.ip, {
      ...householdOf(request),
      newPassword: field(request, 'newPassword'),
    });
    return answer(app, request, reply, 'forgotten', outcome, 'reset');
  });
}

type Journey = 'application' | 'forgotten';

const householdOf = (request: FastifyRequest) => ({
  householdNumber: field(request, 'householdNumber').slice(0, 40),
  registeredAddress: field(request, 'registeredAddress').slice(0, longestAddress),
});

async function answer(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  journey: Journey,
  outcome: Outcome<unknown>,
  done: string,
): Promise<FastifyReply> {
  if (outcome.ok) return reply.redirect(`/account/card?done=${done}`, 303);
  const errors = refusalErrors(request, outcome.refusal);
  return errors
    ? formPage(app, request, reply, journey, errors)
    : refusalPage(request, reply, outcome.refusal);
}

async function formPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  journey: Journey,
  errors: FormErrors = formErrors({}),
): Promise<FastifyReply> {
  const { t } = request.words;
  const { name } = await readPerson(app.ledger, requireCardRead(request));
  return reply.page(
    'card-account/application.njk',
    {
      title: journey === 'application' ? t.cardAccount.applyTitle : t.cardAccount.forgotten,
      back: '/account/card',
      journey,
      whose: t.cardAccount.readDone(maskName(name)),
      values: typedValues(request),
      ...errors,
    },
    hasErrors(errors) ? 422 : 200,
  );
}
