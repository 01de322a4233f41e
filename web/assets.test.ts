import { readFileSync } from 'node:fs';
import path from 'node:path';
import fastify from 'fastify';

import { projectRoot } from '../config/project-root';
import { serveAssets, withoutLicensedFont } from './assets';

test('the typeface that is licensed for gov.uk alone is neither loaded nor named', () => {
  const original = readFileSync(
    path.join(projectRoot, 'node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css'),
    'utf8',
  );
  expect(original).toContain('GDS Transport');
  const ours = withoutLicensedFont(original);
  expect(ours).not.toMatch(/GDS Transport|@font-face|fonts\//i);
  expect(ours).toContain('var(--yiyue-type)');
});

test('assets are kept for a year under an address of their content, and compressed', async () => {
  const app = fastify();
  const asset = serveAssets(app);
  const answer = await app.inject({ url: asset('yiyue.css'), headers: { 'accept-encoding': 'gzip, br' } });
  expect(answer.headers['content-encoding']).toBe('br');
  expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  const old = await app.inject('/assets/000000000000/yiyue.css');
  expect(old.statusCode).toBe(200);
  expect(old.headers['cache-control']).toBe('no-cache');
  expect((await app.inject('/assets/000000000000/package.json')).statusCode).toBe(404);
  expect(() => asset('nothing.css')).toThrow('no asset');
  await app.close();
});
