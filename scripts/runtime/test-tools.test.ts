import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findBrowser, onPath } from './test-tools';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'yiyue-tools-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, mode = 0o755): string {
  const file = path.join(folder, name);
  writeFileSync(file, '');
  chmodSync(file, mode);
  return file;
}

test('a browser is the one that is named, else the first on the search path', () => {
  const found = program('chromium');
  expect(findBrowser({ PATH: folder })).toBe(found);
  expect(findBrowser({ PATH: folder, CHROMIUM_PATH: '/named' })).toBe('/named');
});

test('a file that cannot be run is no program', () => {
  program('docker-compose', 0o644);
  expect(onPath('docker-compose', { PATH: folder })).toBeUndefined();
  expect(onPath('docker-compose', {})).toBeUndefined();
});
