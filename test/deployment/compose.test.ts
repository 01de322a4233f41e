/** docker-compose.yml and Dockerfile, as far as they can be judged without an engine that runs containers. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { projectRoot } from '../../config/project-root';
import { settingDescriptions } from '../../config/settings';

const run = promisify(execFile);

/** The part of a service that we look at. */
interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: Readonly<Record<string, unknown>>;
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** Values for what an operator has to choose. */
const chosen = {
  POSTGRES_PASSWORD: 'chosen',
  LEDGER_PASSWORD: 'chosen',
  TEMPORAL_DATABASE_PASSWORD: 'chosen',
  YIYUE_DATA_KEYS: '1:chosen',
  YIYUE_INDEX_KEY: 'chosen',
  YIYUE_SESSION_KEY: 'chosen',
  YIYUE_CAPTCHA_KEY: 'chosen',
  YIYUE_SETTLEMENT_KEY: 'chosen',
};

/** What docker-compose makes of the file; it rejects with its complaint. */
async function composeConfig(environment: Readonly<Record<string, string>>): Promise<Compose> {
  const { stdout } = await run('docker-compose', ['--env-file', '.env.example', 'config'], {
    cwd: projectRoot,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
  });
  return parse(stdout) as Compose;
}

let compose: Compose;

beforeAll(async () => {
  compose = await composeConfig(chosen);
}, 30_000);

function ours(): [string, ComposeService][] {
  return Object.entries(compose.services).filter(([, { image }]) => image.startsWith('yiyue:'));
}

describe('docker-compose.yml', () => {
  test('brings up database, engine, its UI and all of our processes', () => {
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining([
        'postgres',
        'temporal',
        'temporal-ui',
        'migrate',
        'api',
        'citizen',
        'casework',
        'relay',
        'text-sender',
      ]),
    );
  });

  test('does not start without the passwords and keys', async () => {
    for (const name of Object.keys(chosen)) {
      await expect(composeConfig({ ...chosen, [name]: '' })).rejects.toThrow(name);
    }
  }, 60_000);

  test('runs programs that exist', () => {
    const programs = ours().flatMap(([, { command = [] }]) =>
      command.filter((word) => word.startsWith('dist/')),
    );
    expect(programs.length).toBeGreaterThan(6);
    const missing = programs.filter(
      (program) =>
        !existsSync(path.join(projectRoot, program.replace(/^dist\//, '').replace(/\.js$/, '.ts'))),
    );
    expect(missing).toEqual([]);
  });

  test('gives our processes only settings that they know', () => {
    const known = new Set(['HEALTH_URL', ...settingDescriptions.map(({ name }) => name)]);
    const unknown = ours().flatMap(([service, { environment = {} }]) =>
      Object.keys(environment)
        .filter((name) => !known.has(name))
        .map((name) => `${service}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  test('knows of every long-running process whether it is well', () => {
    const silent = ours()
      .filter(([, { command = [] }]) => /workers\/(?!schedules)|simulators/.test(command.join(' ')))
      .filter(
        ([, { environment = {}, healthcheck }]) => healthcheck !== undefined || !environment['HEALTH_URL'],
      );
    expect(silent.map(([name]) => name)).toEqual([]);
    for (const name of ['postgres', 'temporal']) expect(compose.services[name]?.healthcheck).toBeDefined();
  });

  test('starts nothing before the schema and the namespace are there', () => {
    for (const worker of ['citizen', 'casework', 'relay', 'text-sender']) {
      expect(compose.services[worker]?.depends_on).toMatchObject({
        migrate: { condition: 'service_completed_successfully' },
        namespace: { condition: 'service_completed_successfully' },
      });
    }
  });

  test('serves the pages while the engine is away', () => {
    expect(Object.keys(compose.services['api']?.depends_on ?? {})).toEqual(['migrate']);
  });

  test('keeps the data in named volumes and mounts files that exist', () => {
    expect(Object.keys(compose.volumes)).toContain('postgres-data');
    const mounted = Object.values(compose.services)
      .flatMap(({ volumes = [] }) => volumes)
      .map((volume) => volume.split(':')[0] ?? '')
      .filter((source) => source.startsWith('/'));
    expect(mounted.filter((source) => !existsSync(source))).toEqual([]);
  });
});

describe('the image', () => {
  const dockerfile = readFileSync(path.join(projectRoot, 'Dockerfile'), 'utf8');

  test('runs as an account without rights and says whether it is well', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^HEALTHCHECK /m);
  });

  test('takes neither secrets nor data into its context', () => {
    const ignored = readFileSync(path.join(projectRoot, '.dockerignore'), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.env', '.git', '.yiyue', 'node_modules', 'dist']));
  });
});
