/** What the log may hold: an allow-list. Never a body, a query, a header, a full address or an error's own words. */
import { types } from 'node:util';
import type { FastifyServerOptions } from 'fastify';

/** Settings of pino for the app. `level` `silent` keeps tests quiet. */
export function logging(
  level: string,
  stream?: { write(line: string): void },
): FastifyServerOptions['logger'] {
  return {
    level,
    base: null,
    serializers: {
      // Whoever logs a request or a reply by habit logs these and nothing else.
      req: (request) => ({ method: request.method, route: request.routeOptions.url ?? 'unknown' }),
      res: (reply) => ({ statusCode: reply.statusCode }),
      err: (error) => {
        const { frames = '', code = '', ...facts } = errorFacts(error);
        return { ...facts, message: code, stack: frames };
      },
    },
    ...(stream ? { stream } : {}),
  };
}

export interface ErrorFacts {
  readonly type: string;
  readonly code?: string;
  /** Name of the violated constraint, never the row that violated it. */
  readonly constraint?: string;
  /** Where in the code; the message is left out, since the database and parsers quote what was sent. */
  readonly frames?: string;
}

/** An error without its words: messages of the database, of parsers and of validators quote what people sent. */
export function errorFacts(error: unknown): ErrorFacts {
  if (!types.isNativeError(error)) return { type: typeof error };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12);
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof constraint === 'string' ? { constraint } : {}),
    ...(frames.length > 0 ? { frames: frames.map((line) => line.trim()).join(' | ') } : {}),
  };
}
