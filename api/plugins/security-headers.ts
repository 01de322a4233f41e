/** Headers that keep pages from being framed, scripts from elsewhere from running and personal answers from caches. */
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import fastify from 'fastify';
import fp from 'fastify-plugin';

export interface SecurityHeadersOptions {
  /** True when citizens come by https: HSTS then, and insecure requests are upgraded. */
  readonly secure: boolean;
}

/** What the pages use of a browser's powers: nothing. */
const permissionsPolicy =
  'camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()';

export const securityHeadersPlugin = fp<SecurityHeadersOptions>(
  async (app, { secure }) => {
    const headers = await headersBy({
      global: true,
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          // The barcode of a booking and the icons in stylesheets are data: images.
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'"],
          connectSrc: ["'self'"],
          workerSrc: ["'self'"],
          manifestSrc: ["'self'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
          baseUri: ["'none'"],
          ...(secure ? { upgradeInsecureRequests: [] } : {}),
        },
      },
      strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: true } : false,
      referrerPolicy: { policy: 'no-referrer' },
      frameguard: { action: 'deny' },
      crossOriginOpenerPolicy: { policy: 'same-origin' },
      crossOriginResourcePolicy: { policy: 'same-origin' },
    });
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers);
      done();
    });
    app.addHook('onSend', (_request, reply, _payload, done) => {
      // Whoever may be cached says so; everything else may hold what is personal.
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
      done();
    });
  },
  { name: 'security-headers' },
);

/** Headers of every answer, whoever gives them: they are no matter of this. */
const ofAnyAnswer = new Set(['content-type', 'content-length', 'date', 'connection']);

/** What helmet sets, worked out once: it is the same for every answer, and writing it anew was dear at the opening. */
async function headersBy(options: FastifyHelmetOptions): Promise<Readonly<Record<string, string>>> {
  const sample = fastify();
  await sample.register(helmet, options);
  sample.get('/', async () => '');
  const answer = await sample.inject('/');
  await sample.close();
  const set = Object.entries(answer.headers).filter(([name]) => !ofAnyAnswer.has(name));
  return {
    ...Object.fromEntries(set.map(([name, value]) => [name, String(value)])),
    'permissions-policy': permissionsPolicy,
  };
}
