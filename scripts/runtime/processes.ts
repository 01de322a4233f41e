/** Our own processes (API, workers …), started from the compiled tree with settings of their own. */
import path from 'node:path';
import { projectRoot } from '../../config/project-root';
import { PlainFailure } from './failure';
import { lastLines, logFile, rotateLog } from './home';
import type { Keeper, Program } from './keeper';
import { rememberProcess, stopLeftOver } from './left-over';
import { Supervised } from './supervised';

/** Work in flight (an SMS, an activity, a request) may finish before a process is ended the hard way. */
const stopGraceMs = 15_000;

/** One of our processes. */
export interface ProcessSpec {
  readonly name: string;
  /** The compiled program, relative to `dist/`. */
  readonly script: string;
  readonly arguments?: readonly string[];
  /** Its settings; nothing else of our environment reaches it but PATH and the like. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * A process that runs until it is stopped. `moreSettings` is asked at each start and stands over the others.
 */
export function longRunning(
  spec: ProcessSpec,
  home: string,
  keeper: Keeper,
  moreSettings: () => Promise<ProcessSpec['settings']> = async () => ({}),
): Supervised {
  return new Supervised(spec.name, async () =>
    begin({ ...spec, settings: { ...spec.settings, ...(await moreSettings()) } }, home, keeper),
  );
}

/** Runs a program that does one thing and ends; throws a PlainFailure with its last words when it failed. */
export async function runToEnd(spec: ProcessSpec, home: string, keeper: Keeper): Promise<void> {
  const program = await begin(spec, home, keeper);
  const end = await program.ended;
  if (end.code !== 0) throw endedEarly(home, spec.name);
}

/** What to say about a process that ended by itself; our logs never hold personal data. */
export function endedEarly(home: string, name: string): PlainFailure {
  const log = logFile(home, name);
  return new PlainFailure(
    `The process "${name}" ended unexpectedly; its log ${log} closes with:\n${lastLines(log, 12)}`,
  );
}

async function begin(spec: ProcessSpec, home: string, keeper: Keeper): Promise<Program> {
  const log = logFile(home, spec.name);
  await stopLeftOver(home, spec.name, stopGraceMs);
  rotateLog(log);
  const dist = path.join(projectRoot, 'dist');
  const program = await keeper.spawn(spec.name, {
    command: process.execPath,
    args: [
      '--enable-source-maps',
      ...['--require', path.join(dist, 'config/parent-watch.js')],
      path.join(dist, spec.script),
      ...(spec.arguments ?? []),
    ],
    cwd: projectRoot,
    env: { ...systemEnvironment(), ...spec.settings },
    logFile: log,
    ipc: true,
    stopSignal: 'SIGTERM',
    graceMs: stopGraceMs,
  });
  rememberProcess(home, spec.name, program);
  return program;
}

/** What programs need of the system; settings come from the one who starts them. */
function systemEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
