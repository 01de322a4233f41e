/** A worker process of ours, started from the sources as the operating system would, to be killed by tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { projectRoot } from '../../config/project-root';
import type { Settings } from '../../config/settings';

export type WorkerName = 'citizen' | 'relay' | 'text-sender' | 'schedules';

export class WorkerProcess {
  /** Lines that it wrote, to whichever stream. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(name: WorkerName, settings: Partial<Readonly<Record<keyof Settings, string>>>) {
    const hook = path.join(projectRoot, 'test/support/typescript-hook.cjs');
    this.#child = spawn(process.execPath, ['--require', hook, path.join(projectRoot, `workers/${name}.ts`)], {
      cwd: projectRoot,
      env: { PATH: process.env['PATH'], ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Lines whose message contains `text`. */
  said(text: string): readonly string[] {
    return this.lines.filter((line) => line.includes(text));
  }

  /** Ends it as asked, and waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    if (this.running) this.#child.kill(signal);
    await this.#ended;
  }

  /** Waits until it ends by itself. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }
}
