/**
 * Answers that are the same for everybody, kept ready to send while what they tell is fresh. The first request for an
 * address is validated and answered by its route; the same address asked for again within the second gets the same
 * bytes, before anything else of the app is troubled.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { LRUCache } from 'lru-cache';

import type { Fresh } from '../fresh-readings';

declare module 'fastify' {
  interface FastifyReply {
    /** Sends `body` by the route's schema for 200, with a validator, and keeps the answer while `fresh` is so. */
    sendWhileFresh(fresh: Fresh<unknown>, body: Readonly<Record<string, unknown>>): FastifyReply;
    /** Set by `sendWhileFresh`. */
    heldAnswer: Serialized | null;
  }
}

/** A body ready to send. */
interface Serialized {
  readonly body: Buffer;
  readonly etag: string;
  /** In the time of `performance.now()`. */
  readonly until: number;
}

interface HeldAnswer extends Serialized {
  /** Names and values in turn, as node takes them. */
  readonly headers: readonly string[];
  /** The same without those that describe a body. */
  readonly headersUnchanged: readonly string[];
}

/** Bytes of all bodies together. */
const mostBytes = 64 * 1024 * 1024;
/** Beyond this nobody types an address; such a one is answered, not kept. */
const longestAddress = 300;
const ownHeaders = new Set(['set-cookie', 'date', 'connection', 'keep-alive', 'transfer-encoding']);
const ofBody = new Set(['content-length', 'content-type']);

/**
 * Browsers and proxies may keep the list but ask each time whether it still holds: a second of theirs on top of ours
 * would make it two.
 */
const cacheControl = 'public, no-cache';

export const heldAnswersPlugin = fp(
  async (app) => {
    const held = new LRUCache<string, HeldAnswer>({
      maxSize: mostBytes,
      sizeCalculation: ({ body }) => body.length + 1_000,
    });
    // Of all who ask for the same list one has it put into bytes.
    const serialized = new WeakMap<Fresh<unknown>, Serialized>();

    app.decorateReply('heldAnswer', null);
    app.decorateReply('sendWhileFresh', function sendWhileFresh(fresh, body) {
      let answer = serialized.get(fresh);
      if (!answer) {
        answer = serialize(this, fresh, body);
        serialized.set(fresh, answer);
      }
      this.heldAnswer = answer;
      void this.header('cache-control', cacheControl).header('etag', answer.etag);
      if (isUnchanged(this.request, answer)) return this.code(304).send();
      return this.type('application/json; charset=utf-8').send(answer.body);
    });

    app.addHook('onRequest', (request, reply, done) => {
      const answer = request.method === 'GET' ? held.get(request.raw.url ?? '') : undefined;
      if (!answer || answer.until <= performance.now()) return done();
      reply.hijack();
      if (isUnchanged(request, answer)) reply.raw.writeHead(304, [...answer.headersUnchanged]).end();
      else reply.raw.writeHead(200, [...answer.headers]).end(answer.body);
      return undefined;
    });

    app.addHook('onResponse', async (request, reply) => {
      const { heldAnswer } = reply;
      const address = request.raw.url ?? '';
      if (!heldAnswer || reply.statusCode !== 200 || request.method !== 'GET') return;
      if (address.length > longestAddress) return;
      held.set(address, { ...heldAnswer, ...headersOf(reply) });
    });
  },
  { name: 'held-answers' },
);

function serialize(
  reply: FastifyReply,
  { until }: Fresh<unknown>,
  payload: Record<string, unknown>,
): Serialized {
  const body = Buffer.from(String(reply.serializeInput(payload, '200')));
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  return { body, etag, until };
}

function headersOf(reply: FastifyReply): Pick<HeldAnswer, 'headers' | 'headersUnchanged'> {
  const entries = Object.entries(reply.getHeaders())
    .filter(([name, value]) => value !== undefined && !ownHeaders.has(name))
    .map(([name, value]) => [name, String(value)] as const);
  return {
    headers: entries.flat(),
    headersUnchanged: entries.filter(([name]) => !ofBody.has(name)).flat(),
  };
}

/** Does the asker hold these bytes already? A list of validators, weak ones too, may be sent (RFC 9110, 13.1.2). */
function isUnchanged({ headers }: FastifyRequest, { etag }: Serialized): boolean {
  return headers['if-none-match']?.includes(etag) ?? false;
}
