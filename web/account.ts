/** `/account`: the index of one's own pages. */
import type { FastifyInstance } from 'fastify';

import { behindSignIn } from './citizen-page';
import type { Words } from './words';

/** In the order of their use; a page that this instance does not have is left out. */
const ownPages = [
  { path: '/registration', words: 'registration' },
  { path: '/registration/settlements', words: 'settlements' },
  { path: '/appointment', words: 'appointment' },
  { path: '/account/card', words: 'card' },
  { path: '/app/card', words: 'cardStatus' },
  { path: '/account/devices', words: 'devices' },
  { path: '/account/sign-ins', words: 'signIns' },
  { path: '/account/family', words: 'family' },
] as const satisfies readonly { path: string; words: keyof Words['t']['account']['pages'] }[];

/** Registers `/account`. */
export function accountPage(app: FastifyInstance): void {
  const { page } = behindSignIn(app);
  app.get('/account', page, async (request, reply) => {
    const { t } = request.words;
    return reply.page('account.njk', {
      title: t.account.title,
      back: '/',
      pages: ownPages
        .filter(({ path }) => app.hasRoute({ method: 'GET', url: path }))
        .map(({ path, words }) => ({ href: path, ...t.account.pages[words] })),
    });
  });
}
