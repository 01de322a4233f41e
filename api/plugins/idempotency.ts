/** Reads `Idempotency-Key` on writes and binds it to what was asked, so that a repeated request is done once. */
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import type { CommandContext } from '../../ledger/citizen-command';
import type { LedgerKeys } from '../../ledger/encryption';
import { requestHash } from '../../ledger/idempotency';
import { RefusedRequest } from '../problems';

export type Idempotency = NonNullable<CommandContext['idempotency']>;

declare module 'fastify' {
  interface FastifyRequest {
    /** The key of this write with the hash of what it asks; `undefined` when none was sent. */
    idempotency: Idempotency | undefined;
  }
}

/** 1–128 visible ASCII characters; the draft's structured-field quotes are taken as part of the key. */
const form = /^[\x21-\x7e]{1,128}$/;

const writes = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Binds `key` to the parts of a request; pages use it with a key that stands in their form. */
export function idempotencyOf(
  keys: LedgerKeys,
  key: string,
  method: string,
  path: string,
  body: unknown,
): Idempotency {
  if (!form.test(key)) throw new RefusedRequest({ code: 'idempotencyKeyInvalid' });
  return { key, requestHash: requestHash(keys, method, path, body) };
}

export const idempotencyPlugin = fp(
  async (app) => {
    app.decorateRequest('idempotency', undefined);
    app.addHook('preValidation', (request: FastifyRequest, _reply, done) => {
      const key = request.headers['idempotency-key'];
      if (key === undefined || !writes.has(request.method)) return done();
      try {
        const { method, url, body } = request;
        request.idempotency = idempotencyOf(app.ledger.keys, String(key), method, url, body);
      } catch (refusal) {
        return done(refusal as Error);
      }
      return done();
    });
  },
  { name: 'idempotency', dependencies: ['ledger'] },
);
