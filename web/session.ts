/**
 * The session as its owner sees it: what is left of it, the offer to stay two minutes before its end, what to do
 * after it, and leaving. Why this keeps WCAG 2.2.1: docs/decisions/0009-how-long-a-session-lasts.md.
 */
import type { FastifyInstance } from 'fastify';

import { field, parameter } from './forms';
import { localPath } from './local-path';
import { signInAddress } from './refusals';
import { stationAfter } from './station/after';

/** Looking at what is left must not prolong it. */
const noAct = { config: { act: false } } as const;

/** Registers `/session/…`. */
export function sessionPages(app: FastifyInstance): void {
  app.get('/session/ending', noAct, async (request, reply) => {
    const returnTo = localPath(parameter(request, 'return')) ?? '/registration';
    if (!request.citizen) return reply.redirect(`/session/ended?return=${encodeURIComponent(returnTo)}`, 303);
    const { t } = request.words;
    return reply.page('session/ending.njk', { title: t.session.soonTitle, returnTo, sessionPage: true });
  });

  app.post('/session/stay', { preHandler: app.csrfProtection }, async (request, reply) => {
    const returnTo = localPath(field(request, 'return')) ?? '/registration';
    if (!request.citizen) return reply.redirect(`/session/ended?return=${encodeURIComponent(returnTo)}`, 303);
    return reply.redirect(returnTo, 303);
  });

  app.get('/session/ended', noAct, async (request, reply) => {
    const returnTo = localPath(parameter(request, 'return')) ?? '/registration';
    // The page asked for this by its own clock; if something was done in another tab meanwhile, it is not over.
    if (request.citizen) return reply.redirect(`/session/ending?return=${encodeURIComponent(returnTo)}`, 303);
    const station = request.session.get('station');
    if (station) return reply.redirect(stationAfter(station, 'over'), 303);
    const { t } = request.words;
    // Signing out in another tab takes the cookie away, and with it the knowledge of what happened.
    const lapsed = request.session.get('over') === 'lapsed';
    return reply.page('message.njk', {
      title: lapsed ? t.session.endedTitle : t.session.overTitle,
      paragraphs: [lapsed ? t.session.endedText : t.session.overText, t.session.endedKept],
      actions: [
        { href: signInAddress(request, returnTo), text: t.session.signInAgain },
        { href: '/', text: t.session.backToFront },
      ],
    });
  });

  app.post('/session/leave', { ...noAct, preHandler: app.csrfProtection }, async (request, reply) => {
    const station = request.session.get('station');
    await request.signOut();
    return reply.redirect(station ? stationAfter(station, 'finished') : '/session/left', 303);
  });

  app.get('/session/left', noAct, async (request, reply) => {
    const { t } = request.words;
    return reply.page('message.njk', {
      title: t.session.signedOutTitle,
      paragraphs: [t.session.signedOutText],
      actions: [{ href: '/', text: t.session.backToFront }],
    });
  });

  const remaining = (expiresAt: Date | undefined): number =>
    expiresAt ? Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000)) : 0;
  app.get('/session/remaining', noAct, async (request) => ({
    remainingSeconds: remaining(request.citizen?.expiresAt),
  }));
  app.get('/session/renewal', async (request) => ({
    remainingSeconds: remaining(request.citizen?.expiresAt),
  }));
}
