/**
 * The operating system's own reader service (pcscd) with the driver of virtual cards, run for one test file: it sees
 * a `/run` of its own, so it neither meets nor disturbs the machine's.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ReaderProcess, type ReaderOptions } from '../../card-bridge/reader/reader-process';
import { projectRoot } from '../../config/project-root';
import type { CardBehaviour } from '../../scripts/card/card-behaviours';
import { VirtualCard } from '../../scripts/card/virtual-card';
import { freePort, portIsFree } from '../../scripts/runtime/ports';
import { cardReaderBinding, readerService, virtualCardDriver } from '../../scripts/runtime/test-tools';
import { eventually } from './eventually';

/** The reader that the driver offers first. */
export const virtualReaderName = 'Virtual PCD 00 00';

export class ReaderDaemon {
  readonly #folder: string;
  /** Where the driver of its first reader takes a card. */
  readonly port: number;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  /** Starts one; throws a sentence that says what is missing where it cannot run, for a skipped test proves nothing. */
  static async start(): Promise<ReaderDaemon> {
    const lacking = whatIsLacking();
    if (lacking !== undefined) throw new Error(lacking);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'yiyue-reader-'));
    const port = await freePortPair();
    for (const part of ['socket', 'drivers', 'no-drivers']) mkdirSync(path.join(folder, part));
    writeFileSync(path.join(folder, 'drivers', 'vpcd'), driverConfiguration(port));
    const daemon = new ReaderDaemon(folder, port);
    await daemon.start();
    return daemon;
  }

  /** Environment by which a program finds this reader service instead of the machine's. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, PCSCLITE_CSOCK_NAME: this.#socket };
  }

  get #socket(): string {
    return path.join(this.#folder, 'socket', 'pcscd.comm');
  }

  /** Starts the service anew after `kill`, with its two readers or with none. */
  async start({ withReaders = true }: { withReaders?: boolean } = {}): Promise<void> {
    rmSync(this.#socket, { force: true });
    const drivers = path.join(this.#folder, withReaders ? 'drivers' : 'no-drivers');
    const script =
      'mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd && exec "$3" --foreground --config "$2"';
    // Whoever is not root becomes it in a namespace of their own, where the system allows that.
    const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const service = spawn(
      'unshare',
      [
        ...asRoot,
        '--mount',
        'sh',
        '-c',
        script,
        'sh',
        path.dirname(this.#socket),
        drivers,
        readerService() ?? '',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = service;
    let said = '';
    service.stderr.on('data', (chunk: Buffer) => (said = chunk.toString()));
    await eventually(() => existsSync(this.#socket) || service.exitCode !== null, Boolean);
    if (service.exitCode !== null) {
      throw new Error(
        `The reader service of the tests needs a /run of its own, which takes root or user namespaces here: ${said.trim()}`,
      );
    }
  }

  /** Ends the service as a crash would. */
  async kill(): Promise<void> {
    const dying = this.#process;
    if (!dying) return;
    this.#process = undefined;
    const gone = once(dying, 'exit');
    dying.kill('SIGKILL');
    await gone;
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Puts a card into its reader, which is there a moment after the service. */
  insert(behaviour: CardBehaviour): Promise<VirtualCard> {
    return eventually(() => VirtualCard.insert(behaviour, this.port), Boolean);
  }

  /** Readers of this service as the bridge would have them, in test mode unless said otherwise. */
  readers(options: ReaderOptions = {}): ReaderProcess {
    return new ReaderProcess({
      allowVirtualReaders: true,
      environment: this.environment,
      execArgv: typescriptOptions,
      ...options,
    });
  }
}

/** Options by which node runs a program of ours from its source. */
export const typescriptOptions: readonly string[] = [
  '--require',
  path.join(projectRoot, 'test/support/typescript-hook.cjs'),
];

/** Why the reader service cannot be run here, or undefined. */
function whatIsLacking(): string | undefined {
  const tests = 'The tests of the card reader';
  const install = 'on Debian: apt-get install pcscd libpcsclite-dev vsmartcard-vpcd, and npm test again';
  if (process.platform !== 'linux') {
    return `${tests} run a reader service beside the machine's own, which only Linux allows: run npm test there, or in a container.`;
  }
  if (!readerService() || !virtualCardDriver()) {
    return `${tests} need the reader service and the driver of virtual cards; ${install}.`;
  }
  if (cardReaderBinding() === undefined) {
    return `${tests} need the package pcsclite, which npm compiles against libpcsclite-dev; ${install}.`;
  }
  return undefined;
}

/** The driver listens on a port for each of its two readers. */
async function freePortPair(): Promise<number> {
  const port = await freePort();
  return (await portIsFree(port + 1)) ? port : freePortPair();
}

function driverConfiguration(port: number): string {
  return [
    'FRIENDLYNAME "Virtual PCD"',
    `DEVICENAME /dev/null:0x${port.toString(16)}`,
    `LIBPATH ${virtualCardDriver() ?? ''}`,
    `CHANNELID 0x${port.toString(16)}`,
    '',
  ].join('\n');
}
