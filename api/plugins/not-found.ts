/** Addresses where nothing is, and methods that an address does not take (405 with `Allow`). */
import fp from 'fastify-plugin';

export const notFoundPlugin = fp(
  async (app) => {
    const methodsByPattern = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

    app.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return;
      const known = methodsByPattern.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
      for (const each of [method].flat()) known.methods.add(each);
      methodsByPattern.set(url, known);
    });

    app.setNotFoundHandler((request, reply) => {
      const path = request.url.split('?', 1)[0] ?? '';
      const allow = [...methodsByPattern.values()]
        .filter(({ pattern }) => pattern.test(path))
        .flatMap(({ methods }) => [...methods]);
      return reply.refuse(
        allow.length > 0 && !allow.includes(request.method)
          ? { code: 'methodNotAllowed', allow: [...new Set(allow)].sort() }
          : { code: 'pageUnknown' },
      );
    });
  },
  { name: 'not-found', dependencies: ['refusals'] },
);

/** `/v1/sites/:siteId/slots` as a regular expression over paths; our patterns have plain parameters only. */
function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}
