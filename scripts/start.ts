/** `npm start`: brings up all of Yiyue on this machine, with demonstration data, and keeps it running until Ctrl-C. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { settingDescriptions } from '../config/settings';
import {
  demonstrationPassword,
  ensureDemonstrationAccounts,
  hasDemonstrationAccount,
} from './demo-data/card-accounts';
import { ensureDemonstrationFamily } from './demo-data/family';
import { demonstrationHandset, ensureDemonstrationHandset } from './demo-data/handset';
import { demonstrationPeople } from './demo-data/known-people';
import type { DemonstrationPerson } from './demo-data/known-people';
import { householdOf } from './demo-data/person-record';
import { loadDemonstrationRound } from './demo-data/load';
import { demonstrationOperators } from './demo-data/operators';
import { demonstrationStations } from './demo-data/stations';
import { PlainFailure, explain } from './runtime/failure';
import { openHome, writeJson } from './runtime/home';
import { takeHome } from './runtime/left-over';
import { dataFolder, postgresAccount } from './runtime/postgres-account';
import { ProgressLine } from './runtime/progress-line';
import { startStack } from './runtime/stack';
import type { Environment, Stack, StackOptions } from './runtime/stack';

/** The terminal sends Ctrl-C to every process of the group and npm passes it on: the echo is no second wish. */
const echoMs = 1_000;

const progress = new ProgressLine(process.stderr);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { fresh: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return printHelp();
  const home = path.resolve(process.env['YIYUE_HOME'] ?? '.yiyue');
  if (values.fresh) removeData(home);

  const stopWish = new AbortController();
  const stopWished = new Promise<void>((resolve) =>
    stopWish.signal.addEventListener('abort', () => resolve()),
  );
  onStopWish(() => stopWish.abort());
  const stack = await startStack({ ...stackOptions(home), abort: stopWish.signal });
  // Where the operators' command finds the API.
  writeJson(path.join(home, 'run', 'pages.json'), { url: stack.url });
  progress.clear();
  await printOverview(stack, home);
  const reason = await Promise.race([stopWished, stack.broken]);
  progress.say('Stopping …');
  await stack.stop();
  progress.clear();
  if (reason) throw reason;
  process.stdout.write('Stopped; the data stays, and npm start goes on with it.\n');
}

function stackOptions(home: string): StackOptions {
  const mode = process.env['YIYUE_MODE'] ?? 'demonstration';
  if (mode !== 'production' && mode !== 'demonstration' && mode !== 'test') {
    throw new PlainFailure(`YIYUE_MODE is "${mode}"; it can be production, demonstration or test.`);
  }
  const port = Number(process.env['PORT'] ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new PlainFailure('PORT is not a port number: give one from 0 (any free one) to 65535.');
  }
  return {
    home,
    mode,
    port,
    given: givenSettings(),
    ...(mode === 'production' ? {} : { loadData: loadDemonstrationRound }),
    say: (text) => progress.say(text),
    onPages: (url) => progress.tell(`The pages answer at ${url} while the rest comes up.`),
    onCrash: (name, restartInMs) =>
      progress.tell(
        `The process "${name}" ended unexpectedly and is started again in ${String(restartInMs / 1_000)} s; see ${path.join(home, 'logs', `${name}.log`)}.`,
      ),
  };
}

/** The settings that stand in our own environment; an empty one counts as not given. */
function givenSettings(): Environment {
  const chosenByUs = new Set(['YIYUE_MODE', 'YIYUE_HOME', 'PORT']);
  return Object.fromEntries(
    settingDescriptions.flatMap(({ name }) => {
      const value = process.env[name];
      return value === undefined || value === '' || chosenByUs.has(name) ? [] : [[name, value]];
    }),
  );
}

/** Calls back at the first wish to stop; at a second one, later than the echo, ends at once. */
function onStopWish(stop: () => void): void {
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first === undefined) {
        first = Date.now();
        stop();
      } else if (Date.now() - first > echoMs) {
        // The keeper sees that we are gone and stops what still runs.
        process.exit(130);
      }
    });
  }
}

/** Removes the data folder, unless an instance runs on it. */
function removeData(home: string): void {
  openHome(home);
  takeHome(home)();
  rmSync(home, { recursive: true, force: true });
  openHome(home);
  // As root the database may lie elsewhere.
  rmSync(dataFolder(path.join(home, 'postgres'), postgresAccount()), { recursive: true, force: true });
}

