/** The API's description, made from the schemas that validate, and a page to read and try it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';

import { projectRoot } from '../../config/project-root';
import { sessionCookieName } from './session';

export interface OpenApiOptions {
  readonly secure: boolean;
}

export const openApiPlugin = fp<OpenApiOptions>(
  async (app, { secure }) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: '疫約 Yiyue',
          version: projectVersion(),
          description:
            'Intent registration, booking and attendance. Errors are problem documents (RFC 9457) with a stable `code` and text in Chinese and English. Writes honour `Idempotency-Key`.',
          license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        },
        components: {
          securitySchemes: {
            session: { type: 'apiKey', in: 'cookie', name: sessionCookieName(secure) },
            stationKey: { type: 'http', scheme: 'bearer' },
            stationStaff: { type: 'apiKey', in: 'header', name: 'Station-Staff' },
            operatorKey: { type: 'http', scheme: 'bearer' },
          },
        },
        tags: [
          { name: 'sign-in', description: 'Captcha and sessions' },
          { name: 'card bridge', description: 'Programs beside card readers, and what they read (讀卡程式)' },
          { name: 'devices', description: 'Bound devices and their codes (裝置認證)' },
          { name: 'rounds', description: 'What is open' },
          { name: 'registration', description: 'Intent registration (意願登記)' },
          { name: 'booking', description: 'Invitations, sites, appointments (預約)' },
          { name: 'waiting list', description: 'Places that others give back (候補)' },
          { name: 'family', description: 'Acting for a child or an elder (家人代辦)' },
          { name: 'leftover doses', description: 'Doses left over at closing time (剩餘疫苗)' },
          {
            name: 'station',
            description: 'Kiosks, pharmacies, health centres, hotlines, desks at the sites',
          },
          { name: 'staff', description: 'Operators of the authority' },
        ],
      },
      transform: ({ schema, url }) => ({
        // Whatever is not part of the API is no matter of its description.
        schema: url.startsWith('/v1/') ? schema : { ...schema, hide: true },
        url,
      }),
    });
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { url: '/openapi.json' },
      logo: { type: 'image/svg+xml', content: readFileSync(path.join(projectRoot, 'web/pictures/seal.svg')) },
      // The page's own scripts and styles are served from here; what the tool draws needs images from data: only.
      staticCSP: {
        'default-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'frame-ancestors': ["'none'"],
        'base-uri': ["'self'"],
        'object-src': ["'none'"],
      },
    });
    app.get(
      '/openapi.json',
      { config: { session: false, act: false }, schema: { hide: true } },
      async (_request, reply) => reply.header('cache-control', 'no-cache').send(app.swagger()),
    );
  },
  { name: 'openapi' },
);

/** Read, not imported: the compiler would copy `package.json` into its output and so move the project's root. */
function projectVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
