/**
 * The environment check (系統環境檢查) before the ways with card, certificate and app: what is needed, whether it is
 * there, and what to do where it is not. Only a passed check opens the sign-in page of that way (seed 002).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { letSpeakToBridge } from './card-bridge-policy';
import { checkedWays, environmentOf, type CheckedWay } from './environment-rules';
import { field, parameter } from './forms';
import { nextOf, pathOfNext } from './local-path';
import { refusalPage } from './refusals';
import { otherWays } from './sign-in/other-ways';

declare module '@fastify/secure-session' {
  interface SessionData {
    /** When this browser last passed the check of a way, epoch milliseconds. */
    checkedFor: Partial<Record<CheckedWay, number>>;
  }
}

/** A reader stays plugged in for as long as somebody reads and types; after that it is looked at again. */
const checkGoodForMs = 30 * 60_000;

/** Did this browser pass the check of the way a while ago? */
export function hasPassedCheck(request: FastifyRequest, way: CheckedWay): boolean {
  const at = request.session.get('checkedFor')?.[way];
  return typeof at === 'number' && Date.now() - at < checkGoodForMs;
}

/** Where the check of a way is, and back to where one was going. */
export function checkAddress(way: CheckedWay, to: string): string {
  return `/environment?way=${way}&next=${encodeURIComponent(nextOf(to))}`;
}

/** What the check of a way opens: the page of the card account that reads a card, else the page of the way in. */
function opensAt(way: CheckedWay, to: string): string {
  if (way === 'card' && to.startsWith('/account/card/read')) return to;
  return `/sign-in/${way}?next=${encodeURIComponent(nextOf(to))}`;
}

/** The way of that name, where it is offered: without authorities there is none by certificate. */
const wayOf = (app: FastifyInstance, name: string): CheckedWay | undefined =>
  checkedWays.find((way) => way === name && app.hasRoute({ method: 'GET', url: `/sign-in/${way}` }));

/** Registers `/environment`. `bridgeUrl` is where the bridge answers on the visitor's computer. */
export function environmentPages(app: FastifyInstance, { bridgeUrl }: { readonly bridgeUrl: string }): void {
  app.get('/environment', async (request, reply) => {
    const way = wayOf(app, parameter(request, 'way')) ?? 'card';
    return checkPage(app, request, reply, way, pathOfNext(parameter(request, 'next')), bridgeUrl);
  });

  app.post('/environment', { preHandler: app.csrfProtection }, async (request, reply) => {
    const way = wayOf(app, field(request, 'way'));
    if (!way) return refusalPage(request, reply, { code: 'requestInvalid', errors: [] });
    const to = pathOfNext(field(request, 'next'));
    const { system, browser } = environmentOf(request.headers['user-agent'] ?? '', way);
    // What scripts found out about the reader they say themselves: it guides people, and guards nothing.
    const rest = way === 'app' || field(request, 'reader') === 'passed';
    if (!system.passed || !browser.passed || !rest) return checkPage(app, request, reply, way, to, bridgeUrl);
    request.session.set('checkedFor', { ...request.session.get('checkedFor'), [way]: Date.now() });
    return reply.redirect(opensAt(way, to ?? '/registration'), 303);
  });
}

async function checkPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  way: CheckedWay,
  to: string | undefined,
  bridgeUrl: string,
): Promise<FastifyReply> {
  const { t } = request.words;
  if (way !== 'app') letSpeakToBridge(reply, bridgeUrl);
  const { system, browser } = environmentOf(request.headers['user-agent'] ?? '', way);
  const next = nextOf(to ?? '/registration');
  const forAccount = opensAt(way, `/${next}`) === `/${next}`;
  return reply.page('environment.njk', {
    title: t.environment.title,
    back: forAccount ? '/account/card' : `/sign-in?next=${encodeURIComponent(next)}`,
    way,
    next,
    here: checkAddress(way, `/${next}`),
    bridgeUrl,
    system: { ...system, advice: t.environment.systemAdvice[way] },
    browser: { ...browser, advice: t.environment.browserAdvice[way] },
    passed: system.passed && browser.passed,
    // Reading a card for its account has no other way: counters and self-service points are told on its own page.
    otherWays: forAccount ? [] : otherWays(app, request, `/sign-in/${way}`, `/${next}`),
    forAccount,
  });
}
