/** Turns whatever goes wrong into a problem document: refusals, malformed requests, a ledger that is away, our own faults. */
import type { IncomingMessage } from 'node:http';
import { types } from 'node:util';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import { errorFacts } from '../logging';
import {
  languageOf,
  problemDocument,
  problemHeaders,
  RefusedRequest,
  retryAfterDefaultSeconds,
  type AnyRefusal,
} from '../problems';
import { fieldProblems, isValidationFailure } from '../field-problems';

declare module 'fastify' {
  interface FastifyReply {
    /** Answers with the problem document of a refusal. */
    refuse(refusal: AnyRefusal): FastifyReply;
  }
}

/** SQLSTATE classes of a server that is away, ends, has no room or no time; and an undefined table: not migrated yet. */
const awayStates = /^(08|53|57P)|^(25P03|40P01|40001|55P03|57014)$/;
const notMigratedStates = new Set(['42P01', '3F000', '42883']);
const awaySystemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOENT',
]);
const awayMessages =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Cannot use a pool after)/;

/** Why an error of the driver means that the ledger cannot be used now; `undefined` when it means something else. */
export function ledgerTrouble(error: unknown): 'notReady' | 'ledgerUnavailable' | undefined {
  if (!types.isNativeError(error)) return undefined;
  // A host with several addresses fails once for each.
  if ('errors' in error && Array.isArray(error.errors)) return ledgerTrouble(error.errors[0]);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (notMigratedStates.has(code)) return 'notReady';
  if (awayStates.test(code) || awaySystemCodes.has(code) || awayMessages.test(error.message)) {
    return 'ledgerUnavailable';
  }
  return undefined;
}

/** What to answer for an error of any origin. Our own faults become `internalError`, telling nothing. */
export function refusalOf(error: unknown): AnyRefusal {
  if (error instanceof RefusedRequest) return error.refusal;
  if (isValidationFailure(error)) return { code: 'requestInvalid', errors: fieldProblems(error) };
  const trouble = ledgerTrouble(error);
  if (trouble) return { code: trouble, retryAfterSeconds: retryAfterDefaultSeconds };
  return refusalOfFrameworkError(error as Partial<FastifyError>);
}

function refusalOfFrameworkError({ code, statusCode = 500 }: Partial<FastifyError>): AnyRefusal {
  if (code === 'FST_UNDER_PRESSURE')
    return { code: 'overloaded', retryAfterSeconds: retryAfterDefaultSeconds };
  if (code?.startsWith('FST_CSRF_') === true) return { code: 'formExpired' };
  if (statusCode === 404) return { code: 'pageUnknown' };
  if (statusCode === 413) return { code: 'bodyTooLarge' };
  if (statusCode === 415) return { code: 'mediaTypeUnsupported' };
  if (statusCode >= 400 && statusCode < 500) return { code: 'requestInvalid', errors: [] };
  return { code: 'internalError' };
}

/** Answers as JSON; pages set an error handler of their own and use `refusalOf`. */
export const refusalsPlugin = fp(
  async (app) => {
    app.decorateReply('refuse', refuse);
    app.setErrorHandler((error, request, reply) => {
      const refusal = refusalOf(error);
      noteRefusal(request, refusal, error);
      return reply.refuse(refusal);
    });
  },
  { name: 'refusals' },
);

/** Logs what operations should see; refusals are everyday and are counted, not logged. */
export function noteRefusal(request: FastifyRequest, refusal: AnyRefusal, error: unknown): void {
  if (refusal.code === 'internalError') request.log.error(errorFacts(error), 'a request failed');
  if (refusal.code === 'ledgerUnavailable') request.log.warn(errorFacts(error), 'the ledger is away');
}

/**
 * What the router is given. An address whose escapes cannot be read has no page; whoever asks for one with a browser
 * is taken to where none is and reads so. Programs, and whoever calls the API, are told that the address is wrong.
 */
export function pageOfUnreadable({ url = '/', headers }: IncomingMessage): string {
  if (!url.includes('%') || url.startsWith('/v1/')) return url;
  if (headers.accept?.includes('text/html') !== true) return url;
  try {
    decodeURIComponent(url.split('?', 1)[0] ?? '');
    return url;
  } catch {
    return '/nowhere';
  }
}

/**
 * Answers for an address that the router itself refuses, before any plugin is there. Fastify's own answer would
 * repeat the address, and with it whatever somebody typed into it.
 */
export function refuseUnroutable(_: Error, request: FastifyRequest, reply: FastifyReply): void {
  void sendProblem(reply, { code: 'requestInvalid', errors: [] }, request.headers['accept-language']);
}

function refuse(this: FastifyReply, refusal: AnyRefusal): FastifyReply {
  return sendProblem(this, refusal, this.request.headers['accept-language']);
}

function sendProblem(
  reply: FastifyReply,
  refusal: AnyRefusal,
  acceptLanguage: string | undefined,
): FastifyReply {
  const document = problemDocument(refusal, languageOf(acceptLanguage));
  return reply
    .code(document.status)
    .headers({
      ...problemHeaders(refusal),
      'content-language': document.title === document.zh.title ? 'zh-TW' : 'en',
    })
    .type('application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(document);
}
