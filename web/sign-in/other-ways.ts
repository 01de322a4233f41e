/** The other ways in, offered below each of them: whoever cannot come in by one finds the next. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { nextOf } from '../local-path';
import type { OtherWay } from '../refusals';
import type { Words } from '../words';

/** Pages of ways in, the one that most people use first. */
const wayPages = [
  { path: '/sign-in', words: 'cardNumber' },
  { path: '/sign-in/app', words: 'app' },
  { path: '/sign-in/card', words: 'card' },
  { path: '/sign-in/certificate', words: 'certificate' },
  { path: '/sign-in/birth-date', words: 'birthDate' },
] as const satisfies readonly { path: string; words: keyof Words['t']['signIn']['ways'] }[];

/** The ways that have a page here, but for the one at `path`. `to`: where to go on after signing in. */
export function otherWays(
  app: FastifyInstance,
  request: FastifyRequest,
  path: string,
  to: string,
): readonly OtherWay[] {
  const { ways } = request.words.t.signIn;
  return wayPages
    .filter((way) => way.path !== path && app.hasRoute({ method: 'POST', url: way.path }))
    .map((way) => ({
      href: `${way.path}?next=${encodeURIComponent(nextOf(to))}`,
      ...ways[way.words],
    }));
}
