/** Temporal for one installation: the server at `TEMPORAL_ADDRESS`, or a development server kept in the data folder. */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { searchAttributes } from '../../config/search-attributes';
import { PlainFailure } from './failure';
import { lastLines, logFile, readJson, stringEntries, writeJson } from './home';
import type { Keeper, Program } from './keeper';
import { freePort } from './ports';
import { isStillRunning, identityOf } from './process-identity';
import { temporalBinary } from './temporal-binary';

const startTimeoutMs = 60_000;
const stopGraceMs = 15_000;

/** How to start it. */
export interface TemporalOptions {
  readonly home: string;
  readonly keeper: Keeper;
  /** A server that someone else runs; nothing is started then. */
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
  /** More namespaces to have from the start. */
  readonly namespaces?: readonly string[];
  /** Without the web pages for operations. */
  readonly headless?: boolean;
  readonly say?: (progress: string) => void;
}

/** A Temporal server that answers. */
export interface RunningTemporal {
  /** `host:port` of its gRPC service. */
  readonly address: string;
  readonly namespace: string;
  /** The web pages for operations; undefined without them or for a server that was given to us. */
  readonly uiUrl: string | undefined;
  readonly program: Program | undefined;
  /** Starts it again on the same data and ports after it was stopped or killed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Temporal server, or checks that the given one answers. Throws a PlainFailure that says what to do. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const namespace = options.namespace ?? 'default';
  if (options.address !== undefined) return givenTemporal(options.address, namespace);
  const binary = await temporalBinary({ say: options.say ?? (() => undefined) });
  await stopLeftOver(options.home);
  const ports = await choosePorts(options.home);
  const launch = () => begin(binary, options, namespace, ports);
  let program = await launch();
  return {
    address: addressOf(ports),
    namespace,
    uiUrl: options.headless === true ? undefined : `http://127.0.0.1:${ports.ui}`,
    get program() {
      return program;
    },
    restart: async () => {
      await program.stop();
      program = await launch();
    },
    stop: () => program.stop(),
  };
}

/** Decimal port numbers, as the command line takes them and the data folder remembers them. */
type Ports = Readonly<Record<'grpc' | 'http' | 'ui' | 'metrics', string>>;

/** What a fresh folder asks for: the vendor's own numbers where there are such. */
const wantedPorts = { grpc: 7233, http: 7243, ui: 8233, metrics: 9233 } as const;

/** The same ports as last time where they are free, so that bookmarks and settings stay good. */
async function choosePorts(home: string): Promise<Ports> {
  const remembered = stringEntries(readJson(portFile(home)));
  const choose = async (name: keyof Ports) =>
    String(await freePort(Number(remembered[name] ?? wantedPorts[name])));
  const ports = {
    grpc: await choose('grpc'),
    http: await choose('http'),
    ui: await choose('ui'),
    metrics: await choose('metrics'),
  };
  writeJson(portFile(home), ports);
  return ports;
}

async function begin(
  binary: string,
  options: TemporalOptions,
  namespace: string,
  ports: Ports,
): Promise<Program> {
  const log = logFile(options.home, 'temporal');
  const namespaces = new Set([namespace, ...(options.namespaces ?? [])]);
  namespaces.delete('default');
  const program = await options.keeper.spawn('temporal', {
    command: binary,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'warn'],
      ...['--db-filename', path.resolve(options.home, 'temporal.db')],
      ...['--port', ports.grpc, '--http-port', ports.http, '--metrics-port', ports.metrics],
      ...(options.headless === true ? ['--headless'] : ['--ui-port', ports.ui]),
      ...searchAttributes.flatMap(({ name, type }) => ['--search-attribute', `${name}=${type}`]),
      ...[...namespaces].flatMap((name) => ['--namespace', name]),
    ],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TEMPORAL_DISABLE_VERSION_CHECK: '1' },
    logFile: log,
    stopSignal: 'SIGTERM',
    graceMs: stopGraceMs,
  });
  const identity = identityOf(program.pid);
  if (identity)
    writeJson(pidFile(options.home), { pid: String(identity.pid), startedAt: identity.startedAt });
  await untilHealthy(addressOf(ports), namespace, () => {
    if (program.end()) throw startFailure(lastLines(log, 12));
  }).catch(async (error: unknown) => {
    await program.stop();
    throw error;
  });
  return program;
}

function portFile(home: string): string {
  return path.join(home, 'run', 'temporal.json');
}

function pidFile(home: string): string {
  return path.join(home, 'run', 'temporal.pid.json');
}

function addressOf(ports: Ports): string {
  return `127.0.0.1:${ports.grpc}`;
}

/** Ends a server that a killed start left on our data: two on one SQLite file would lock each other out. */
async function stopLeftOver(home: string): Promise<void> {
  const { pid, startedAt } = stringEntries(readJson(pidFile(home)));
  if (pid === undefined || startedAt === undefined) return;
  const identity = { pid: Number(pid), startedAt };
  const deadline = Date.now() + stopGraceMs;
  while (isStillRunning(identity)) {
    process.kill(identity.pid, Date.now() > deadline ? 'SIGKILL' : 'SIGTERM');
    await pause(100);
  }
}

/** Waits until workflows can be started in the namespace; `check` may throw to end the waiting. */
export async function untilHealthy(address: string, namespace: string, check: () => void): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    check();
    try {
      const connection = await Connection.connect({ address, connectTimeout: 2_000 });
      try {
        await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      last = error;
      await pause(100);
    }
  }
  throw new PlainFailure(
    `Temporal at ${address} does not answer for the namespace "${namespace}" ` +
      `(${last instanceof Error ? last.message : String(last)}).`,
  );
}

async function givenTemporal(address: string, namespace: string): Promise<RunningTemporal> {
  await untilHealthy(address, namespace, () => undefined);
  const leaveAlone = async () => undefined;
  return { address, namespace, uiUrl: undefined, program: undefined, restart: leaveAlone, stop: leaveAlone };
}

function startFailure(output: string): Error {
  if (output.includes('no space left on device') || output.includes('disk is full')) {
    return new PlainFailure('The disk is full: Temporal needs some 100 MB in the data folder.');
  }
  return new Error(`Temporal did not start:\n${output}`);
}
