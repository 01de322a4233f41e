/** What benchmarks and fault runs report: one figure a row, beside the machine and the commit that it was measured on. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';

import { projectRoot } from '../../config/project-root';

/** One figure, as it was measured. */
export interface Measured {
  /** e.g. `booking.hot.ratio-to-plain`; says what, where and how it was measured. */
  readonly name: string;
  readonly value: number;
  /** e.g. `bookings/s`, `s`, `MB`, `ratio`, `count`. */
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** What it has to reach; a figure without one is only reported. */
  readonly target?: number;
  /** What it is compared with, from the same run. */
  readonly peers?: readonly Peer[];
}

export interface Peer {
  readonly name: string;
  readonly value: number;
}

/** A measured figure with its judgement; `meets` is null where there is no target. */
export interface Result extends Omit<Measured, 'target'> {
  readonly target: number | null;
  readonly meets: boolean | null;
  readonly peers: readonly Peer[];
}

/** The file that `--json` writes. */
export interface Report {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly platform: string;
    readonly node: string;
  };
  /** When the run ended, UTC. */
  readonly at: string;
  /** Of the code that was measured; null outside a clone, and marked `+changes` when the tree differs from it. */
  readonly commit: string | null;
  readonly results: readonly Result[];
}

/** Judges a figure by its target. */
export function judged(measured: Measured): Result {
  const { value, better, target = null, peers = [] } = measured;
  const meets = target === null ? null : better === 'higher' ? value >= target : value <= target;
  return { ...measured, target, meets, peers };
}

/** The report of a run. */
export function reportOf(results: readonly Result[], at: Date): Report {
  const [cpu] = os.cpus();
  return {
    machine: {
      cpu: cpu?.model ?? 'unknown',
      cores: os.availableParallelism(),
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      platform: `${os.platform()} ${os.release()} ${os.arch()}`,
      node: process.versions.node,
    },
    at: at.toISOString(),
    commit: commitOfTree(),
    results,
  };
}

/** Writes the report as JSON that people can read too. */
export function writeReport(file: string, report: Report): void {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** The figures as a table for the terminal, one line each. */
export function tableOf(results: readonly Result[]): string {
  const width = Math.max(0, ...results.map(({ name }) => name.length));
  return results
    .flatMap((result) => [
      `${mark(result)} ${result.name.padEnd(width)}  ${figure(result.value)} ${result.unit}${wanted(result)}`,
      ...result.peers.map((peer) => `    beside it: ${peer.name} ${figure(peer.value)}`),
    ])
    .join('\n');
}

function mark({ meets }: Result): string {
  if (meets === null) return '      ';
  return meets ? 'ok    ' : 'MISSED';
}

function wanted({ target, better }: Result): string {
  if (target === null) return '';
  return `  (${better === 'higher' ? 'at least' : 'at most'} ${figure(target)})`;
}

function figure(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 4 });
}

function commitOfTree(): string | null {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const changed = git('status', '--porcelain', '--untracked-files=no').trim() !== '';
    return `${git('rev-parse', 'HEAD').trim()}${changed ? '+changes' : ''}`;
  } catch {
    return null;
  }
}
