/** The key that a station or an operator sends along: a bearer token (RFC 6750). */
import type { FastifyRequest } from 'fastify';

const bearer = /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i;

/** The token of `Authorization: Bearer …`; undefined when none was sent in that form. */
export function bearerToken(request: FastifyRequest): string | undefined {
  return bearer.exec(request.headers.authorization ?? '')?.[1];
}
