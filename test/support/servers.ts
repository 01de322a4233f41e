/**
 * jest's global set-up: a small local service that starts PostgreSQL and Temporal when the first test asks for
 * them, so that a run of pure unit tests starts nothing and `npx jest FILE` needs no preparation.
 */
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { projectRoot } from '../../config/project-root';
import { openHome } from '../../scripts/runtime/home';
import { Keeper } from '../../scripts/runtime/keeper';
import { startPostgres } from '../../scripts/runtime/postgres';
import type { Supervised } from '../../scripts/runtime/supervised';
import { startTemporal } from '../../scripts/runtime/temporal';
import { makeThrowAwayFolder } from '../../scripts/runtime/throw-away';

/** Namespaces that Temporal makes at its start, since making one later takes seconds until it is usable. */
const namespaces = Array.from({ length: 40 }, (_, index) => `test-${String(index + 1)}`);

/** The servers of one run; nothing is started before it is asked for. */
class TestServers {
  readonly #keeper = new Keeper();
  #home: Promise<string> | undefined;
  readonly #namespaces = [...namespaces];
  readonly #running: (Supervised | undefined)[] = [];
  #databaseUrl: Promise<string> | undefined;
  #temporalAddress: Promise<string> | undefined;
  #bundle: Promise<string> | undefined;

  readonly #answers: Readonly<Record<string, () => Promise<unknown>>> = {
    '/database': async () => ({ url: await this.database() }),
    '/temporal': async () => ({
      address: await this.temporal(),
      namespace: this.#namespaces.shift() ?? null,
    }),
    '/workflow-bundle': async () => ({ path: await this.workflowBundle() }),
  };

  readonly service = http.createServer((request, response) => {
    // Kept open it would be closed after seconds, now and then in the moment of the next question.
    response.setHeader('connection', 'close');
    const answer =
      this.#answers[request.url ?? ''] ?? (() => Promise.reject(new Error('There is no such server.')));
    answer().then(
      (body) => response.end(JSON.stringify(body)),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? error.message : String(error));
      },
    );
  });

  database(): Promise<string> {
    this.#databaseUrl ??= this.#openHome()
      .then((home) =>
        startPostgres({ home, keeper: this.#keeper, durable: false, settings: ['max_wal_size=128MB'] }),
      )
      .then(({ url, server }) => {
        this.#running.push(server);
        return url;
      });
    return this.#databaseUrl;
  }

  temporal(): Promise<string> {
    this.#temporalAddress ??= this.#openHome()
      .then((home) =>
        startTemporal({
          home,
          keeper: this.#keeper,
          headless: true,
          anyPorts: true,
          namespaces,
          say: this.#say,
        }),
      )
      .then(({ address, server }) => {
        this.#running.push(server);
        return address;
      });
    return this.#temporalAddress;
  }

  /** Where the workflows of the sources stand as one file, for workers that start without a bundler. */
  workflowBundle(): Promise<string> {
    this.#bundle ??= this.#openHome().then(async (home) => {
      // Loaded only here: with it comes a bundler, which most runs do without.
      const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
      const { code } = await bundleWorkflowCode({
        workflowsPath: path.join(projectRoot, 'workflows/index.ts'),
        logger: new DefaultLogger('ERROR'),
      });
      const file = path.join(home, 'workflow-bundle.js');
      await writeFile(file, code);
      return file;
    });
    return this.#bundle;
  }

  async close(): Promise<void> {
    this.service.closeAllConnections();
    await new Promise((resolve) => this.service.close(resolve));
    await Promise.all(this.#running.map(async (server) => server?.stop()));
    await this.#keeper.close();
  }

  #openHome(): Promise<string> {
    this.#home ??= this.#makeHome();
    return this.#home;
  }

  async #makeHome(): Promise<string> {
    const home = await makeThrowAwayFolder('yiyue-test-');
    openHome(home);
    await this.#keeper.removeAtEnd(home);
    return home;
  }

  #said = '';
  readonly #say = (progress: string): void => {
    if (progress !== this.#said) process.stderr.write(`${progress}\n`);
    this.#said = progress;
  };
}

declare global {
  var yiyueTestServers: TestServers | undefined;
}

/** Called by jest once before all test files. */
export default async function setUp(): Promise<void> {
  const servers = new TestServers();
  globalThis.yiyueTestServers = servers;
  await new Promise<void>((resolve) => servers.service.listen(0, '127.0.0.1', resolve));
  const address = servers.service.address();
  if (address === null || typeof address === 'string') throw new Error('The test service has no port.');
  process.env['YIYUE_TEST_SERVERS'] = `http://127.0.0.1:${String(address.port)}`;
}
