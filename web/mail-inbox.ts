/** The mailbox of the demonstration: what citizens would have received by mail, as the mail simulator keeps it. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

import { parseEmail } from '../domain/card-account/email';
import { field, formErrors } from './forms';
import { readNewest } from './simulator-inbox';

export interface MailInboxOptions {
  /** Address of the simulator's inbox: `GET` with `to`, `after` (a sequence), `limit` gives `{messages}`. */
  readonly url: string;
}

const message = Type.Object({
  sequence: Type.Integer(),
  to: Type.String(),
  subject: Type.String(),
  text: Type.String(),
  receivedAt: Type.String(),
});
const answer = Compile(Type.Object({ messages: Type.Array(message) }));
const shown = 50;

/** Registers `/inbox/mail`. The address to filter by is posted: addresses of pages stand in logs and histories. */
export function mailInboxPages(app: FastifyInstance, { url }: MailInboxOptions): void {
  app.get('/inbox/mail', async (request, reply) => {
    const { t, moment } = request.words;
    return reply.page('mail-inbox.njk', {
      title: t.inbox.mailTitle,
      back: '/inbox',
      email: '',
      ...(await mailbox(url, undefined, moment)),
    });
  });

  app.post('/inbox/mail', { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t, moment } = request.words;
    const typed = field(request, 'email');
    const parsed = parseEmail(typed);
    const email = 'email' in parsed ? parsed.email : undefined;
    const found = formErrors({
      email: typed !== '' && email === undefined ? t.cardAccount.emailWrong : undefined,
    });
    return reply.page('mail-inbox.njk', {
      title: t.inbox.mailTitle,
      back: '/inbox',
      email: typed,
      ...found,
      ...(await mailbox(url, email, moment)),
    });
  });
}

async function mailbox(url: string, to: string | undefined, moment: (instant: string) => string) {
  const mails = await readNewest({ url, filter: { name: 'to', value: to }, shown }, answer);
  return {
    unavailable: mails === undefined,
    mails: (mails ?? []).map((mail) => ({
      ...mail,
      at: moment(mail.receivedAt),
      paragraphs: mail.text
        .trim()
        .split(/\n{2,}/)
        .map((text) => ({ text, link: linkIn(text) })),
    })),
  };
}

/** A paragraph that is an address of ours, as a path: the demonstration may be reached under another name. */
function linkIn(text: string): string | undefined {
  if (!/^https?:\/\/\S+$/.test(text)) return undefined;
  const { pathname, search } = new URL(text);
  return pathname.startsWith('/account/') ? `${pathname}${search}` : undefined;
}
