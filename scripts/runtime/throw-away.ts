/** Where data stand that go with the run that made them. */
import { statfsSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** Linux's files in memory. */
const memory = '/dev/shm';
/** A database, an engine's file and their logs take a tenth of it; containers often give 64 MB. */
const plentyBytes = 4 * 1_024 ** 3;

/**
 * Makes a folder for a throw-away installation, in memory where the machine has plenty of it. On a disk the file
 * system is slow to make files anew where many were just removed (ext4 passes over what was deleted within the last
 * minutes), and each database of the tests is nine hundred files.
 */
export async function makeThrowAwayFolder(prefix: string, place = throwAwayPlace()): Promise<string> {
  const folder = await mkdtemp(path.join(place, prefix));
  // PostgreSQL runs as another account when we are root.
  await chmod(folder, 0o755);
  return folder;
}

/** A named TMPDIR is where somebody wants such data to be. */
export function throwAwayPlace(
  environment: NodeJS.ProcessEnv = process.env,
  freeBytes: (folder: string) => number = bytesFreeIn,
): string {
  if ((environment['TMPDIR'] ?? '') !== '') return os.tmpdir();
  return freeBytes(memory) >= plentyBytes ? memory : os.tmpdir();
}

/** 0 where there is no such folder. */
function bytesFreeIn(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
