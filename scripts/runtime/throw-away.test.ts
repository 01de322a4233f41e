import { rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeThrowAwayFolder, throwAwayPlace } from './throw-away';

const gigabyte = 1_024 ** 3;

test.each([
  ['in memory where there is plenty of it', {}, 8 * gigabyte, '/dev/shm'],
  ['on the disk where there is little, as in most containers', {}, gigabyte / 16, os.tmpdir()],
  ['on the disk where no files are kept in memory', {}, 0, os.tmpdir()],
  ['where somebody wants them', { TMPDIR: os.tmpdir() }, 8 * gigabyte, os.tmpdir()],
])('throw-away data stand %s', (_where, environment, free, place) => {
  expect(throwAwayPlace(environment, () => free)).toBe(place);
});

test('each installation has a folder of its own that the database’s account may enter', async () => {
  const made = [await makeThrowAwayFolder('yiyue-own-'), await makeThrowAwayFolder('yiyue-own-')];
  try {
    expect(new Set(made).size).toBe(2);
    for (const folder of made) {
      expect(path.basename(folder)).toMatch(/^yiyue-own-/);
      expect(statSync(folder).mode & 0o777).toBe(0o755);
    }
  } finally {
    for (const folder of made) rmSync(folder, { recursive: true });
  }
});
