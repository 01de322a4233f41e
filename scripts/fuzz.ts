/**
 * `npm run fuzz`: the API under invented requests made from its own description, once as a stranger and once signed
 * in, on a throw-away database. No answer may be an error of ours, undeclared, or of another shape than declared.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { buildApp } from '../api/app';
import { createHttpRegistry } from '../gateways/insurance-registry/http-registry';
import { startRegistrySimulator } from '../gateways/insurance-registry/simulator';
import { openLedger } from '../ledger/database';
import { migrateToLatest } from '../ledger/migrate';
import { enrolStation } from '../ledger/station';
import { demonstrationPeople } from './demo-data/known-people';
import { loadDemonstrationRound } from './demo-data/load';
import { failWith, PlainFailure } from './runtime/failure';
import { openHome, readJson } from './runtime/home';
import { Keeper } from './runtime/keeper';
import { startPostgres } from './runtime/postgres';

/** Pinned, so that the same commit meets the same requests. */
const schemathesisVersion = '4.32.5';
const seed = '20210706';
const examplesPerOperation = '40';
/** For one run; it goes on with new requests until they are over. */
const secondsPerRun = '60';
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];

/** Who sends the requests. */
interface Sender {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Operations left out: signing out would make the signed-in sender a stranger. */
  readonly without: readonly string[];
}

async function main(): Promise<void> {
  const schemathesis = await installedSchemathesis();
  const keeper = new Keeper();
  try {
    const home = await mkdtemp(path.join(os.tmpdir(), 'yiyue-fuzz-'));
    await chmod(home, 0o755);
    openHome(home);
    await keeper.removeAtEnd(home);
    const { url: databaseUrl, server } = await startPostgres({ home, keeper, durable: false });
    try {
      await migrateToLatest(databaseUrl);
      await loadDemonstrationRound(databaseUrl);
      await fuzz(schemathesis, databaseUrl, home);
    } finally {
      // Else it would be taken for crashed, and started again, when the keeper ends it.
      await server?.stop();
    }
  } finally {
    await keeper.close();
  }
}

async function fuzz(schemathesis: string, databaseUrl: string, home: string): Promise<void> {
  const keys = { dataKeys: new Map([[1, randomBytes(32)]]), currentDataKey: 1, indexKey: randomBytes(32) };
  const ledger = openLedger({ databaseUrl, keys });
  const registry = await startRegistrySimulator({ databaseUrl, answerAfterMs: 1 });
  const app = await buildApp({
    ledger,
    registry: createHttpRegistry({ url: registry.url }),
    sessionKey: randomBytes(32),
    captchaKey: randomBytes(32),
    publicOrigin: '',
    logLevel: 'error',
    signInFloorMs: 5,
  });
  try {
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const { site_id: siteId } = await ledger.db
      .selectFrom('site')
      .select('site_id')
      .limit(1)
      .executeTakeFirstOrThrow();
    const { key } = await enrolStation(ledger.db, { stationId: 'fuzz', siteId });
    const senders: readonly Sender[] = [
      { name: 'a stranger', headers: {}, without: [] },
      {
        name: 'a citizen and a station',
        headers: { Cookie: await signedInCookie(app), Authorization: `Bearer ${key}` },
        without: ['signIn', 'signOut', 'lookUpAppointment'],
      },
    ];
    let passed = 0;
    let failed = 0;
    for (const sender of senders) {
      const result = await run(schemathesis, url, sender, path.join(home, `report-${passed}.json`));
      passed += result.passed;
      failed += result.failed;
    }
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    if (failed > 0) process.exitCode = 1;
  } finally {
    await app.close();
    await registry.close();
    await ledger.close();
  }
}

