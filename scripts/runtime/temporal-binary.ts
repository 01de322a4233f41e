/**
 * Finds the Temporal CLI that serves the embedded default: on PATH, in the cache of this machine, by download,
 * or built from the pinned Go module in `scripts/temporal-cli/`.
 */
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../config/project-root';
import { systemErrorCode } from './failure';
import { buildWithGo } from './go-build';
import { onlyOneOnThisMachine } from './machine-lock';

const run = promisify(execFile);

/** The version that the Go module pins and under which the cache keeps it. */
const version = '1.8.2';
/** Without a network the look-up fails at once or hangs; the build is the way on. */
const downloadConnectMs = 8_000;
/** Packages that `go build -v` names on its way, for the progress line. */
const packagesToBuild = 1_450;

/** Where to look, and whom to tell of the progress; tests give their own places. */
export interface BinarySearch {
  readonly say: (progress: string) => void;
  readonly searchPath?: string;
  readonly cacheFolder?: string;
  readonly downloadBase?: string;
}

/** Path of a Temporal CLI that runs here. Throws a PlainFailure that names what is missing. */
export async function temporalBinary(search: BinarySearch): Promise<string> {
  const cached = path.join(search.cacheFolder ?? cacheFolder(), `temporal-${version}${suffix()}`);
  const found = (await onPath(search.searchPath ?? process.env['PATH'] ?? '')) ?? (await usable(cached));
  if (found !== undefined) return found;
  await mkdir(path.dirname(cached), { recursive: true });
  return onlyOneOnThisMachine(`${cached}.lock`, search.say, async () => {
    const madeMeanwhile = await usable(cached);
    if (madeMeanwhile !== undefined) return madeMeanwhile;
    // The same file system as the cache, so that the last step is one rename.
    const workFolder = await mkdtemp(path.join(path.dirname(cached), 'making-'));
    try {
      const made =
        (await download(workFolder, search)) ??
        (await build(path.join(workFolder, `temporal${suffix()}`), search));
      await chmod(made, 0o755);
      await rename(made, cached);
      return cached;
    } finally {
      await rm(workFolder, { recursive: true, force: true });
    }
  });
}

/** Where this machine keeps what it built or fetched once. */
export function cacheFolder(): string {
  return path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'yiyue', 'bin');
}

function suffix(): string {
  return process.platform === 'win32' ? '.exe' : '';
}

async function onPath(searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(path.delimiter).filter((entry) => entry !== '')) {
    const found = await usable(path.join(folder, `temporal${suffix()}`));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The file when it is a Temporal CLI that runs on this machine. */
export async function usable(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.X_OK);
    await run(file, ['--version'], { timeout: 30_000 });
    return file;
  } catch {
    return undefined;
  }
}

/** The vendor's own archive of that version; undefined when it cannot be had, for whatever reason. */
async function download(workFolder: string, search: BinarySearch): Promise<string | undefined> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const arch = os.arch() === 'x64' ? 'amd64' : os.arch();
  const base = search.downloadBase ?? 'https://temporal.download';
  search.say('Downloading Temporal …');
  try {
    const connecting = new AbortController();
    const patience = setTimeout(() => connecting.abort(), downloadConnectMs);
    const answer = await fetch(`${base}/cli/archive/v${version}?platform=${platform}&arch=${arch}`, {
      signal: connecting.signal,
    }).finally(() => clearTimeout(patience));
    if (!answer.ok) return undefined;
    const archive = path.join(workFolder, platform === 'windows' ? 'temporal.zip' : 'temporal.tar.gz');
    await writeFile(archive, Buffer.from(await answer.arrayBuffer()));
    await run('tar', ['-xf', archive, '-C', workFolder]);
    return await usable(path.join(workFolder, `temporal${suffix()}`));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOSPC') throw error;
    return undefined;
  }
}

async function build(target: string, search: BinarySearch): Promise<string> {
  await buildWithGo({
    args: [
      ...['build', '-v', '-mod=mod'],
      ...['-ldflags', `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`],
      ...['-o', target, 'github.com/temporalio/cli/cmd/temporal'],
    ],
    folder: path.join(projectRoot, 'scripts/temporal-cli'),
    environment: search.searchPath === undefined ? {} : { PATH: search.searchPath },
    packages: packagesToBuild,
    progress: 'Building Temporal from its source, once on this machine (some minutes)',
    noGo:
      'Temporal is missing: it could be neither found on PATH nor downloaded, and there is no Go to build it with; ' +
      'install the Temporal CLI or Go, or give TEMPORAL_ADDRESS.',
    failed: 'Temporal could not be built; install the Temporal CLI or give TEMPORAL_ADDRESS.',
    say: search.say,
  });
  return target;
}
