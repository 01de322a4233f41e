/** Tells a process that we started apart from a later one that was given the same number. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { systemErrorCode } from './failure';

/** A process number together with the moment at which that process began, as the system writes it. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** Whether a process with this number runs; one that has ended but was not yet collected by its parent does not. */
export function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
  return !isZombie(pid);
}

/** The identity of a running process; undefined when it does not run. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (!processIsAlive(pid)) return undefined;
  const startedAt = startOf(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether that very process still runs. */
export function isStillRunning(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startedAt === identity.startedAt;
}

function isZombie(pid: number): boolean {
  return statFields(pid)?.[0] === 'Z';
}

function startOf(pid: number): string | undefined {
  // Field 22 of /proc/PID/stat; ours begin with the third, the state.
  const fields = statFields(pid);
  if (fields) return fields[19];
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { stdio: 'pipe' })
      .toString()
      .trim();
  } catch {
    return undefined;
  }
}

/** The fields of /proc/PID/stat after the program's name, which may itself contain spaces and brackets. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
