/** `/account/card`: how it stands with one's card account, and what can be done. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { personOfCardRead } from '../../api/card-account/card-read';
import { applicationEnd } from '../../domain/card-account/card-account';
import { maskEmail } from '../../domain/card-account/email';
import { maskMobile, maskName } from '../../domain/person-number/masks';
import { readAccount, type AccountView } from '../../ledger/card-account';
import { newestLinkMail, type MailStanding } from '../../ledger/mail-message';
import { readPerson } from '../../ledger/person';
import { parameter } from '../forms';
import { refusalPage } from '../refusals';
import type { Words } from '../words';
import { accountFormContext, withOwner } from './forms';

/** Registers the page, and resending and deleting of an application. */
export function standingPages(app: FastifyInstance): void {
  const { cardAccount } = app.acts;
  const form = { preHandler: [app.csrfProtection, withOwner] };

  app.get('/account/card', async (request, reply) => standingPage(app, request, reply));

  app.post('/account/card/resend', form, async (request, reply) => {
    const outcome = await cardAccount.resend(accountFormContext(request));
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/account/card?done=resent', 303);
  });

  app.get('/account/card/delete', { preHandler: withOwner }, async (request, reply) => {
    const { t } = request.words;
    return reply.page('card-account/delete.njk', { title: t.cardAccount.removeTitle, back: '/account/card' });
  });

  app.post('/account/card/delete', form, async (request, reply) => {
    const outcome = await cardAccount.deleteApplication(accountFormContext(request));
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/account/card?done=removed', 303);
  });
}

async function standingPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const cardRead = personOfCardRead(request);
  const personKey = cardRead ?? request.citizen?.personKey;
  const doneTexts: Readonly<Record<string, string>> = {
    applied: t.cardAccount.applied,
    resent: t.cardAccount.resent,
    removed: t.cardAccount.removed,
    contact: t.cardAccount.contactChanged,
    email: t.cardAccount.emailToConfirm,
    reset: t.cardAccount.resetMailed,
  };
  const account = personKey === undefined ? undefined : await readAccount(app.ledger, personKey);
  const state = account?.state ?? 'notRegistered';
  return reply.page('card-account/standing.njk', {
    title: t.cardAccount.title,
    back: request.citizen ? '/account' : '/',
    returnTo: '/account/card',
    done: doneTexts[parameter(request, 'done')],
    state,
    known: personKey !== undefined,
    rows: personKey === undefined ? [] : await rowsOf(app, personKey, account, words),
    mail:
      state === 'awaitingConfirmation' && account && personKey !== undefined
        ? mailWords(account, await newestLinkMail(app.ledger.db, personKey), words)
        : undefined,
  });
}

async function rowsOf(
  app: FastifyInstance,
  personKey: string,
  account: AccountView | undefined,
  { t, moment }: Words,
) {
  const { name } = await readPerson(app.ledger, personKey);
  const texts = t.cardAccount;
  return [
    { key: texts.whose, value: maskName(name) },
    { key: texts.state, value: texts.states[account?.state ?? 'notRegistered'] },
    ...(account
      ? [
          { key: texts.email, value: account.email ? maskEmail(account.email) : texts.noEmail },
          {
            key: texts.mobile,
            value: account.mobile ? maskMobile(account.mobile) : texts.noEmail,
            figures: true,
          },
        ]
      : []),
    ...(account?.state === 'active' && account.activatedAt
      ? [
          { key: texts.since, value: moment(account.activatedAt) },
          { key: texts.passwordSince, value: moment(account.passwordSetAt) },
        ]
      : []),
  ];
}

/** Where the mail with the link is, and until when it is waited for. */
function mailWords(account: AccountView, mail: MailStanding | undefined, { t, moment }: Words) {
  const texts: Record<MailStanding['status'], string> = {
    queued: t.cardAccount.mailQueued,
    sent: t.cardAccount.mailSent(mail ? moment(mail.queuedAt) : ''),
    refused: t.cardAccount.mailRefused,
    dropped: t.cardAccount.mailDropped,
  };
  return {
    text: texts[mail?.status ?? 'dropped'],
    wrong: mail?.status === 'refused',
    until: t.cardAccount.confirmBy(moment(applicationEnd(account.appliedAt))),
  };
}
