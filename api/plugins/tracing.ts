/** One span a request: method, route pattern and status, with everything that the request leads to below it. */
import { context, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import { tracer } from '../../config/tracing';

declare module 'fastify' {
  interface FastifyRequest {
    traceContext: Context | null;
  }
}

/**
 * A trace begins here; what a client sends as its own is not believed. The address itself stays out: only the route's
 * pattern is named, as in the log.
 */
export const tracingPlugin = fp(
  async (app) => {
    app.decorateRequest('traceContext', null);
    const within = (request: FastifyRequest, done: () => void) =>
      context.with(request.traceContext ?? context.active(), done);

    app.addHook('onRequest', (request, _reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      const span = tracer.startSpan(`${request.method} ${route}`, {
        kind: SpanKind.SERVER,
        root: true,
        attributes: { 'http.request.method': request.method, 'http.route': route },
      });
      request.traceContext = trace.setSpan(context.active(), span);
      within(request, done);
    });
    // Reading a body leaves the context in which the request came.
    app.addHook('preValidation', (request, _reply, done) => within(request, done));
    app.addHook('onResponse', async (request, reply) => {
      const span = request.traceContext && trace.getSpan(request.traceContext);
      if (!span) return;
      span.setAttribute('http.response.status_code', reply.statusCode);
      if (reply.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    // Who goes away before the answer leaves a span all the same.
    app.addHook('onRequestAbort', async (request) => {
      if (request.traceContext) trace.getSpan(request.traceContext)?.end();
    });
  },
  { name: 'tracing' },
);
