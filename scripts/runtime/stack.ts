/**
 * All of Yiyue on one machine: database, engine and our own processes, in the order in which they can be of
 * use. It serves `npm start`, the demonstration run and the journeys that kill parts of it.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Settings } from '../../config/settings';
import { migrateToLatest } from '../../ledger/migrate';
import { PlainFailure } from './failure';
import { openHome } from './home';
import { Keeper } from './keeper';
import { takeHome } from './left-over';
import { freePort, portIsFree } from './ports';
import { startPostgres } from './postgres';
import { endedEarly, longRunning, runToEnd } from './processes';
import { secret } from './secrets';
import type { CrashListener } from './supervised';
import { Supervised } from './supervised';
import { planTemporal } from './temporal';

/** Compiled programs of the processes that run all the time. */
const scripts = {
  api: 'api/server.js',
  simulators: 'scripts/simulators.js',
  citizen: 'workers/citizen.js',
  casework: 'workers/casework.js',
  relay: 'workers/relay.js',
  'text-sender': 'workers/text-sender.js',
} as const;

const workers = ['citizen', 'casework', 'relay', 'text-sender'] as const;

/** A part that can be stopped, killed and started by itself. */
export type PartName = keyof typeof scripts | 'postgres' | 'temporal';

/** The environment of our processes. */
export type Environment = Partial<Readonly<Record<keyof Settings, string>>>;

const apiStartTimeoutMs = 60_000;

/** What to start, and whom to tell. */
export interface StackOptions {
  /** Data folder; it is made when it is missing. */
  readonly home: string;
  readonly mode: 'production' | 'demonstration' | 'test';
  /** For the pages; without it any free port. */
  readonly port?: number;
  /** Settings that the caller gives; parts whose address stands here are not started. */
  readonly given?: Environment;
  /** False for throw-away data: writes do not wait for the disk. */
  readonly durable?: boolean;
  /** Without Temporal's own web pages. */
  readonly headless?: boolean;
  /** The data folder is removed at the end, even by `kill -9`; several such instances may start at the same time. */
  readonly throwAway?: boolean;
  /** Fills an empty database, once it is migrated; later starts call it too, so it has to look first. */
  readonly loadData?: (databaseUrl: string) => Promise<void>;
  readonly say?: (progress: string) => void;
  /** Called as soon as the pages answer, before the engine runs. */
  readonly onPages?: (url: string) => void;
  readonly onCrash?: CrashListener;
  /**
   * What one part alone gets into its environment, asked at each of its starts: a fault run puts a wire or another
   * clock under it. `databaseUrl` is where the ledger answers; undefined while PostgreSQL itself starts.
   */
  readonly environmentOf?: (
    part: PartName,
    databaseUrl: string | undefined,
  ) => Promise<Readonly<Record<string, string>>>;
  /** Ends a start that is still going on. */
  readonly abort?: AbortSignal;
}

/** What runs. */
export interface Stack {
  /** Origin of pages and API. */
  readonly url: string;
  readonly databaseUrl: string;
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly uiUrl: string | undefined;
  };
  /** Where the simulated SMS centre shows what phones received; undefined with a real gateway. */
  readonly smsInboxUrl: string | undefined;
  /** The same for the simulated mail server. */
  readonly mailInboxUrl: string | undefined;
  /** Where each process of ours serves its Prometheus metrics. */
  readonly metricsUrls: Readonly<Record<string, string>>;
  /** The settings that our processes run with, for whoever wants to open the same ledger. */
  readonly settings: Environment;
  /** One part, to stop, kill and start it by itself. Throws for a part that someone else runs. */
  process(name: PartName): Supervised;
  /** Resolves with the reason when the parts can no longer run. */
  readonly broken: Promise<Error>;
  /** Stops everything, in order, and leaves nothing behind but the data. */
  stop(): Promise<void>;
}

/** Starts everything. When it throws, what it had started is stopped again. */
export async function startStack(options: StackOptions): Promise<Stack> {
  openHome(options.home);
  const release = takeHome(options.home);
  const building = new StackBuilding(options, release);
  try {
    return await Promise.race([building.build(), whenAborted(options.abort)]);
  } catch (error) {
    await building.stop();
    throw error;
  }
}

function whenAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new PlainFailure('Stopped while starting; the data stays.'));
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end, { once: true });
  });
}

