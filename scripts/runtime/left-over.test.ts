import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PlainFailure } from './failure';
import { openHome, writeJson } from './home';
import { rememberProcess, stopLeftOver, takeHome } from './left-over';
import { identityOf, isStillRunning, processIsAlive } from './process-identity';

let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'yiyue-home-'));
  openHome(home);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('a data folder', () => {
  test('is one process only', () => {
    const release = takeHome(home);
    expect(() => takeHome(home)).toThrow(PlainFailure);
    release();
    takeHome(home)();
  });

  test('is taken over from a process that is gone, even when another has its number now', () => {
    writeJson(path.join(home, 'run/owner.json'), { pid: process.pid, startedAt: '1' });
    takeHome(home)();
  });

  test('is taken over when a full disk or a crash left the note empty', () => {
    writeFileSync(path.join(home, 'run/owner.json'), '');
    takeHome(home)();
  });
});

describe('a process that an earlier start left', () => {
  test('is ended', async () => {
    const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    rememberProcess(home, 'relay', { pid: left.pid!, ended: new Promise(() => undefined) });
    await stopLeftOver(home, 'relay', 5_000);
    expect(processIsAlive(left.pid!)).toBe(false);
  });

  test('is noted only for as long as it runs', async () => {
    const note = path.join(home, 'run/relay.pid.json');
    const ended = Promise.resolve({ code: 0, signal: null });
    rememberProcess(home, 'relay', { pid: process.pid, ended });
    expect(existsSync(note)).toBe(true);
    await ended;
    expect(existsSync(note)).toBe(false);
  });

  test('is not mistaken for a later one with the same number', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    writeJson(path.join(home, 'run/relay.pid.json'), { pid: stranger.pid, startedAt: '1' });
    await stopLeftOver(home, 'relay', 100);
    expect(processIsAlive(stranger.pid!)).toBe(true);
    stranger.kill('SIGKILL');
  });

  test('is recognised by its number and the moment of its start', () => {
    const me = identityOf(process.pid)!;
    expect(isStillRunning(me)).toBe(true);
    expect(isStillRunning({ ...me, startedAt: '1' })).toBe(false);
  });
});
