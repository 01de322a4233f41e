/** The parent's side of `keeper-process.mjs`: starts programs that never outlive us and tells when one of them ended. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { projectRoot } from '../../config/project-root';

/** What to start. */
export interface ProgramSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output and error are appended here; without it they are dropped. */
  readonly logFile?: string;
  readonly cwd?: string;
  /** The account to run as, when we are root and the program must not be. */
  readonly account?: { readonly uid: number; readonly gid: number };
  /** Opens a channel to the program, so that it can notice when its keeper is gone. */
  readonly ipc?: boolean;
  readonly stopSignal: NodeJS.Signals;
  /** How long an orderly stop may take before SIGKILL. */
  readonly graceMs: number;
}

/** How a program ended: by exit code or by signal. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that runs or ran. */
export interface Program {
  readonly pid: number;
  /** Resolves when the program has ended, for whatever reason. */
  readonly ended: Promise<ProgramEnd>;
  /** Undefined while it runs. */
  end(): ProgramEnd | undefined;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Stops it in order, by SIGKILL when the grace is over; resolves when it is gone. */
  stop(): Promise<void>;
}

/** The answer to one message, or news that a program ended. */
interface KeeperMessage {
  readonly id?: number;
  readonly pid?: number;
  readonly error?: string;
  readonly code?: string | number | null;
  readonly exit?: string;
  readonly signal?: NodeJS.Signals | null;
}

/** Owns the programs of one start; `close` stops all of them, the last started first. It keeps us running until then. */
export class Keeper {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (m: KeeperMessage) => void; reject: (e: Error) => void }>();
  readonly #endings = new Map<string, (end: ProgramEnd) => void>();
  readonly #pids = new Map<string, number>();
  #nextId = 1;
  /** Resolves when the keeper has ended: after `close`, or because someone killed it. */
  readonly gone: Promise<void>;

  constructor() {
    this.#child = fork(path.join(projectRoot, 'scripts/runtime/keeper-process.mjs'), [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // A session of its own: Ctrl-C reaches us alone, and we stop things in the right order.
      detached: true,
      execArgv: [],
    });
    this.#child.on('message', (message: KeeperMessage) => this.#receive(message));
    this.gone = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    void this.gone.then(() => this.#keeperDied());
  }

  /** Starts a program. Rejects with the system's error (for instance ENOENT) when it cannot be started. */
  async spawn(name: string, spec: ProgramSpec): Promise<Program> {
    const key = `${name}#${String(this.#nextId)}`;
    let end: ProgramEnd | undefined;
    const ended = new Promise<ProgramEnd>((resolve) => {
      this.#endings.set(key, (result) => {
        end = result;
        resolve(result);
      });
    });
    const answer = await this.#ask({ do: 'spawn', key, spec });
    const pid = answer.pid ?? 0;
    if (this.#endings.has(key)) this.#pids.set(key, pid);
    return {
      pid,
      ended,
      end: () => end,
      signal: async (signal) => void (await this.#ask({ do: 'signal', key, signal })),
      stop: async () => void (await this.#ask({ do: 'stop', key })),
    };
  }

  /** Removes this folder when everything has been stopped, also when we are killed before. */
  async removeAtEnd(folder: string): Promise<void> {
    await this.#ask({ do: 'removeAtEnd', folder });
  }

  /** Stops all programs, removes the throw-away folders and ends the keeper. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || !this.#child.connected) return this.gone;
    await this.#ask({ do: 'close' });
    if (this.#child.connected) this.#child.disconnect();
    await this.gone;
  }

  async #ask(message: Record<string, unknown>): Promise<KeeperMessage> {
    const id = this.#nextId++;
    try {
      return await new Promise<KeeperMessage>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#child.send({ id, ...message }, (error) => {
          if (error) reject(new Error('The process that keeps the servers has ended.'));
        });
      });
    } finally {
      this.#waiting.delete(id);
    }
  }

  #receive(message: KeeperMessage): void {
    if (message.exit !== undefined) {
      const tellEnd = this.#endings.get(message.exit);
      this.#endings.delete(message.exit);
      this.#pids.delete(message.exit);
      tellEnd?.({
        code: typeof message.code === 'number' ? message.code : null,
        signal: message.signal ?? null,
      });
      return;
    }
    const waiting = this.#waiting.get(message.id ?? 0);
    if (message.error === undefined) waiting?.resolve(message);
    else waiting?.reject(Object.assign(new Error(message.error), { code: message.code }));
  }

  /** Someone killed the keeper itself: nothing may stay without an owner. */
  #keeperDied(): void {
    for (const pid of this.#pids.values()) {
      try {
        process.kill(pid, 'SIGINT');
      } catch {
        // It is gone already, which is what we want.
      }
    }
    for (const tellEnd of this.#endings.values()) tellEnd({ code: null, signal: 'SIGINT' });
    this.#endings.clear();
    for (const { reject } of this.#waiting.values()) {
      reject(new Error('The process that keeps the servers has ended.'));
    }
  }
}
