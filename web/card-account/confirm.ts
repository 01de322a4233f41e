/**
 * The page of a link in a mail: shows what would be confirmed and asks for a press. Opening the link changes nothing:
 * mail scanners open links too.
 */
import type { FastifyInstance } from 'fastify';

import { maskEmail } from '../../domain/card-account/email';
import { maskName } from '../../domain/person-number/masks';
import type { Refusal } from '../../domain/refusal/refusals';
import { findConfirmation, type Confirmation } from '../../ledger/account-confirmation';
import { readAccount } from '../../ledger/card-account';
import { readPerson } from '../../ledger/person';
import { field, parameter } from '../forms';
import { refusalPage } from '../refusals';

/** Why a link is good for nothing any more. */
function refusalOf(link: Confirmation | undefined): Refusal | undefined {
  if (!link) return { code: 'confirmationUnknown' };
  const { purpose } = link;
  switch (link.state) {
    case 'open':
      return undefined;
    case 'used':
      return { code: 'confirmationUsed', purpose };
    case 'expired':
      return { code: 'confirmationExpired', purpose };
    case 'void':
      return { code: 'confirmationOvertaken' };
    default:
      throw new Error(`no such state: ${String(link.state satisfies never)}`);
  }
}

/** Registers `/account/confirm`. */
export function confirmPages(app: FastifyInstance): void {
  app.get('/account/confirm', async (request, reply) => {
    const { t, moment } = request.words;
    // No page that this one leads to learns the link from its address.
    void reply.header('referrer-policy', 'no-referrer');
    const token = parameter(request, 'token');
    const link = await findConfirmation(app.ledger, token);
    const refusal = refusalOf(link);
    if (!link || refusal) return refusalPage(request, reply, refusal ?? { code: 'confirmationUnknown' });
    const { name } = await readPerson(app.ledger, link.personKey);
    const address = link.email ?? (await readAccount(app.ledger, link.personKey))?.email;
    return reply.page('card-account/confirm.njk', {
      title: t.cardAccount.confirm.title[link.purpose],
      text: t.cardAccount.confirm.text[link.purpose],
      token,
      rows: [
        { key: t.cardAccount.confirm.owner, value: maskName(name) },
        { key: t.cardAccount.email, value: address && maskEmail(address) },
        { key: t.cardAccount.confirm.until, value: moment(link.expiresAt) },
      ],
    });
  });

  app.post('/account/confirm', { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t } = request.words;
    const outcome = await app.acts.cardAccount.confirm(field(request, 'token'));
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    const { purpose } = outcome.value;
    return reply.page('message.njk', {
      title: t.cardAccount.confirm.done[purpose],
      paragraphs: [t.cardAccount.confirm.doneText[purpose]],
      actions: [
        { href: '/sign-in', text: t.session.signInAgain },
        { href: '/account/card', text: t.cardAccount.title },
      ],
    });
  });
}
