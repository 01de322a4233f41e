import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { projectRoot } from '../../config/project-root';
import { Keeper } from './keeper';
import type { ProgramSpec } from './keeper';
import { processIsAlive } from './process-identity';
import { Supervised } from './supervised';

let folder: string;
let keeper: Keeper;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'yiyue-keeper-'));
  keeper = new Keeper();
});
afterEach(async () => {
  await keeper.close();
  rmSync(folder, { recursive: true, force: true });
});

function node(code: string, more: Partial<ProgramSpec> = {}): ProgramSpec {
  return {
    command: process.execPath,
    args: ['-e', code],
    env: { PATH: process.env['PATH'] },
    logFile: path.join(folder, 'program.log'),
    stopSignal: 'SIGTERM',
    graceMs: 1_000,
    ...more,
  };
}

const forever = 'setInterval(() => {}, 1000)';

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not happen within 60 s.');
    await pause(20);
  }
}

describe('a program that the keeper starts', () => {
  test('writes its output into its log and tells how it ended', async () => {
    const program = await keeper.spawn('speaker', node('console.log("spoken"); process.exit(3)'));
    expect(await program.ended).toEqual({ code: 3, signal: null });
    expect(readFileSync(path.join(folder, 'program.log'), 'utf8')).toBe('spoken\n');
  });

  test('that does not exist is an error with its code', async () => {
    await expect(keeper.spawn('missing', node('', { command: '/no/such/program' }))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  test('is ended the hard way when it ignores the wish to stop', async () => {
    const program = await keeper.spawn(
      'stubborn',
      node(`process.on('SIGTERM', () => {}); console.log('ready'); ${forever}`),
    );
    await until(
      () =>
        existsSync(path.join(folder, 'program.log')) &&
        readFileSync(path.join(folder, 'program.log'), 'utf8') !== '',
    );
    await program.stop();
    expect(await program.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('can be stopped even while it is frozen', async () => {
    const program = await keeper.spawn('frozen', node(forever));
    await program.signal('SIGSTOP');
    await program.stop();
    expect(processIsAlive(program.pid)).toBe(false);
  });
});

describe('when whoever asked for the programs is killed', () => {
  test('the programs end and the throw-away folder goes', async () => {
    const note = path.join(folder, 'pid');
    const throwAway = mkdtempSync(path.join(os.tmpdir(), 'yiyue-thrown-'));
    const parent = path.join(folder, 'parent.cjs');
    // A parent of its own, speaking the keeper's messages, that never gets to say goodbye.
    writeFileSync(
      parent,
      `const { fork } = require('node:child_process');
       const keeper = fork(${JSON.stringify(path.join(projectRoot, 'scripts/runtime/keeper-process.mjs'))}, [], { detached: true });
       keeper.on('message', (m) => { if (m.id === 2) require('node:fs').writeFileSync(${JSON.stringify(note)}, m.pid + ' ' + keeper.pid); });
       keeper.send({ id: 1, do: 'removeAtEnd', folder: ${JSON.stringify(throwAway)} });
       keeper.send({ id: 2, do: 'spawn', key: 'p', spec: ${JSON.stringify(node(forever))} });`,
    );
    const child = fork(parent, { stdio: 'ignore' });
    await until(() => existsSync(note) && readFileSync(note, 'utf8').includes(' '));
    const [program, keeperOfChild] = readFileSync(note, 'utf8').split(' ').map(Number);
    expect(processIsAlive(program!)).toBe(true);
    child.kill('SIGKILL');
    await until(() => !processIsAlive(program!) && !processIsAlive(keeperOfChild!));
    expect(existsSync(throwAway)).toBe(false);
  });
});

describe('a supervised program', () => {
  test('is started again after a crash, and left alone after a stop', async () => {
    const starts: number[] = [];
    const supervised = new Supervised('worker', async () => {
      const program = await keeper.spawn('worker', node(forever));
      starts.push(program.pid);
      return program;
    });
    const crashes: string[] = [];
    supervised.onCrash = (name) => crashes.push(name);
    await supervised.start();
    process.kill(starts[0]!, 'SIGKILL');
    await until(() => starts.length === 2);
    expect(crashes).toEqual(['worker']);
    await supervised.stop();
    await pause(800);
    expect(starts).toHaveLength(2);
    expect(supervised.pid).toBeUndefined();
  });

  test('that is killed on purpose stays down until it is started', async () => {
    let starts = 0;
    const supervised = new Supervised('relay', () => {
      starts += 1;
      return keeper.spawn('relay', node(forever));
    });
    await supervised.start();
    await supervised.kill('SIGKILL');
    await pause(800);
    expect(starts).toBe(1);
    await supervised.start();
    expect(starts).toBe(2);
    await supervised.stop();
  });
});