/** A session of the first demonstration person, by the same door as everyone's. */
async function signedInCookie(app: FastifyInstance): Promise<string> {
  const [person] = demonstrationPeople;
  if (!person) throw new Error('the demonstration set has people');
  const challenge = await app.captcha.challenge();
  const solution = await solveChallenge({ challenge, deriveKey });
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/sessions',
    payload: {
      method: 'card-number',
      personNumber: person.personNumber,
      cardNumber: person.cardNumber,
      captcha: Buffer.from(JSON.stringify({ challenge, solution })).toString('base64'),
    },
  });
  if (answer.statusCode !== 201) throw new Error(`the demonstration person is not let in: ${answer.body}`);
  return answer.cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ');
}

interface Result {
  readonly passed: number;
  readonly failed: number;
}

/** One run; each operation of the description counts as one check. */
async function run(schemathesis: string, url: string, sender: Sender, report: string): Promise<Result> {
  process.stdout.write(`\n== as ${sender.name}\n`);
  const args = [
    ...['run', `${url}/openapi.json`, '--url', url],
    ...['--checks', checks.join(','), '--phases', 'coverage,fuzzing', '--mode', 'all'],
    ...['--max-examples', examplesPerOperation, '--max-time', secondsPerRun, '--seed', seed],
    // One worker: several threads make Python 3.11 itself fail at random while requests are invented.
    ...['--request-timeout', '10', '--workers', '1', '--continue-on-failure', '--warnings', 'off'],
    ...['--suppress-health-check', 'all', '--no-color'],
    ...['--report', 'json', '--report-json-path', report],
    ...Object.entries(sender.headers).flatMap(([name, value]) => ['--header', `${name}:${value}`]),
    ...sender.without.flatMap((operation) => ['--exclude-operation-id', operation]),
  ];
  const { code } = await execute(schemathesis, args);
  return counted(readJson(report), code);
}

const reportCheck = Compile(
  Type.Object({
    operations: Type.Object({ selected: Type.Integer(), tested: Type.Integer() }),
    test_cases: Type.Object({ generated: Type.Integer(), with_failures: Type.Integer() }),
    errors: Type.Array(Type.Object({ count: Type.Integer() })),
  }),
);

/** Requests that were answered as declared against those that were not; an operation never tried is a failure too. */
function counted(report: unknown, code: number): Result {
  if (!reportCheck.Check(report))
    throw new PlainFailure('schemathesis ended without a report; its output says why.');
  const { operations, test_cases: cases, errors } = report;
  const wrong =
    cases.with_failures +
    errors.reduce((sum, { count }) => sum + count, 0) +
    (operations.selected - operations.tested);
  return { passed: cases.generated - cases.with_failures, failed: wrong === 0 && code !== 0 ? 1 : wrong };
}

/** The fuzzer in a Python environment of its own in the cache, installed when it or this version is missing. */
async function installedSchemathesis(): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
  const environment = path.join(cache, 'yiyue', `schemathesis-${schemathesisVersion}`);
  const program = path.join(environment, 'bin', 'schemathesis');
  if (existsSync(program) && (await execute(program, ['--version'], 'ignore')).code === 0) return program;
  process.stdout.write(`Installing schemathesis ${schemathesisVersion}, once\n`);
  const made = await execute('python3', ['-m', 'venv', environment]);
  if (made.code !== 0) {
    throw new PlainFailure('Fuzzing needs Python 3.10 or newer with its venv package (python3-venv).');
  }
  const pip = path.join(environment, 'bin', 'pip');
  const wanted = [
    'install',
    '--quiet',
    '--disable-pip-version-check',
    `schemathesis==${schemathesisVersion}`,
  ];
  if ((await execute(pip, wanted)).code !== 0) {
    throw new PlainFailure(
      `schemathesis ${schemathesisVersion} could not be installed from the Python package index.`,
    );
  }
  return program;
}

function execute(
  program: string,
  args: readonly string[],
  output: 'inherit' | 'ignore' = 'inherit',
): Promise<{ readonly code: number }> {
  const child = spawn(program, args, { stdio: ['ignore', output, output] });
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: 127 }));
    child.once('close', (code) => resolve({ code: code ?? 1 }));
  });
}

main().catch(failWith);
