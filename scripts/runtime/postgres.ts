/** PostgreSQL for one installation: the server given by `DATABASE_URL`, or an embedded one kept in the data folder. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { PlainFailure } from './failure';
import { lastLines, logEnd, logFile, readJson, rotateLog, stringEntries, writeJson } from './home';
import type { Keeper, Program } from './keeper';
import { freePort } from './ports';
import { dataFolder, makeFolderFor, postgresAccount, postgresPrograms } from './postgres-account';
import type { Account, PostgresPrograms } from './postgres-account';
import { processIsAlive } from './process-identity';
import { secret } from './secrets';
import { Supervised } from './supervised';

const run = promisify(execFile);

const databaseName = 'yiyue';
const roleName = 'yiyue';
/** What we ask for first; not 5432, which another PostgreSQL of the machine may want later. */
const wantedPort = 54_320;
/** A crash under load may leave some minutes of log to replay. */
const startTimeoutMs = 120_000;
/** Fast shutdown ends sessions and writes a checkpoint; that takes seconds on a slow disk. */
const stopGraceMs = 30_000;
/** How long a process that does not answer may be a PostgreSQL that is just starting or stopping. */
const strangerPatienceMs = 5_000;

/** How to start it. */
export interface PostgresOptions {
  readonly home: string;
  readonly keeper: Keeper;
  /** A database that someone else runs; nothing is started then. */
  readonly databaseUrl?: string | undefined;
  /** False for throw-away data: no waiting for the disk. A killed server still loses nothing, a dead machine does. */
  readonly durable?: boolean;
  /** More of the server's own settings, as `name=value`. */
  readonly settings?: readonly string[];
  /** What the server gets into its environment beside our own, asked at each start. */
  readonly environment?: () => Promise<Readonly<Record<string, string>>>;
}

/** A PostgreSQL server that answers. */
export interface RunningPostgres {
  /** Connection string of the project's database. */
  readonly url: string;
  /** The server that we run; undefined for one that was given to us. */
  readonly server: Supervised | undefined;
}

/** Starts PostgreSQL, or checks that the given one answers. Throws a PlainFailure that says what to do. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  if (options.databaseUrl !== undefined) return givenPostgres(options.databaseUrl);
  const account = postgresAccount();
  const cluster: Cluster = {
    home: options.home,
    data: dataFolder(path.resolve(options.home, 'postgres'), account),
    account,
    programs: postgresPrograms(account),
    password: secret(options.home, 'postgresPassword'),
    durable: options.durable ?? true,
    settings: options.settings ?? [],
    environment: options.environment ?? (async () => ({})),
  };
  await stopLeftOver(cluster);
  if (!existsSync(path.join(cluster.data, 'PG_VERSION'))) await initialise(cluster);
  return launch(cluster, options.keeper);
}

/** The files of one embedded server. */
interface Cluster {
  readonly home: string;
  readonly data: string;
  readonly account: Account | undefined;
  readonly programs: PostgresPrograms;
  readonly password: string;
  readonly durable: boolean;
  readonly settings: readonly string[];
  readonly environment: () => Promise<Readonly<Record<string, string>>>;
}

