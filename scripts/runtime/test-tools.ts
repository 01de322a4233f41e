/**
 * What the tests need and npm does not bring: a browser, docker-compose, the reader service of chip cards and the
 * engine. Used as found; where one is missing it is installed or built once if the machine lets us, so that `npm test`
 * works right after `git clone`.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { projectRoot } from '../../config/project-root';
import { explain } from './failure';
import { temporalBinary } from './temporal-binary';

const browserNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Where desktop systems keep a browser outside the search path. */
const browserPlaces = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** The browser that `CHROMIUM_PATH` names, else the first on the search path, else one that was downloaded for us. */
export function findBrowser(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (environment['CHROMIUM_PATH']) return environment['CHROMIUM_PATH'];
  return (
    browserNames.map((name) => onPath(name, environment)).find((found) => found !== undefined) ??
    [...browserPlaces, chromium.executablePath()].find((place) => existsSync(place))
  );
}

/** The first program of that name on the search path. */
export function onPath(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return (environment['PATH'] ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

interface TestTool {
  readonly what: string;
  readonly find: () => string | undefined;
  /** Debian's packages of it, with what it needs to be of use. */
  readonly packages: readonly string[];
  /** How it comes where packages cannot be installed; its exit code tells nothing, `find` does. */
  readonly download?: readonly string[];
}

/** npm leaves an optional package out when it cannot be compiled, and brings it when asked again. */
const reinstall = ['npm', 'install', '--no-save', '--include=dev', '--no-audit', '--no-fund'] as const;

const tools: readonly TestTool[] = [
  {
    what: 'a Chromium browser',
    find: () => findBrowser(),
    packages: ['chromium', 'fonts-noto-cjk'],
    download: [
      process.execPath,
      path.join('node_modules', 'playwright-core', 'cli.js'),
      'install',
      'chromium',
    ],
  },
  { what: 'docker-compose', find: () => onPath('docker-compose'), packages: ['docker-compose'] },
  {
    what: 'the reader service with the driver of virtual cards',
    find: () => readerService() && virtualCardDriver(),
    packages: ['pcscd', 'vsmartcard-vpcd'],
  },
  {
    what: 'the package pcsclite, compiled against the headers of the reader service',
    find: () => cardReaderBinding(),
    packages: ['libpcsclite-dev', 'g++', 'make', 'python3'],
    download: reinstall,
  },
  {
    what: 'SoftHSM2, a certificate card of software',
    find: () => onPath('softhsm2-util') && softwareTokenModule(),
    packages: ['softhsm2'],
  },
  {
    what: 'the package pkcs11js, compiled',
    find: () => tokenBinding(),
    packages: ['g++', 'make', 'python3'],
    download: reinstall,
  },
];

/** The PKCS#11 module of SoftHSM2, where Debian's package and its architectures put it. */
export function softwareTokenModule(): string | undefined {
  return ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/softhsm/libsofthsm2.so'].find((place) =>
    existsSync(place),
  );
}

/** The compiled binding to the modules of certificate cards. */
function tokenBinding(): string | undefined {
  const built = path.join(projectRoot, 'node_modules/pkcs11js/build/Release/pkcs11.node');
  return existsSync(built) ? built : undefined;
}

/** The reader service, which stands where only root's search path looks. */
export function readerService(): string | undefined {
  return onPath('pcscd') ?? ['/usr/sbin/pcscd'].find((place) => existsSync(place));
}

/** The driver that lets software be a card in a reader; Debian's package puts it here on every architecture. */
export function virtualCardDriver(): string | undefined {
  return ['/usr/lib/pcsc/drivers/serial/libifdvpcd.so'].find((place) => existsSync(place));
}

/** The compiled binding to the reader service. */
export function cardReaderBinding(): string | undefined {
  const built = path.join(projectRoot, 'node_modules/pcsclite/build/Release/pcsclite.node');
  return existsSync(built) ? built : undefined;
}

/**
 * Sees to every tool and says what it does. A tool that could not be had is told in a sentence; the tests that need
 * it then fail, for a test that cannot run is no success.
 */
export async function prepareTestTools(say: (text: string) => void): Promise<void> {
  for (const tool of tools) {
    if (tool.find() !== undefined) continue;
    say(`Installing ${tool.what} for the tests, once …`);
    await installPackages(tool.packages);
    if (tool.find() === undefined && tool.download) await run(tool.download);
    if (tool.find() !== undefined) continue;
    say(`The tests need ${tool.what}; on Debian: apt-get install ${tool.packages.join(' ')}.`);
  }
  // Before any test waits for it: a build takes longer than the patience of a test.
  await temporalBinary({ say }).catch((error: unknown) => say(explain(error)));
}

/** Installs Debian's packages where we may; whether it worked is for the caller to look. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0 || onPath('apt-get') === undefined) return;
  await run(['apt-get', 'update', '-qq']);
  await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** Runs a command quietly to its end, whatever that is. */
function run([command = '', ...args]: readonly string[]): Promise<void> {
  const child = spawn(command, args, {
    cwd: projectRoot,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'ignore',
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
}
