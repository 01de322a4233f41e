/** The texts that were sent to the person, to be read again. */
import type { FastifyInstance } from 'fastify';

import { readTextsOf, type TextView } from '../../ledger/text-message';
import { behindSignIn } from '../citizen-page';

/** What is held, queued or was never taken reached nobody: it is no message yet. */
const sent: ReadonlySet<TextView['status']> = new Set(['accepted', 'delivered', 'undelivered']);

/** Registers `/app/messages`. */
export function messagePage(app: FastifyInstance): void {
  app.get('/app/messages', behindSignIn(app).page, async (request, reply) => {
    const { words } = request;
    const texts = await readTextsOf(app.ledger, request.requireCitizen().personKey);
    return reply.page('app/messages.njk', {
      title: words.t.app.messages,
      back: '/app',
      texts: texts
        .filter(({ status }) => sent.has(status))
        .map(({ mobile, body, createdAt }) => ({
          mobile: words.maskedMobile(mobile),
          body,
          at: words.moment(createdAt),
        })),
    });
  });
}
