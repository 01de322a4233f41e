/** Temporal for one installation: the server at `TEMPORAL_ADDRESS`, or a development server kept in the data folder. */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { searchAttributes } from '../../config/search-attributes';
import { PlainFailure } from './failure';
import { lastLines, logEnd, logFile, readJson, rotateLog, stringEntries, writeJson } from './home';
import type { Keeper, Program } from './keeper';
import { rememberProcess, stopLeftOver } from './left-over';
import { prepareNamespace } from './namespace';
import { freePort } from './ports';
import { Supervised } from './supervised';
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
  /** The port of the pages, which do not listen yet. */
  readonly reservedPort?: number;
  /** Any free ports, so that servers that start at the same time do not want the same ones. */
  readonly anyPorts?: boolean;
  readonly say?: (progress: string) => void;
}

/** A Temporal server that answers. */
export interface RunningTemporal {
  /** `host:port` of its gRPC service. */
  readonly address: string;
  readonly namespace: string;
  /** The web pages for operations; undefined without them or for a server that was given to us. */
  readonly uiUrl: string | undefined;
  /** The server that we run; undefined for one that was given to us. */
  readonly server: Supervised | undefined;
}

/** A server whose address is settled, so that others can be told of it before it runs. */
export interface PlannedTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | undefined;
  /** Throws a PlainFailure that says what to do. */
  start(): Promise<RunningTemporal>;
}

/** Chooses the ports of a Temporal server, or takes the given address; nothing runs yet. */
export async function planTemporal(options: TemporalOptions): Promise<PlannedTemporal> {
  const namespace = options.namespace ?? 'default';
  const given = options.address;
  if (given !== undefined) {
    return { address: given, namespace, uiUrl: undefined, start: () => givenTemporal(given, namespace) };
  }
  await stopLeftOver(options.home, 'temporal', stopGraceMs);
  const ports = await choosePorts(options);
  const uiUrl = options.headless === true ? undefined : `http://127.0.0.1:${ports.ui}`;
  return {
    address: addressOf(ports),
    namespace,
    uiUrl,
    start: () => startOwn(options, namespace, ports, uiUrl),
  };
}

/** Starts a Temporal server, or checks that the given one answers. Throws a PlainFailure that says what to do. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  return (await planTemporal(options)).start();
}

async function startOwn(
  options: TemporalOptions,
  namespace: string,
  ports: Ports,
  uiUrl: string | undefined,
): Promise<RunningTemporal> {
  const binary = await temporalBinary({ say: options.say ?? (() => undefined) });
  const server = new Supervised('temporal', () => begin(binary, options, namespace, ports));
  await server.start();
  return { address: addressOf(ports), namespace, uiUrl, server };
}

/** Decimal port numbers, as the command line takes them and the data folder remembers them. */
type Ports = Readonly<Record<'grpc' | 'http' | 'ui' | 'metrics', string>>;

/** What a fresh folder asks for: the vendor's own numbers where there are such. */
const wantedPorts = { grpc: 7233, http: 7243, ui: 8233, metrics: 9233 } as const;

/** The same ports as last time where they are free, so that bookmarks and settings stay good. */
async function choosePorts({ home, anyPorts = false, reservedPort }: TemporalOptions): Promise<Ports> {
  const remembered = stringEntries(readJson(portFile(home)));
  const choose = async (name: keyof Ports) =>
    String(
      await freePort(anyPorts ? undefined : Number(remembered[name] ?? wantedPorts[name]), reservedPort),
    );
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
  rotateLog(log);
  const from = logEnd(log);
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
  // Two servers on one SQLite file would lock each other out, so the next start has to find this one.
  rememberProcess(options.home, 'temporal', program);
  await untilHealthy(addressOf(ports), namespace, () => {
    if (program.end()) throw startFailure(lastLines(log, 12, from));
  }).catch(async (error: unknown) => {
    await program.stop();
    throw error;
  });
  return program;
}

function portFile(home: string): string {
  return path.join(home, 'run', 'temporal.json');
}

function addressOf(ports: Ports): string {
  return `127.0.0.1:${ports.grpc}`;
}

/** Waits until workflows can be started in the namespace; `check` may throw to end the waiting. */
async function untilHealthy(address: string, namespace: string, check: () => void): Promise<void> {
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
  try {
    await prepareNamespace(address, namespace);
  } catch (error) {
    throw new PlainFailure(
      `The Temporal of TEMPORAL_ADDRESS (${address}) does not answer for the namespace "${namespace}" ` +
        `(${error instanceof Error ? error.message : String(error)}).`,
    );
  }
  return { address, namespace, uiUrl: undefined, server: undefined };
}

function startFailure(output: string): Error {
  if (output.includes('no space left on device') || output.includes('disk is full')) {
    return new PlainFailure('The disk is full: Temporal needs some 100 MB in the data folder.');
  }
  return new Error(`Temporal did not start:\n${output}`);
}
