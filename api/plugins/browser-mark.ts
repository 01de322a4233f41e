/**
 * A long-lived mark by which a browser is recognised where somebody signs in: random, signed by us, and nothing else.
 * It lets nobody in. It only decides whose tries count together, so that the owner's own browser keeps its tries while
 * others guess (docs/decisions/0025-each-way-in-by-itself.md).
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

/** The browser that a try comes from. */
export interface BrowserMark {
  readonly id: string;
  /** Made for this request: it came without one. */
  readonly isNew: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The mark that came with the request, or a new one for it; none for a program, which has no use for it. */
    browserMark(): BrowserMark | undefined;
  }
  interface FastifyReply {
    /** Gives a browser its mark to keep, for another half year. */
    keepBrowserMark(): void;
  }
}

export interface BrowserMarkOptions {
  /** 32 bytes, the same on all processes. */
  readonly key: Buffer;
  /** True when citizens come by https. */
  readonly secure: boolean;
}

const keptSeconds = 180 * 86_400;
const made = Symbol('browser mark');

export const browserMarkPlugin = fp<BrowserMarkOptions>(
  async (app, { key, secure }) => {
    const cookieName = secure ? '__Host-yiyue-browser' : 'yiyue-browser';
    const secret = createHmac('sha256', key).update('browser mark').digest();
    const signed = (id: string): string => createHmac('sha256', secret).update(id).digest('base64url');

    function opened(cookie: string | undefined): string | undefined {
      const [, id = '', signature = ''] = /^([\w-]{22})\.([\w-]{43})$/.exec(cookie ?? '') ?? [];
      if (id === '') return undefined;
      return timingSafeEqual(Buffer.from(signature), Buffer.from(signed(id))) ? id : undefined;
    }

    app.decorateRequest('browserMark', function browserMark(this: FastifyRequest & { [made]?: BrowserMark }) {
      const id = opened(this.cookies[cookieName]);
      if (id !== undefined) return { id, isNew: false };
      // Every browser of these years says by itself for whom it asks.
      if (this.headers['sec-fetch-site'] === undefined) return undefined;
      this[made] ??= { id: randomBytes(16).toString('base64url'), isNew: true };
      return this[made];
    });
    app.decorateReply('keepBrowserMark', function keepBrowserMark(this: FastifyReply) {
      const mark = this.request.browserMark();
      if (!mark) return;
      const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: keptSeconds } as const;
      void this.setCookie(cookieName, `${mark.id}.${signed(mark.id)}`, cookie);
    });
  },
  { name: 'browser-mark', dependencies: ['session'] },
);
