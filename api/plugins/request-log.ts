/** One line a request: method, route pattern, status, time and id. Never an address, a query, a body or a header. */
import fp from 'fastify-plugin';

export const requestLogPlugin = fp(
  async (app) => {
    app.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      const ms = Math.round(reply.elapsedTime);
      const line = { method: request.method, route, status: reply.statusCode, ms };
      if (reply.statusCode >= 500) request.log.warn(line, 'answered');
      else request.log.info(line, 'answered');
      done();
    });
  },
  { name: 'request-log' },
);
