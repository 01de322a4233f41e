/**
 * A Temporal server on PostgreSQL for measurements and fault runs: 512 shards and a database instance of its own, as
 * one machine of a real installation has them. The development server (one shard, SQLite) is no ground for a figure.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { PlainFailure } from './failure';
import { lastLines, logEnd, logFile, openHome, rotateLog } from './home';
import type { Keeper, Program } from './keeper';
import { prepareNamespace } from './namespace';
import { portIsFree } from './ports';
import { startPostgres } from './postgres';
import { Supervised } from './supervised';
import { temporalServerPrograms } from './temporal-server-binary';

const run = promisify(execFile);

const startTimeoutMs = 90_000;
const stopGraceMs = 20_000;
/** Cannot be changed once the data exist; sensible for one PostgreSQL. */
const historyShards = 512;
const services = ['frontend', 'history', 'matching', 'worker'] as const;

export interface TemporalServerOptions {
  /** Data folder of the engine alone: its database, log and settings. */
  readonly home: string;
  readonly keeper: Keeper;
  readonly namespace?: string;
  readonly say?: (progress: string) => void;
}

export interface RunningTemporalServer {
  /** `host:port` of its gRPC service. */
  readonly address: string;
  readonly namespace: string;
  /** All four services in one process; may be killed, frozen and started again. */
  readonly server: Supervised;
  /** Its own PostgreSQL. */
  readonly database: Supervised;
  /** The database of its workflows, to count what it stored. */
  readonly storeUrl: string;
  stop(): Promise<void>;
}

/** Starts database and server, on fresh data or on what the folder holds. Throws a PlainFailure that says what to do. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<RunningTemporalServer> {
  const { home, keeper, namespace = 'default', say = () => undefined } = options;
  const programs = await temporalServerPrograms(say);
  openHome(home);
  say('Starting the engine’s PostgreSQL …');
  const postgres = await startPostgres({
    home,
    keeper,
    settings: ['shared_buffers=512MB', 'max_wal_size=4GB'],
  });
  if (!postgres.server) throw new Error('an embedded PostgreSQL has a server');
  const database = new URL(postgres.url);
  try {
    await prepareSchemas(programs.schema, database);
    say('Starting the Temporal server …');
    const address = `127.0.0.1:${String(await writeConfiguration(home, database))}`;
    const server = new Supervised('temporal', () =>
      begin(programs.server, { home, keeper, namespace, address }),
    );
    await server.start();
    const { server: databaseServer } = postgres;
    return {
      address,
      namespace,
      server,
      database: databaseServer,
      storeUrl: Object.assign(new URL(postgres.url), { pathname: stores.default.database }).href,
      stop: async () => {
        await server.stop();
        await databaseServer.stop();
      },
    };
  } catch (error) {
    await postgres.server.stop();
    throw error;
  }
}

const stores = {
  default: { database: 'temporal', schema: 'postgresql/v12/temporal', connections: 60 },
  visibility: { database: 'temporal_visibility', schema: 'postgresql/v12/visibility', connections: 10 },
} as const;

/** Makes and updates both databases; on what is there already it does nothing. */
async function prepareSchemas(tool: string, database: URL): Promise<void> {
  for (const store of Object.values(stores)) {
    const tooled = (...args: string[]) =>
      run(tool, ['--plugin', 'postgres12_pgx', '--database', store.database, ...args], {
        env: {
          PATH: process.env['PATH'],
          SQL_HOST: database.hostname,
          SQL_PORT: database.port,
          SQL_USER: database.username,
          SQL_PASSWORD: database.password,
        },
      });
    const isNew = await tooled('create-database', '--defaultdb', 'postgres').then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && error.message.includes('already exists')) return false;
        throw error;
      },
    );
    if (isNew) await tooled('setup-schema', '--version', '0.0');
    await tooled('update-schema', '--schema-name', store.schema);
  }
}

/** Writes the server's settings on ports that are free now; answers the port of its gRPC service. */
async function writeConfiguration(home: string, database: URL): Promise<number> {
  const ports = new Map<string, number>();
  for (const name of services) {
    for (const kind of ['grpcPort', 'membershipPort']) ports.set(`${name}.${kind}`, await smallFreePort());
  }
  const port = (name: (typeof services)[number], kind: 'grpcPort' | 'membershipPort') =>
    ports.get(`${name}.${kind}`) ?? 0;
  const dynamic = path.join(home, 'temporal-dynamic.json');
  const value = (setting: unknown) => [{ value: setting }];
  writeFileSync(
    dynamic,
    JSON.stringify({
      // The default of 2400 requests a second throttles what is to be measured.
      'frontend.namespaceRPS': value(20_000),
      'frontend.rps': value(20_000),
      // Both sides of a comparison start many workflows: none is to fall out of the cache half-way.
      'history.hostLevelCacheMaxSize': value(100_000),
    }),
  );
  const sql = ({ database: databaseName, connections }: (typeof stores)['default' | 'visibility']) => ({
    sql: {
      pluginName: 'postgres12_pgx',
      databaseName,
      connectAddr: database.host,
      connectProtocol: 'tcp',
      user: database.username,
      password: database.password,
      maxConns: connections,
      maxIdleConns: connections,
      maxConnLifetime: '1h',
    },
  });
  const configuration = {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: historyShards,
      datastores: { default: sql(stores.default), visibility: sql(stores.visibility) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(
      services.map((name) => [
        name,
        {
          rpc: {
            grpcPort: port(name, 'grpcPort'),
            membershipPort: port(name, 'membershipPort'),
            bindOnLocalHost: true,
          },
        },
      ]),
    ),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${String(port('frontend', 'grpcPort'))}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamic, pollInterval: '60s' },
  };
  // JSON is YAML too; the file holds the database's password.
  writeFileSync(configurationFile(home), JSON.stringify(configuration, null, 2), { mode: 0o600 });
  return port('frontend', 'grpcPort');
}

/** The server keeps its members' ports as 16-bit numbers with a sign: any free port would be too high. */
async function smallFreePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (await portIsFree(port)) return port;
  }
}

function configurationFile(home: string): string {
  return path.join(home, 'temporal-server.json');
}

async function begin(
  command: string,
  { home, keeper, namespace, address }: TemporalServerOptions & { readonly address: string },
): Promise<Program> {
  const log = logFile(home, 'temporal');
  rotateLog(log);
  const from = logEnd(log);
  const program = await keeper.spawn('temporal', {
    command,
    args: ['--config-file', configurationFile(home), '--allow-no-auth', 'start'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    cwd: home,
    logFile: log,
    stopSignal: 'SIGTERM',
    graceMs: stopGraceMs,
  });
  try {
    await untilReady(address, namespace ?? 'default', () => {
      if (program.end())
        throw new Error(`The Temporal server did not start:\n${lastLines(log, 1, from).slice(0, 600)}`);
    });
    return program;
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** Waits until workflows can be started in the namespace, which is made when it is missing. */
async function untilReady(address: string, namespace: string, check: () => void): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    check();
    try {
      return await prepareNamespace(address, namespace);
    } catch (error) {
      if (Date.now() > deadline) {
        throw new PlainFailure(
          `The Temporal server at ${address} does not answer (${error instanceof Error ? error.message : String(error)}).`,
        );
      }
    }
  }
}
