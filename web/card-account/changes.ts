/** Changing password and basic data: whoever is signed in, or had the card read, and knows the present password. */
import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';

import { accountOwner } from '../../api/card-account/card-read';
import { wasChangedBefore } from '../../api/card-account/repeated-change';
import { readAccount } from '../../ledger/card-account';
import { field, formErrors, formIdempotency, hasErrors, type FormErrors } from '../forms';
import { refusalPage } from '../refusals';
import {
  accountFormContext,
  contactErrors,
  newPasswordErrors,
  refusalErrors,
  typedValues,
  withOwner,
} from './forms';

const changed = '/account/card/password-changed';

/** Registers `/account/card/password` and `/account/card/contact`. */
export function changePages(app: FastifyInstance): void {
  const { cardAccount } = app.acts;
  const page = { preHandler: withOwner };
  const form = { preHandler: [app.csrfProtection, withOwner] };

  app.get('/account/card/password', page, (request, reply) => passwordPage(app, request, reply));

  const again: preHandlerAsyncHookHandler = async (request, reply) => {
    const key = field(request, 'formKey');
    const idempotency = key === '' ? undefined : formIdempotency(request, key, {});
    if (await wasChangedBefore(request, idempotency)) return reply.redirect(changed, 303);
  };
  const formAgain = { preHandler: [app.csrfProtection, again, withOwner] };

  app.post('/account/card/password', formAgain, async (request, reply) => {
    const { t } = request.words;
    const currentPassword = field(request, 'currentPassword');
    const found = formErrors({
      currentPassword: currentPassword === '' ? t.cardAccount.currentPasswordMissing : undefined,
      ...newPasswordErrors(request),
    });
    if (hasErrors(found)) return passwordPage(app, request, reply, found);
    const newPassword = field(request, 'newPassword');
    const context = accountFormContext(request);
    const outcome = await cardAccount.changePassword(context, request.ip, { currentPassword, newPassword });
    if (!outcome.ok) {
      const errors = refusalErrors(request, outcome.refusal);
      if (errors) return passwordPage(app, request, reply, errors);
      return refusalPage(request, reply, outcome.refusal);
    }
    // All devices are signed out, this one too; what the card reader said in this visit goes with it.
    request.session.set('cardRead', undefined);
    if (request.citizen) await request.signOut();
    return reply.redirect(changed, 303);
  });

  app.get(changed, async (request, reply) => {
    const { t } = request.words;
    return reply.page('message.njk', {
      title: t.cardAccount.passwordChangedTitle,
      paragraphs: [t.cardAccount.passwordChanged],
      actions: [{ href: '/sign-in', text: t.session.signInAgain }],
    });
  });

  app.get('/account/card/contact', page, (request, reply) => contactPage(app, request, reply));

  app.post('/account/card/contact', form, async (request, reply) => {
    const { t } = request.words;
    const currentPassword = field(request, 'currentPassword');
    const found = formErrors({
      ...contactErrors(request),
      currentPassword: currentPassword === '' ? t.cardAccount.currentPasswordMissing : undefined,
    });
    if (hasErrors(found)) return contactPage(app, request, reply, found);
    const outcome = await cardAccount.changeContact(accountFormContext(request), request.ip, {
      currentPassword,
      mobile: field(request, 'mobile'),
      email: field(request, 'email'),
    });
    if (outcome.ok) {
      return reply.redirect(`/account/card?done=${outcome.value.emailToConfirm ? 'email' : 'contact'}`, 303);
    }
    const errors = refusalErrors(request, outcome.refusal);
    return errors ? contactPage(app, request, reply, errors) : refusalPage(request, reply, outcome.refusal);
  });
}

/** Whoever has no account that counts reads so, and not a form that would refuse them. */
async function activeAccount(app: FastifyInstance, request: FastifyRequest) {
  const account = await readAccount(app.ledger, accountOwner(request));
  return account?.state === 'active' ? account : undefined;
}

async function passwordPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  errors: FormErrors = formErrors({}),
): Promise<FastifyReply> {
  const { t } = request.words;
  if (!(await activeAccount(app, request)))
    return refusalPage(request, reply, { code: 'cardAccountMissing' });
  return reply.page(
    'card-account/password.njk',
    { title: t.cardAccount.changePassword, back: '/account/card', ...errors },
    hasErrors(errors) ? 422 : 200,
  );
}

async function contactPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  errors: FormErrors = formErrors({}),
): Promise<FastifyReply> {
  const { t } = request.words;
  if (!(await activeAccount(app, request)))
    return refusalPage(request, reply, { code: 'cardAccountMissing' });
  return reply.page(
    'card-account/contact.njk',
    {
      title: t.cardAccount.changeContact,
      back: '/account/card',
      values: typedValues(request),
      ...errors,
    },
    hasErrors(errors) ? 422 : 200,
  );
}