class StackBuilding {
  readonly #options: StackOptions;
  readonly #home: string;
  readonly #release: () => void;
  readonly #keeper = new Keeper();
  /** In the order of their start. */
  readonly #parts: Supervised[] = [];
  readonly #metricsUrls: Record<string, string> = {};
  #stopping: Promise<void> | undefined;

  constructor(options: StackOptions, release: () => void) {
    this.#options = options;
    this.#home = path.resolve(options.home);
    this.#release = release;
  }

  async build(): Promise<Stack> {
    const { say = () => undefined, given = {} } = this.#options;
    const { throwAway = false, environmentOf } = this.#options;
    if (throwAway) await this.#keeper.removeAtEnd(this.#home);
    const port = await this.#pagesPort();

    say('Starting PostgreSQL …');
    const postgres = await startPostgres({
      home: this.#home,
      keeper: this.#keeper,
      databaseUrl: given.DATABASE_URL,
      durable: this.#options.durable ?? true,
      ...(environmentOf ? { environment: () => environmentOf('postgres', undefined) } : {}),
    });
    this.#own(postgres.server);
    await migrateToLatest(postgres.url);

    const temporalPlan = await planTemporal({
      home: this.#home,
      keeper: this.#keeper,
      address: given.TEMPORAL_ADDRESS,
      namespace: given.TEMPORAL_NAMESPACE,
      headless: this.#options.headless ?? false,
      anyPorts: throwAway,
      reservedPort: port,
      say,
    });
    const simulated =
      this.#options.mode === 'production' ? {} : await simulatorAddresses(given, throwAway, port);
    const url = `http://127.0.0.1:${String(port)}`;
    const settings: Environment = {
      ...this.#keys(),
      HOST: '127.0.0.1',
      ...given,
      ...simulated,
      PORT: String(port),
      YIYUE_MODE: this.#options.mode,
      YIYUE_HOME: this.#home,
      DATABASE_URL: postgres.url,
      TEMPORAL_ADDRESS: temporalPlan.address,
      TEMPORAL_NAMESPACE: temporalPlan.namespace,
      ...(temporalPlan.uiUrl === undefined ? {} : { TEMPORAL_UI_URL: temporalPlan.uiUrl }),
    };

    // The slowest part comes up beside the pages; that it failed is told when it is waited for.
    say('Starting Temporal …');
    const temporalStarting = temporalPlan.start();
    temporalStarting.catch(() => undefined);
    // Whoever signs in needs the registry, so its stand-in comes with the pages.
    if (Object.keys(simulated).length > 0)
      await this.#start('simulators', { ...settings, ...noSimulator, ...simulated });
    say('Starting the pages …');
    await this.#start('api', settings);
    await this.#untilPagesAnswer(url);
    this.#options.onPages?.(url);
    this.#metricsUrls['api'] = `${url}/metrics`;

    const [temporal] = await Promise.all([temporalStarting, this.#options.loadData?.(postgres.url)]);
    this.#own(temporal.server);
    say('Starting the workers …');
    // Links in mails lead to the pages' own address where no other is given.
    const linked = { ...settings, PUBLIC_ORIGIN: settings.PUBLIC_ORIGIN || url };
    for (const worker of workers) {
      await this.#startMeasured(worker, worker === 'casework' ? linked : settings);
    }
    await runToEnd({ name: 'schedules', script: 'workers/schedules.js', settings }, this.#home, this.#keeper);

    return {
      url,
      databaseUrl: postgres.url,
      temporal: { address: temporal.address, namespace: temporal.namespace, uiUrl: temporal.uiUrl },
      smsInboxUrl: simulated.SMS_INBOX_URL,
      mailInboxUrl: simulated.MAIL_INBOX_URL,
      metricsUrls: this.#metricsUrls,
      settings,
      process: (name) => this.#part(name),
      broken: this.#keeper.gone.then(() => new Error('The process that keeps the servers has ended.')),
      stop: () => this.stop(),
    };
  }

  /** Our processes first and all at once, then what they lean on. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopNow();
    return this.#stopping;
  }

  async #stopNow(): Promise<void> {
    const isServer = (part: Supervised) => part.name === 'postgres' || part.name === 'temporal';
    await Promise.allSettled(this.#parts.filter((part) => !isServer(part)).map((part) => part.stop()));
    for (const server of this.#parts.filter(isServer).reverse()) await server.stop().catch(() => undefined);
    await this.#keeper.close().catch(() => undefined);
    this.#release();
  }

  #part(name: PartName): Supervised {
    const part = this.#parts.find((candidate) => candidate.name === name);
    if (!part) throw new Error(`The part "${name}" is not ours to run.`);
    return part;
  }

  #own(part: Supervised | undefined): void {
    if (!part) return;
    part.onCrash = this.#options.onCrash ?? (() => undefined);
    this.#parts.push(part);
  }

  async #start(name: keyof typeof scripts, settings: Environment): Promise<void> {
    const { environmentOf } = this.#options;
    const part = longRunning(
      { name, script: scripts[name], settings },
      this.#home,
      this.#keeper,
      environmentOf && (() => environmentOf(name, settings.DATABASE_URL)),
    );
    this.#own(part);
    await part.start();
  }

  /** With metrics on a port of its own: on one machine no two workers can share one. */
  async #startMeasured(name: (typeof workers)[number], settings: Environment): Promise<void> {
    const port = String(await freePort());
    this.#metricsUrls[name] = `http://127.0.0.1:${port}/metrics`;
    await this.#start(name, { ...settings, METRICS_PORT: port });
  }

  async #pagesPort(): Promise<number> {
    const wanted = this.#options.port ?? 0;
    if (wanted === 0) return freePort();
    if (await portIsFree(wanted)) return wanted;
    throw new PlainFailure(
      `Port ${String(wanted)} is in use: stop what listens there, or choose another, for instance PORT=${String(wanted + 1)}.`,
    );
  }

  /** The page process may crash once and come again; twice without an answer is a fault to show. */
  async #untilPagesAnswer(url: string): Promise<void> {
    const deadline = Date.now() + apiStartTimeoutMs;
    let crashes = 0;
    const api = this.#part('api');
    const onCrash = api.onCrash;
    api.onCrash = () => {
      crashes += 1;
    };
    while (!(await answersOk(`${url}/healthz`))) {
      if (crashes > 0 || Date.now() > deadline) throw endedEarly(this.#home, 'api');
      await pause(50);
    }
    api.onCrash = onCrash;
  }

  #keys(): Environment {
    const key = () => randomBytes(32).toString('base64');
    return {
      YIYUE_DATA_KEYS: secret(this.#home, 'YIYUE_DATA_KEYS', () => `1:${key()}`),
      YIYUE_INDEX_KEY: secret(this.#home, 'YIYUE_INDEX_KEY', key),
      YIYUE_SESSION_KEY: secret(this.#home, 'YIYUE_SESSION_KEY', key),
      YIYUE_CAPTCHA_KEY: secret(this.#home, 'YIYUE_CAPTCHA_KEY', key),
      YIYUE_SETTLEMENT_KEY: secret(this.#home, 'YIYUE_SETTLEMENT_KEY', key),
    };
  }
}

/** An empty address tells the simulators' process that a real system stands there. */
const noSimulator: Environment = {
  SMS_GATEWAY_URL: '',
  SMS_INBOX_URL: '',
  SMTP_URL: '',
  MAIL_INBOX_URL: '',
  INSURANCE_REGISTRY_URL: '',
  CARRIERS_URL: '',
};

/** Addresses for the stand-ins of those outside systems that the caller did not give. */
async function simulatorAddresses(
  given: Environment,
  anyPorts: boolean,
  pagesPort: number,
): Promise<Environment> {
  const chosen = (wanted: number) => freePort(anyPorts ? undefined : wanted, pagesPort);
  const origin = async (wanted: number) => `http://127.0.0.1:${String(await chosen(wanted))}`;
  return {
    ...(given.SMS_GATEWAY_URL === undefined
      ? {
          SMS_GATEWAY_URL: `smpp://yiyue:demo@127.0.0.1:${String(await chosen(12_775))}`,
          SMS_INBOX_URL: `${await origin(18_081)}/inbox`,
        }
      : {}),
    ...(given.SMTP_URL === undefined
      ? {
          SMTP_URL: `smtp://yiyue:demo@127.0.0.1:${String(await chosen(12_525))}`,
          MAIL_INBOX_URL: `${await origin(18_084)}/inbox`,
        }
      : {}),
    ...(given.INSURANCE_REGISTRY_URL === undefined ? { INSURANCE_REGISTRY_URL: await origin(18_082) } : {}),
    ...(given.CARRIERS_URL === undefined ? { CARRIERS_URL: await origin(18_083) } : {}),
  };
}

async function answersOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}