/** A cluster made half is worthless: it is removed, so that the next start makes it whole. */
async function initialise(cluster: Cluster): Promise<void> {
  const passwordFile = path.join(os.tmpdir(), `yiyue-${String(process.pid)}-${String(Date.now())}.password`);
  rmSync(cluster.data, { recursive: true, force: true });
  makeFolderFor(cluster.account, cluster.data);
  writeFileSync(passwordFile, cluster.password, { mode: 0o600 });
  try {
    if (cluster.account) await chown(passwordFile, cluster.account.uid, cluster.account.gid);
    await run(
      cluster.programs.initdb,
      [
        `--pgdata=${cluster.data}`,
        `--username=${roleName}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        ...(cluster.durable ? [] : ['--no-sync']),
      ],
      { ...cluster.account, cwd: '/', env: serverEnvironment() },
    );
  } catch (error) {
    rmSync(cluster.data, { recursive: true, force: true });
    throw startFailure(error instanceof Error ? error.message : String(error), cluster.data);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function launch(cluster: Cluster, keeper: Keeper): Promise<RunningPostgres> {
  const remembered = Number(stringEntries(readJson(portFile(cluster)))['postgres']);
  let port = await freePort(remembered > 0 ? remembered : wantedPort);
  const server = new Supervised('postgres', () => begin(cluster, keeper, port));
  await server.start().catch(async (error: unknown) => {
    // Someone took the port between our look and the server's.
    if (!(error instanceof Error) || !error.message.includes('Address already in use')) throw error;
    port = await freePort();
    await server.start();
  });
  writeJson(portFile(cluster), { postgres: String(port) });
  await createDatabase(cluster, port);
  return { url: connectionString(cluster, port, databaseName), server };
}

/** Resolves when the server answers. */
async function begin(cluster: Cluster, keeper: Keeper, port: number): Promise<Program> {
  await stopLeftOver(cluster);
  const log = logFile(cluster.home, 'postgres');
  rotateLog(log);
  const deadline = Date.now() + startTimeoutMs;
  let from = logEnd(log);
  let program = await spawn(cluster, keeper, port, log);
  while (!(await answers(connectionString(cluster, port, 'postgres')))) {
    if (program.end()) {
      const output = lastLines(log, 12, from);
      // Sessions of a killed server live on for a moment and hold its shared memory.
      if (!output.includes('shared memory block') || Date.now() > deadline)
        throw startFailure(output, cluster.data);
      await pause(200);
      from = logEnd(log);
      program = await spawn(cluster, keeper, port, log);
    }
    if (Date.now() > deadline) {
      await program.stop();
      throw new PlainFailure(`PostgreSQL did not answer within two minutes; its log is ${log}.`);
    }
    await pause(50);
  }
  return program;
}

async function spawn(cluster: Cluster, keeper: Keeper, port: number, log: string): Promise<Program> {
  return keeper.spawn('postgres', {
    command: cluster.programs.postgres,
    args: ['-D', cluster.data, '-p', String(port), ...serverSettings(cluster)],
    env: { ...serverEnvironment(), ...(await cluster.environment()) },
    cwd: '/',
    logFile: log,
    ...(cluster.account ? { account: cluster.account } : {}),
    stopSignal: 'SIGINT',
    graceMs: stopGraceMs,
  });
}

function serverSettings({ durable, settings: more }: Cluster): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    // Messages of failed statements may carry values, their text even more: neither belongs into a log.
    'log_min_messages=log',
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
    ...(durable ? [] : ['fsync=off', 'full_page_writes=off']),
    ...more,
  ];
  return settings.flatMap((setting) => ['-c', setting]);
}

/** Without the caller's PG* variables and locale: the server's own settings alone count. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

function portFile(cluster: Cluster): string {
  return path.join(cluster.home, 'run', 'postgres.json');
}

function connectionString(cluster: Cluster, port: number, database: string): string {
  return `postgres://${roleName}:${cluster.password}@127.0.0.1:${String(port)}/${database}`;
}

/**
 * Stops a server that a killed start left on these very files. Only its own answer proves whose it is: the
 * process id in the file may belong to another program by now.
 */
async function stopLeftOver(cluster: Cluster): Promise<void> {
  const pidFile = path.join(cluster.data, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const [pidLine, , , portLine] = readFileSync(pidFile, 'utf8').split('\n');
  const pid = Number(pidLine);
  if (!(pid > 0)) return;
  if (!processIsAlive(pid)) {
    // PostgreSQL takes a process that ended but was not yet collected for a running server, and would refuse to
    // start for as long as that lasts. Sessions that outlived it are still found by the folder's shared memory.
    rmSync(pidFile, { force: true });
    return;
  }
  const url = connectionString(cluster, Number(portLine), 'postgres');
  const deadline = Date.now() + stopGraceMs;
  let told = false;
  while (processIsAlive(pid)) {
    const served = await dataFolderServedAt(url);
    if (served !== undefined && realpathSync(served) !== realpathSync(cluster.data)) return;
    // Silence is a server that starts or stops right now, or a stranger that was given its number.
    if (served === undefined && !told && Date.now() > deadline - stopGraceMs + strangerPatienceMs) return;
    if (served !== undefined && !told) {
      process.kill(pid, 'SIGINT');
      told = true;
    }
    if (Date.now() > deadline) {
      throw new PlainFailure(
        `A PostgreSQL left from an earlier start (process ${String(pid)}) does not stop: end it by hand.`,
      );
    }
    await pause(50);
  }
}

async function dataFolderServedAt(url: string): Promise<string | undefined> {
  return withClient(url, async (client) => {
    const result = await client.query<{ data_directory: string }>('SHOW data_directory');
    return result.rows[0]?.data_directory;
  }).catch(() => undefined);
}

async function answers(url: string): Promise<boolean> {
  return withClient(url, async (client) => {
    await client.query('SELECT 1');
    return true;
  }).catch(() => false);
}

async function createDatabase(cluster: Cluster, port: number): Promise<void> {
  await withClient(connectionString(cluster, port, 'postgres'), async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
  });
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function givenPostgres(url: string): Promise<RunningPostgres> {
  try {
    await withClient(url, (client) => client.query('SELECT 1'));
  } catch (error) {
    throw new PlainFailure(
      `The PostgreSQL of DATABASE_URL does not answer (${error instanceof Error ? error.message : String(error)}).`,
    );
  }
  return { url, server: undefined };
}

function startFailure(output: string, data: string): Error {
  if (output.includes('No space left on device')) {
    return new PlainFailure(`The disk is full: PostgreSQL needs some 100 MB in ${data}.`);
  }
  if (output.includes('ermission denied')) {
    return new PlainFailure(
      `PostgreSQL may not use ${data}: change its owner or choose another place by YIYUE_HOME.`,
    );
  }
  if (output.includes('database files are incompatible')) {
    return new PlainFailure(
      `The data in ${data} was made by another version of PostgreSQL: start anew by npm start -- --fresh, or move it with that version.`,
    );
  }
  return new Error(`PostgreSQL did not start:\n${output}`);
}
