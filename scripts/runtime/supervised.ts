/** A program under supervision: started again after a crash, left alone after it was stopped on purpose. */
import type { Program } from './keeper';

const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** A program that ran this long is healthy: its next crash is a new one. */
const healthyAfterMs = 60_000;

/** Called after a crash, before the program is started again in so many milliseconds. */
export type CrashListener = (name: string, restartInMs: number) => void;

/** One program that is meant to run until it is stopped. */
export class Supervised {
  readonly name: string;
  readonly #begin: () => Promise<Program>;
  #program: Program | undefined;
  #starting: Promise<void> | undefined;
  #wanted = false;
  #pauseMs = firstPauseMs;
  #restart: NodeJS.Timeout | undefined;
  onCrash: CrashListener = () => undefined;

  /** `begin` starts the program and resolves when it is of use to others. */
  constructor(name: string, begin: () => Promise<Program>) {
    this.name = name;
    this.#begin = begin;
  }

  /** Process number; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#program && !this.#program.end() ? this.#program.pid : undefined;
  }

  /** Starts it and keeps it running from now on; does nothing when it runs already. */
  async start(): Promise<void> {
    this.#wanted = true;
    clearTimeout(this.#restart);
    if (this.pid !== undefined) return;
    this.#starting ??= this.#startNow().finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  /** Stops it in order and leaves it stopped. */
  async stop(): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#restart);
    await this.#starting?.catch(() => undefined);
    await this.#program?.stop();
  }

  /** Sends a signal (`SIGKILL` for a crash) and leaves it so until `start`; resolves when a deadly one has worked. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#restart);
    await this.#program?.signal(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.#program?.ended;
  }

  async #startNow(): Promise<void> {
    const from = Date.now();
    this.#program = await this.#begin();
    void this.#program.ended.then(() => this.#again(Date.now() - from));
  }

  #again(ranMs: number): void {
    if (!this.#wanted) return;
    if (ranMs > healthyAfterMs) this.#pauseMs = firstPauseMs;
    this.onCrash(this.name, this.#pauseMs);
    this.#restart = setTimeout(() => {
      this.start().catch(() => this.#again(0));
    }, this.#pauseMs);
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
  }
}
