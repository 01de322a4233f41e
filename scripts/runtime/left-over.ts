/** What a killed start may leave behind in a data folder: a lock that nobody holds and processes without an owner. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PlainFailure, systemErrorCode } from './failure';
import { readJson, writeJson } from './home';
import type { Program } from './keeper';
import { identityOf, isStillRunning } from './process-identity';
import type { ProcessIdentity } from './process-identity';

/** Makes this process the only one that runs the installation; the answer gives the folder free again. */
export function takeHome(home: string): () => void {
  const lock = path.join(home, 'run', 'owner.json');
  for (;;) {
    try {
      const file = openSync(lock, 'wx', 0o600);
      writeSync(file, JSON.stringify(identityOf(process.pid)));
      closeSync(file);
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
      const owner = readIdentity(lock);
      if (owner && isStillRunning(owner)) {
        throw new PlainFailure(
          `Yiyue already runs on ${home} (process ${String(owner.pid)}): stop it first, or choose another folder by YIYUE_HOME.`,
        );
      }
      rmSync(lock, { force: true });
    }
  }
}

/** Notes a process that we started for as long as it runs, so that a start after ours was killed can find it. */
export function rememberProcess(home: string, name: string, program: Pick<Program, 'pid' | 'ended'>): void {
  const identity = identityOf(program.pid);
  if (!identity) return;
  const note = noteOf(home, name);
  writeJson(note, identity);
  void program.ended.then(() => {
    if (readIdentity(note)?.pid === identity.pid) rmSync(note, { force: true });
  });
}

/** Ends the process noted under that name when it still runs: in order, or by SIGKILL when the grace is over. */
export async function stopLeftOver(home: string, name: string, graceMs: number): Promise<void> {
  const identity = readIdentity(noteOf(home, name));
  if (!identity) return;
  const deadline = Date.now() + graceMs;
  while (isStillRunning(identity)) {
    process.kill(identity.pid, Date.now() > deadline ? 'SIGKILL' : 'SIGTERM');
    await pause(100);
  }
  rmSync(noteOf(home, name), { force: true });
}

function noteOf(home: string, name: string): string {
  return path.join(home, 'run', `${name}.pid.json`);
}

function readIdentity(file: string): ProcessIdentity | undefined {
  const value = readJson(file);
  if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value))
    return undefined;
  const { pid, startedAt } = value;
  return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
}
