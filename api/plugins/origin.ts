/** Refuses writes that another web site made a browser send; programs without a browser send neither header. */
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import { RefusedRequest } from '../problems';

export interface OriginPluginOptions {
  /** Origin under which citizens come; empty: that of the request itself. */
  readonly publicOrigin: string;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The origin under which this request came to us, e.g. `https://vaccine.example`. */
    ownOrigin(request: FastifyRequest): string;
  }
}

const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Guards the JSON routes; forms are guarded by tokens. `Sec-Fetch-Site` decides where the browser sends it; older
 * ones send `Origin` alone.
 */
export const originPlugin = fp<OriginPluginOptions>(
  async (app, { publicOrigin }) => {
    const ownOrigin = (request: FastifyRequest): string =>
      publicOrigin === '' ? `${request.protocol}://${request.host}` : publicOrigin;
    app.decorate('ownOrigin', ownOrigin);
    app.addHook('onRequest', (request, _reply, done) => {
      const guarded = !reads.has(request.method) && request.url.startsWith('/v1/');
      if (guarded && !isOwn(request, ownOrigin(request))) done(new RefusedRequest({ code: 'originRefused' }));
      else done();
    });
  },
  { name: 'origin' },
);

function isOwn(request: FastifyRequest, ownOrigin: string): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin } = request.headers;
  if (origin === undefined) return true;
  return origin === ownOrigin;
}