async function printOverview(stack: Stack, home: string): Promise<void> {
  const lines = [
    '',
    'Yiyue runs. Ctrl-C stops it.',
    '',
    `  Pages         ${stack.url}`,
    `  API           ${stack.url}/docs`,
    ...(stack.smsInboxUrl === undefined ? [] : [`  SMS inbox     ${stack.smsInboxUrl}`]),
    ...(stack.mailInboxUrl === undefined ? [] : [`  Mail inbox    ${stack.url}/inbox/mail`]),
    `  Temporal      ${stack.temporal.address}, namespace ${stack.temporal.namespace}`,
    ...(stack.temporal.uiUrl === undefined ? [] : [`  Temporal UI   ${stack.temporal.uiUrl}`]),
    ...Object.entries(stack.metricsUrls).map(
      ([name, url], index) => `  ${(index === 0 ? 'Metrics' : '').padEnd(14)}${url} (${name})`,
    ),
    `  Data, logs    ${stack.settings.YIYUE_HOME ?? ''}`,
  ];
  const people = await peopleToSignInAs(stack.databaseUrl);
  if (people.length > 0) {
    lines.push('', 'Synthetic people to sign in as:', '  number       card number    mobile');
    const registered = people.filter((_, index) => hasDemonstrationAccount(index));
    for (const person of people) {
      const { personNumber, cardNumber, mobile, situation } = person;
      const household = registered.includes(person)
        ? ''
        : `, to be registered: ${householdWords(cardNumber)}`;
      lines.push(`  ${personNumber}   ${cardNumber}   ${mobile ?? '(none)    '}   ${situation}${household}`);
    }
    await ensureDemonstrationAccounts(stack.settings, stack.databaseUrl, registered);
    await ensureDemonstrationFamily(stack.databaseUrl);
    lines.push(
      `  Their cards are registered with the password ${demonstrationPassword} where nothing else is said.`,
    );
  }
  if (stack.settings.YIYUE_MODE !== 'production') {
    lines.push('', 'Operators, for npm run operations (some acts take two of them):');
    const operators = await demonstrationOperators(home, stack.databaseUrl);
    lines.push(...operators.map(({ name, key }) => `  OPERATOR_KEY=${key}   ${name}`));
    await ensureDemonstrationHandset(stack.settings, stack.databaseUrl, operators[0]?.name ?? '');
    lines.push(`  ${demonstrationHandset}   test handset that every wave of invitations reaches first`);
    const stations = await demonstrationStations(home, stack.databaseUrl);
    lines.push('', `Stations, set up at ${stack.url}/station with their key (and the code of their staff):`);
    lines.push(
      ...stations.map(
        ({ stationId, kind, key, staffKey }) =>
          `  ${key}   ${stationId} (${kind})${staffKey === undefined ? '' : `, staff ${staffKey}`}`,
      ),
    );
  }
  if (stack.settings.YIYUE_MODE !== 'production') {
    lines.push(
      '',
      'To sign in with a card reader, or with a virtual one where pcscd and vsmartcard-vpcd are installed:',
    );
    lines.push(`  npm start --workspace card-bridge -- --allow ${stack.url} --test-mode`);
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

/** What is asked for at the first registration of a card. */
function householdWords(cardNumber: string): string {
  const { householdNumber, registeredAddress } = householdOf(cardNumber);
  return `${householdNumber} ${registeredAddress}`;
}

/** The people whom the demonstration introduces, as far as the simulated registry knows them. */
async function peopleToSignInAs(databaseUrl: string): Promise<DemonstrationPerson[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const known = await client.query<{ number: string }>(
      'select number from simulated_registry.insured_number where number = any($1)',
      [demonstrationPeople.map(({ personNumber }) => personNumber)],
    );
    const numbers = new Set(known.rows.map(({ number }) => number));
    return demonstrationPeople.filter(({ personNumber }) => numbers.has(personNumber));
  } finally {
    await client.end();
  }
}

function printHelp(): void {
  const width = Math.max(...settingDescriptions.map(({ name }) => name.length));
  process.stdout.write(
    [
      'npm start                 starts everything, or goes on with the data that are there',
      'npm start -- --fresh      removes all data first',
      'npm start -- --help       this text',
      '',
      'Settings, from the environment (npm start runs in demonstration mode unless YIYUE_MODE says otherwise):',
      ...settingDescriptions.map(
        (setting) =>
          `  ${setting.name.padEnd(width)}  ${setting.description}${setting.default === '' ? '' : ` [${setting.default}]`}`,
      ),
      '',
    ].join('\n'),
  );
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    progress.clear();
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  },
);
