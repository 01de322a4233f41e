/** The processes of the booking benchmark: three API processes, and one that rings the bell. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { projectRoot } from '../../../config/project-root';
import { logFile } from '../../runtime/home';
import { freePort } from '../../runtime/ports';
import type { BellResult, BellRing } from './bell';
import type { Contender } from './contender';

const processes = 3;
const folder = path.join(projectRoot, 'dist/scripts/bench/booking');

type Settings = Readonly<Record<string, string>>;

export class Fleet {
  readonly #apis: ChildProcess[] = [];
  readonly #ports: number[] = [];
  readonly #load: ChildProcess;

  private constructor(private readonly settings: Settings) {
    this.#load = started('load-process', settings);
  }

  /** With the settings of the stage. */
  static async start(settings: Settings): Promise<Fleet> {
    const fleet = new Fleet(settings);
    for (let index = 0; index < processes; index += 1) {
      const port = await freePort();
      fleet.#ports.push(port);
      fleet.#apis.push(started('api-process', { ...settings, PORT: String(port) }));
    }
    return fleet;
  }

  /** Lets all API processes serve with this contender. */
  async use(contender: Contender): Promise<void> {
    const log = logFile(this.settings['YIYUE_HOME'] ?? '', 'api-process');
    await Promise.all(this.#apis.map((api) => asked<{ ready: true }>(api, log, contender)));
  }

  async ring(ring: Omit<BellRing, 'ports' | 'sessionKey'>): Promise<BellResult> {
    return asked<BellResult>(this.#load, logFile(this.settings['YIYUE_HOME'] ?? '', 'load-process'), {
      ...ring,
      ports: this.#ports,
      sessionKey: this.settings['YIYUE_SESSION_KEY'],
    });
  }

  /** Of the API processes and, last, of the load. */
  pids(): readonly (number | undefined)[] {
    return [...this.#apis, this.#load].map(({ pid }) => pid);
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.#apis, this.#load].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.disconnect();
        await once(child, 'exit');
      }),
    );
  }
}

function started(name: string, settings: Settings): ChildProcess {
  const log = openSync(logFile(settings['YIYUE_HOME'] ?? '', name), 'a');
  return fork(path.join(folder, `${name}.js`), [], {
    cwd: projectRoot,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...settings },
    stdio: ['ignore', log, log, 'ipc'],
  });
}

/** One question and its answer over the channel; what a process wrote last is told when it ends instead. */
async function asked<T>(child: ChildProcess, log: string, question: object): Promise<T> {
  const answered = new Promise<T>((resolve, reject) => {
    const settle = (act: () => void): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      act();
    };
    const onMessage = (answer: T & { readonly failed?: string; readonly error?: string }): void => {
      const trouble = typeof answer.failed === 'string' ? answer.failed : answer.error;
      settle(() => (trouble === undefined ? resolve(answer) : reject(new Error(trouble))));
    };
    const onExit = (code: number | null, signal: string | null): void => {
      const last = readFileSync(log, 'utf8').slice(-2_000);
      settle(() => reject(new Error(`a process ended (${String(code ?? signal)}) and wrote last:\n${last}`)));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
  child.send(question);
  return answered;
}
