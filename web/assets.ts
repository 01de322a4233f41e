/**
 * Styles, scripts and pictures of the pages, read once, compressed once, served under addresses that change with
 * their content. They come from three packages and one of them is rewritten on the way, hence no folder on disk.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { projectRoot } from '../config/project-root';

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly brotli: Buffer;
}

const css = 'text/css; charset=utf-8';
const javascript = 'text/javascript; charset=utf-8';
const svg = 'image/svg+xml; charset=utf-8';
const png = 'image/png';

/** Every asset: its public name, where it comes from, and what is changed in it. */
const sources: readonly { name: string; type: string; from: string; change?: (text: string) => string }[] = [
  {
    name: 'govuk-frontend.css',
    type: css,
    from: 'node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css',
    change: withoutLicensedFont,
  },
  { name: 'yiyue.css', type: css, from: 'web/styles/yiyue.css' },
  { name: 'components.css', type: css, from: 'web/styles/components.css' },
  { name: 'station.css', type: css, from: 'web/styles/station.css' },
  { name: 'print.css', type: css, from: 'web/styles/print.css' },
  { name: 'altcha.css', type: css, from: 'node_modules/altcha/dist/external/altcha.css' },
  {
    name: 'govuk-frontend.js',
    type: javascript,
    from: 'node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js',
  },
  { name: 'altcha.js', type: javascript, from: 'node_modules/altcha/dist/external/altcha.min.js' },
  { name: 'altcha-zh-tw.js', type: javascript, from: 'node_modules/altcha/dist/i18n/zh-tw.js' },
  { name: 'altcha-en.js', type: javascript, from: 'node_modules/altcha/dist/i18n/en.js' },
  { name: 'altcha-pbkdf2.js', type: javascript, from: 'node_modules/altcha/dist/workers/pbkdf2.js' },
  { name: 'altcha-sha.js', type: javascript, from: 'node_modules/altcha/dist/workers/sha.js' },
  { name: 'page.js', type: javascript, from: 'web/browser/page.js' },
  { name: 'captcha.js', type: javascript, from: 'web/browser/captcha.js' },
  { name: 'card-read.js', type: javascript, from: 'web/browser/card-read.js' },
  { name: 'certificate-sign.js', type: javascript, from: 'web/browser/certificate-sign.js' },
  { name: 'session.js', type: javascript, from: 'web/browser/session.js' },
  { name: 'station.js', type: javascript, from: 'web/browser/station.js' },
  { name: 'waiting-room.js', type: javascript, from: 'web/browser/waiting-room.js' },
  { name: 'card-bridge.js', type: javascript, from: 'web/browser/card-bridge.js' },
  { name: 'environment.js', type: javascript, from: 'web/browser/environment.js' },
  { name: 'device.js', type: javascript, from: 'web/browser/device.js' },
  { name: 'app.js', type: javascript, from: 'web/browser/app.js' },
  { name: 'seal.svg', type: svg, from: 'web/pictures/seal.svg' },
  { name: 'app-192.png', type: png, from: 'web/pictures/app-192.png' },
  { name: 'app-512.png', type: png, from: 'web/pictures/app-512.png' },
  { name: 'app-maskable-512.png', type: png, from: 'web/pictures/app-maskable-512.png' },
];

/**
 * The GDS Transport typeface is licensed for gov.uk alone: its `@font-face` rules go, and every mention of it
 * becomes the page's own type.
 */
export function withoutLicensedFont(stylesheet: string): string {
  return stylesheet
    .replace(/@font-face\{[^}]*\}/g, '')
    .replace(/"?GDS Transport"?,\s*arial,\s*sans-serif/gi, 'var(--yiyue-type)')
    .replace(/\/\*# sourceMappingURL=.*?\*\//g, '');
}

function load(): ReadonlyMap<string, Asset> {
  return new Map(
    sources.map(({ name, type, from, change }) => {
      const file = readFileSync(path.join(projectRoot, from));
      const plain = change ? Buffer.from(change(file.toString('utf8'))) : file;
      const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
      return [name, { type, plain, gzip: gzipSync(plain), brotli }];
    }),
  );
}

/** Where an asset is to be had. */
export type AssetAddress = (name: string) => string;

/** Serves the assets and gives the function that names their addresses. */
export function serveAssets(app: FastifyInstance): AssetAddress {
  const assets = load();
  const digest = createHash('sha256');
  for (const { plain } of assets.values()) digest.update(plain);
  const version = digest.digest('hex').slice(0, 12);

  app.get<{ Params: { version: string; name: string } }>('/assets/:version/:name', async (request, reply) => {
    const asset = assets.get(request.params.name);
    if (!asset) return reply.callNotFound();
    // An address of an older release still answers, but is asked for again next time.
    const current = request.params.version === version;
    void reply
      .header('cache-control', current ? 'public, max-age=31536000, immutable' : 'no-cache')
      .header('vary', 'accept-encoding')
      .type(asset.type);
    const encodings = request.headers['accept-encoding'] ?? '';
    if (/\bbr\b/.test(encodings)) return reply.header('content-encoding', 'br').send(asset.brotli);
    if (/\bgzip\b/.test(encodings)) return reply.header('content-encoding', 'gzip').send(asset.gzip);
    return reply.send(asset.plain);
  });
  app.get('/favicon.ico', async (_request, reply) => reply.redirect(`/assets/${version}/seal.svg`));

  return (name) => {
    if (!assets.has(name)) throw new Error(`There is no asset ${name}.`);
    return `/assets/${version}/${name}`;
  };
}
