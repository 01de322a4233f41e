/** The bridge's end of the PC/SC process: starts it, asks it, and ends it when a question is not answered in time. */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { PcscAct, PcscReaderFacts, PcscReport, PcscRequest, UnableReason } from './pcsc-messages';

/** The reader service refused an act, with its code. */
export class PcscRefusal extends Error {
  constructor(
    readonly code: number,
    readonly act: PcscAct['act'],
  ) {
    super(`The reader service refused with 0x${code.toString(16)}.`);
  }
}

/** The process did not answer in time and was ended, or ended by itself, while a question was open. */
export class PcscLost extends Error {
  constructor() {
    super('The reading process ended before it answered.');
  }
}

/** How a process came to its end: it could do nothing, did not answer in time, or broke. */
export type EndReason = UnableReason | 'stuck' | 'broken';

/** What happens to the process. */
export interface PcscEvents {
  readonly readers: (readers: readonly PcscReaderFacts[]) => void;
  readonly ended: (reason: EndReason) => void;
}

export interface PcscLaunch {
  /** Time for one exchange with a card. */
  readonly exchangeLimitMs: number;
  /** Time until the process has told which readers there are. */
  readonly startLimitMs: number;
  readonly environment: NodeJS.ProcessEnv;
  /** Options for node, where our sources run uncompiled. */
  readonly execArgv: readonly string[];
}

interface OpenQuestion {
  readonly act: PcscAct['act'];
  readonly answered: (reply: Uint8Array) => void;
  readonly failed: (error: Error) => void;
  readonly limit: NodeJS.Timeout;
}

/** The program stands beside this file, compiled or not as this one is. */
const program = path.join(__dirname, `pcsc-process${path.extname(__filename)}`);

/** Time for an orderly close, which gives handles back to the reader service, before it is ended. */
const closeLimitMs = 1_000;

export class PcscChild {
  readonly #process: ChildProcess;
  readonly #launch: PcscLaunch;
  readonly #events: PcscEvents;
  readonly #questions = new Map<number, OpenQuestion>();
  readonly #startLimit: NodeJS.Timeout;
  #lastId = 0;
  #ended = false;

  constructor(launch: PcscLaunch, events: PcscEvents) {
    this.#launch = launch;
    this.#events = events;
    this.#process = fork(program, [], {
      env: launch.environment,
      execArgv: [...launch.execArgv],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#startLimit = setTimeout(() => this.#end('stuck'), launch.startLimitMs);
    this.#process.on('message', (message) => this.#hear(message as PcscReport));
    this.#process.once('error', () => this.#end('broken'));
    this.#process.once('exit', () => this.#end('broken'));
  }

  /**
   * Asks for one act; resolves to the card's reply, empty for connect and disconnect. Rejects with `PcscRefusal`, or
   * with `PcscLost` when the process ended, which it is made to when it does not answer in time.
   */
  ask(act: PcscAct): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new PcscLost());
      const id = (this.#lastId += 1);
      const limit = setTimeout(() => this.#end('stuck'), this.#launch.exchangeLimitMs);
      this.#questions.set(id, { act: act.act, answered: resolve, failed: reject, limit });
      this.#say({ ...act, id });
    });
  }

  /** Ends the process without telling anybody of it. */
  async close(): Promise<void> {
    const gone = new Promise((resolve) => {
      if (hasEnded(this.#process)) return resolve(undefined);
      this.#process.once('exit', resolve);
    });
    this.#forget();
    this.#say({ act: 'close' });
    const limit = setTimeout(() => this.#process.kill('SIGKILL'), closeLimitMs);
    await gone;
    clearTimeout(limit);
  }

  #say(request: PcscRequest): void {
    // A process that ends at this moment is told by its exit.
    if (this.#process.connected) this.#process.send(request, () => undefined);
  }

  #hear(message: PcscReport): void {
    if (this.#ended) return;
    if ('readers' in message) {
      clearTimeout(this.#startLimit);
      return this.#events.readers(message.readers);
    }
    if ('unable' in message) return this.#end(message.unable);
    const question = this.#questions.get(message.id);
    if (!question) return;
    this.#questions.delete(message.id);
    clearTimeout(question.limit);
    if ('code' in message) question.failed(new PcscRefusal(message.code, question.act));
    else question.answered(Uint8Array.from(Buffer.from(message.reply, 'hex')));
  }

  #end(reason: EndReason): void {
    if (this.#ended) return;
    this.#forget();
    // The only signal that ends a process whose threads are stuck in a driver.
    this.#process.kill('SIGKILL');
    this.#events.ended(reason);
  }

  #forget(): void {
    this.#ended = true;
    clearTimeout(this.#startLimit);
    for (const { failed, limit } of this.#questions.values()) {
      clearTimeout(limit);
      failed(new PcscLost());
    }
    this.#questions.clear();
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
