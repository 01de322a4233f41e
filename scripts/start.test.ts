import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { projectRoot } from '../config/project-root';
import { settingDescriptions } from '../config/settings';
import { freePort } from './runtime/ports';

/** `npm start` without npm: what a person sees, and the process to press Ctrl-C on. */
interface Start {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
}

let home: string;
let port: number;
const starts: Start[] = [];

beforeAll(async () => {
  home = mkdtempSync(path.join(os.tmpdir(), 'yiyue-start-'));
  chmodSync(home, 0o755);
  port = await freePort();
});

afterAll(async () => {
  for (const { child, ended } of starts.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
  await until('everything is gone', () => processesOf(home).length === 0);
  rmSync(home, { recursive: true, force: true });
}, 60_000);

function start(args: readonly string[] = [], more: Readonly<Record<string, string>> = {}): Start {
  const child = spawn(process.execPath, [path.join(projectRoot, 'scripts/bootstrap.mjs'), 'start', ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      YIYUE_HOME: home,
      PORT: String(port),
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const one = { child, ended, output: () => output };
  starts.push(one);
  return one;
}

async function until(what: string, condition: () => boolean, seconds = 120): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Not within ${String(seconds)} s: ${what}.`);
    await pause(50);
  }
}

async function running(one: Start): Promise<void> {
  await until(
    `it runs; it said:\n${one.output()}`,
    () => one.output().includes('Yiyue runs') || one.child.exitCode !== null,
  );
  if (!one.output().includes('Yiyue runs')) throw new Error(one.output());
}

/** The lines that show the stations' keys. */
function stationKeys(output: string): readonly string[] {
  return output.match(/^ {2}\S{43} {3}demo-.*$/gm) ?? [];
}

/** Numbers of all processes that work for that data folder, by their command line or settings. */
function processesOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        const facts =
          readFileSync(`/proc/${name}/cmdline`, 'utf8') + readFileSync(`/proc/${name}/environ`, 'utf8');
        return facts.includes(folder);
      } catch {
        return false;
      }
    })
    .map(Number);
}

// One installation's life, told in parts: each goes on where the one before ended.
let now: Start;

test('npm start brings everything up, and ends without a trace', async () => {
  now = start();
  await running(now);
  expect(now.output()).toContain(
    `The pages answer at http://127.0.0.1:${String(port)} while the rest comes up.`,
  );
  expect(now.output()).toMatch(/Temporal UI +http:/);
  expect(now.output().match(/^ {2}[A-Z][A-Z\d]\d{8} {3}\d{12} {3}/gm)?.length).toBeGreaterThanOrEqual(3);
  expect((await fetch(`http://127.0.0.1:${String(port)}/`)).status).toBe(200);
  const measured = [...now.output().matchAll(/(http\S+\/metrics) \(([a-z-]+)\)/g)];
  expect(measured.map(([, , name]) => name)).toEqual(['api', 'citizen', 'casework', 'relay', 'text-sender']);
  for (const [, url = ''] of measured) expect(await (await fetch(url)).text()).toContain('# HELP');

  expect(stationKeys(now.output())).toHaveLength(6);

  now.child.kill('SIGINT');
  expect(await now.ended).toBe(0);
  expect(processesOf(home)).toEqual([]);
  expect(readdirSync(path.join(home, 'run')).sort()).toEqual([
    'operators.json',
    'pages.json',
    'postgres.json',
    'stations.json',
    'temporal.json',
  ]);
}, 300_000);

test('the next start goes on with the same data: nothing is built, fetched or loaded again', async () => {
  const first = now;
  now = start();
  await running(now);
  expect(now.output()).not.toMatch(/Building|Downloading/);
  expect(stationKeys(now.output())).toEqual(stationKeys(first.output()));
  expect(now.output().match(/^ {2}Temporal .*$/gm)).toEqual(first.output().match(/^ {2}Temporal .*$/gm));
}, 300_000);

test('a second start on the same data is told who has them', async () => {
  const second = start([], { PORT: '0' });
  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(/^Yiyue already runs on .* \(process \d+\): .*\.\n$/m);
}, 120_000);

test('after kill -9 of the start nothing stays behind, and the next one works', async () => {
  const before = processesOf(home);
  for (const pid of before) {
    const command = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
    if (/scripts\/(start\.js|bootstrap\.mjs)/.test(command)) process.kill(pid, 'SIGKILL');
  }
  await now.ended;
  now = start();
  await running(now);
  expect(processesOf(home).filter((pid) => before.includes(pid))).toEqual([]);
}, 300_000);

test('after kill -9 of every process the next start takes over', async () => {
  // Servers first, so that nobody has the time to stop them in order.
  for (const pid of processesOf(home).reverse()) process.kill(pid, 'SIGKILL');
  await now.ended;
  now = start();
  await running(now);
}, 300_000);

test('a port in use is told in one sentence', async () => {
  const other = net.createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const taken = (other.address() as AddressInfo).port;
  const elsewhere = path.join(home, 'elsewhere');
  const one = start([], { PORT: String(taken), YIYUE_HOME: elsewhere });
  expect(await one.ended).toBe(1);
  expect(one.output()).toMatch(new RegExp(`^Port ${String(taken)} is in use: .*\\.\\n$`, 'm'));
  await new Promise((resolve) => other.close(resolve));
}, 60_000);

test('--help lists every setting', async () => {
  const one = start(['--help']);
  expect(await one.ended).toBe(0);
  for (const { name } of settingDescriptions) expect(one.output()).toContain(name);
}, 60_000);
