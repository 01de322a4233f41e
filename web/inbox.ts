/** The inbox of the demonstration: what citizens would have received, as the SMS simulator keeps it. */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';

import { parseMobile } from '../domain/person-number/mobile';
import { field, formErrors } from './forms';

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
const timeoutMs = 2_000;
const shown = 100;
const pageSize = 1_000;
/** The inbox gives the oldest first; more than this many pages are not turned to reach the newest. */
const mostPages = 20;

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
  const messages = await readInbox(url, mobile);
  return {
    unavailable: messages === undefined,
    messages: (messages ?? []).map((text) => ({ ...text, at: moment(text.receivedAt) })),
  };
}

/** The newest texts, newest first; `undefined` when the simulator does not answer. */
async function readInbox(
  url: string,
  mobile: string | undefined,
): Promise<readonly Static<typeof message>[] | undefined> {
  let newest: readonly Static<typeof message>[] = [];
  let after = 0;
  try {
    for (let page = 0; page < mostPages; page += 1) {
      const address = new URL(url);
      address.searchParams.set('after', String(after));
      address.searchParams.set('limit', String(pageSize));
      if (mobile !== undefined) address.searchParams.set('mobile', mobile);
      const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs) });
      const body: unknown = await response.json();
      if (!response.ok || !answer.Check(body)) return undefined;
      newest = [...newest, ...body.messages].slice(-shown);
      after = body.messages.at(-1)?.sequence ?? after;
      if (body.messages.length < pageSize) break;
    }
    return newest.toReversed();
  } catch {
    return undefined;
  }
}
