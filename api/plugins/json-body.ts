/** Bodies are JSON in well-formed UTF-8 and nothing else; forms are read by the pages alone. */
import { isUtf8 } from 'node:buffer';
import type { FastifyError } from 'fastify';
import fp from 'fastify-plugin';

export const jsonBodyPlugin = fp(
  async (app) => {
    app.removeAllContentTypeParsers();
    const parse = app.getDefaultJsonParser('error', 'error');
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
      // A DELETE with the content type of JSON and an empty body asks for nothing more than its address says.
      if (body.length === 0) return done(null, undefined);
      const bytes = body as Buffer;
      if (!isUtf8(bytes)) return done(badRequest());
      const text = bytes.toString('utf8');
      return parse(request, text, (error, value) => done(error ? badRequest() : null, value));
    });
  },
  { name: 'json-body' },
);

/** Without the parser's words: they quote the text. */
function badRequest(): FastifyError {
  return Object.assign(new Error('the body is not JSON'), {
    name: 'FastifyError' as const,
    code: 'FST_ERR_CTP_INVALID_JSON_BODY',
    statusCode: 400,
  });
}
