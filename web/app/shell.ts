/** What makes the pages an app on a phone: the manifest, and the service worker with the one page that it keeps. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';

import { projectRoot } from '../../config/project-root';
import type { AssetAddress } from '../assets';

/** What the shell keeps: nothing of it differs from person to person. */
const keptAssets = [
  'govuk-frontend.css',
  'yiyue.css',
  'components.css',
  'govuk-frontend.js',
  'page.js',
  'seal.svg',
] as const;
const offline = '/app/offline';
const hourSeconds = 3_600;
/** The same for everybody, so it asks for no session and keeps none alive. */
const impersonal = { config: { session: false, act: false } } as const;

/** Registers the manifest, the service worker and the page without connection. */
export function serveShell(app: FastifyInstance, asset: AssetAddress): void {
  const addresses = [...keptAssets.map(asset), offline];
  const worker = readFileSync(path.join(projectRoot, 'web/browser/service-worker.js'), 'utf8').replace(
    /\/\* the shell \*\/ \{[^}]*\}/,
    JSON.stringify({ name: `yiyue-${asset('page.js').split('/')[2] ?? ''}`, addresses, offline }),
  );

  app.get('/service-worker.js', impersonal, async (_request, reply) =>
    // Browsers ask for it anew by themselves; an old one must not be kept from noticing a new release.
    reply.type('text/javascript; charset=utf-8').header('cache-control', 'no-cache').send(worker),
  );

  app.get('/app/manifest.webmanifest', impersonal, async (request, reply) => {
    const { t, language } = request.words;
    return reply
      .type('application/manifest+json; charset=utf-8')
      .header('cache-control', `private, max-age=${hourSeconds}`)
      .send(
        JSON.stringify({
          id: '/app',
          name: t.app.name,
          short_name: t.service.name,
          description: t.app.description,
          lang: language === 'zh' ? 'zh-Hant-TW' : 'en',
          start_url: '/app',
          scope: '/',
          display: 'standalone',
          background_color: '#f6f4ee',
          theme_color: '#0f5350',
          icons: [
            { src: asset('app-192.png'), sizes: '192x192', type: 'image/png' },
            { src: asset('app-512.png'), sizes: '512x512', type: 'image/png' },
            { src: asset('app-maskable-512.png'), sizes: '512x512', type: 'image/png', purpose: 'maskable' },
            { src: asset('seal.svg'), sizes: 'any', type: 'image/svg+xml' },
          ],
        }),
      );
  });

  app.get(offline, impersonal, async (request, reply) => {
    const { t } = request.words;
    return reply.page('app/offline.njk', { title: t.app.offlineTitle });
  });
}
