/** One process of this machine at a time: a folder beside what is made, with its owner's identity in it. */
import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { systemErrorCode } from './failure';
import { readJson, writeJson } from './home';
import { identityOf, isStillRunning } from './process-identity';
import type { ProcessIdentity } from './process-identity';

/** A lock says within moments whose it is; one that does not was left by a kill in between. */
const namelessMs = 10_000;

/** Lets one process of this machine work at a time; a lock whose owner is gone is taken over. */
export async function onlyOneOnThisMachine<T>(
  lock: string,
  say: (progress: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  while (!(await takeLock(lock))) {
    say('Waiting for another start on this machine that is making Temporal ready …');
    await pause(500);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** A folder is the lock, since making one succeeds for a single process only. */
async function takeLock(lock: string): Promise<boolean> {
  const ownerFile = path.join(lock, 'owner.json');
  try {
    await mkdir(lock);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    const owner = readJson(ownerFile);
    const abandoned = isIdentity(owner) ? !isStillRunning(owner) : await isOlderThan(lock, namelessMs);
    if (abandoned) await rm(lock, { recursive: true, force: true });
    return false;
  }
  writeJson(ownerFile, identityOf(process.pid));
  return true;
}

async function isOlderThan(place: string, ms: number): Promise<boolean> {
  const facts = await stat(place).catch(() => undefined);
  return facts !== undefined && Date.now() - facts.mtimeMs > ms;
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return typeof value === 'object' && value !== null && 'pid' in value && 'startedAt' in value;
}
