/** The inbox of the demonstration: what citizens would have received, as the SMS simulator keeps it. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

import { parseMobile } from '../domain/person-number/mobile';
import { field, formErrors } from './forms';
import { readNewest } from './simulator-inbox';

export interface InboxOptions {
  /** Address of the simulator's inbox: `GET` with `mobile`, `after` (a sequence), `limit` gives `{messages, next}`. */
  readonly url: string;
}

const message = Type.Object({
  sequence: Type.Integer(),
  mobile: Type.String(),
  body: Type.String(),
  receivedAt: Type.String(),
});
const answer = Compile(Type.Object({ messages: Type.Array(message) }));
const shown = 100;

/** Registers `/inbox`. The mobile to filter by is posted: addresses stand in logs and histories. */
export function inboxPages(app: FastifyInstance, { url }: InboxOptions): void {
  app.get('/inbox', async (request, reply) => {
    const { t } = request.words;
    return reply.page('inbox.njk', {
      title: t.inbox.title,
      mobile: '',
      ...(await inbox(url, undefined, request.words.moment)),
    });
  });

  app.post('/inbox', { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t, moment } = request.words;
    const typed = field(request, 'mobile');
    const parsed = parseMobile(typed);
    const mobile = 'mobile' in parsed ? parsed.mobile : undefined;
    const found = formErrors({
      mobile: typed !== '' && mobile === undefined ? t.fields.mobileWrong : undefined,
    });
    return reply.page('inbox.njk', {
      title: t.inbox.title,
      mobile: typed,
      ...found,
      ...(await inbox(url, mobile, moment)),
    });
  });
}

async function inbox(url: string, mobile: string | undefined, moment: (instant: string) => string) {
  const messages = await readNewest({ url, filter: { name: 'mobile', value: mobile }, shown }, answer);
  return {
    unavailable: messages === undefined,
    messages: (messages ?? []).map((text) => ({ ...text, at: moment(text.receivedAt) })),
  };
}
