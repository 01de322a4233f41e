import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { temporalBinary } from './temporal-binary';
import type { BinarySearch } from './temporal-binary';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'yiyue-binary-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A machine with nothing on it: no Temporal, no Go, no way to the vendor. */
function bareMachine(): BinarySearch {
  return {
    say: () => undefined,
    searchPath: path.join(folder, 'path'),
    cacheFolder: path.join(folder, 'cache'),
    downloadBase: 'http://127.0.0.1:1',
  };
}

function programIn(place: string, text = '#!/bin/sh\necho temporal version 1.8.2\n'): string {
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, text);
  chmodSync(place, 0o755);
  return place;
}

/** The vendor's download site with an archive of its own kind. */
async function vendor(): Promise<{ base: string; asked: string[]; close: () => Promise<void> }> {
  const content = path.join(folder, 'content');
  programIn(path.join(content, 'temporal'));
  const archive = path.join(folder, 'archive.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', content, 'temporal']);
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(readFileSync(archive));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    asked,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

describe('the Temporal CLI', () => {
  test('is taken from PATH first', async () => {
    const machine = bareMachine();
    programIn(path.join(folder, 'cache/temporal-1.8.2'));
    const onPath = programIn(path.join(folder, 'path/temporal'));
    expect(await temporalBinary(machine)).toBe(onPath);
  });

  test('on PATH that does not run here is passed over', async () => {
    programIn(path.join(folder, 'path/temporal'), '#!/bin/sh\nexit 1\n');
    const cached = programIn(path.join(folder, 'cache/temporal-1.8.2'));
    expect(await temporalBinary(bareMachine())).toBe(cached);
  });

  test('is downloaded in the pinned version, once', async () => {
    const site = await vendor();
    const machine = { ...bareMachine(), downloadBase: site.base };
    const first = await temporalBinary(machine);
    expect(await temporalBinary(machine)).toBe(first);
    await site.close();
    expect(site.asked).toEqual([expect.stringMatching(/^\/cli\/archive\/v1\.8\.2\?platform=\w+&arch=\w+$/)]);
    expect(readdirSync(path.join(folder, 'cache'))).toEqual(['temporal-1.8.2']);
  });

  test('is made by one process at a time', async () => {
    const site = await vendor();
    const machine = { ...bareMachine(), downloadBase: site.base };
    const both = await Promise.all([temporalBinary(machine), temporalBinary(machine)]);
    await site.close();
    expect(both[0]).toBe(both[1]);
    expect(site.asked).toHaveLength(1);
  });

  test('is made although a killed start left its lock', async () => {
    const site = await vendor();
    mkdirSync(path.join(folder, 'cache/temporal-1.8.2.lock'), { recursive: true });
    writeFileSync(path.join(folder, 'cache/temporal-1.8.2.lock/owner.json'), '{"pid":1,"startedAt":"never"}');
    await temporalBinary({ ...bareMachine(), downloadBase: site.base });
    await site.close();
  });

  test('that can be had in no way is told in one sentence', async () => {
    const failure = await temporalBinary(bareMachine()).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'PlainFailure',
      message: expect.stringMatching(/^Temporal is missing: .*TEMPORAL_ADDRESS\.$/),
    });
    expect(existsSync(path.join(folder, 'cache/temporal-1.8.2.lock'))).toBe(false);
  });
});
