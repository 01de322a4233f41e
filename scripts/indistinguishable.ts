/**
 * `npm run indistinguishable`: whether an answer at the door tells, by its time or by anything in it, if somebody is
 * known. Each way in is asked about known and unknown people in pairs of chance order, behind a registry (or, where none
 * is asked, a limiter) that takes longer over whom it knows. The control asks the same without the equal time: it has to be found out, or the
 * measurement is worth nothing.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { createHttpRegistry } from '../gateways/insurance-registry/http-registry';
import { startRegistrySimulator } from '../gateways/insurance-registry/simulator';
import { openLedger } from '../ledger/database';
import { migrateToLatest } from '../ledger/migrate';
import { loadDemonstrationRound } from './demo-data/load';
import { seededChoice } from './demo-data/seeded-choice';
import { openApp, type AppWithPeople } from './indistinguishable/app-with-people';
import { casesOf, type Asked, type Case } from './indistinguishable/cases';
import { compare, median, type Comparison } from './indistinguishable/told-apart';
import { failWith, PlainFailure } from './runtime/failure';
import { openHome } from './runtime/home';
import { Keeper } from './runtime/keeper';
import { startPostgres } from './runtime/postgres';

const seed = 20210706;
/** Rarer than this by chance alone: the answers are told apart. */
const toldApartBelow = 0.001;
/** How much longer the registry takes over whom it knows: what has to be hidden, and found where it is not. */
const leakMs = 5;
/** Nothing to speak of: the control's answers take as long as the work does. */
const noFloorMs = 1;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { samples: { type: 'string', default: '200' }, only: { type: 'string', default: '' } },
  });
  const samples = Number(values.samples);
  if (!Number.isInteger(samples) || samples < 20) {
    throw new PlainFailure('--samples takes a whole number of at least 20.');
  }
  const keeper = new Keeper();
  try {
    const home = await mkdtemp(path.join(os.tmpdir(), 'yiyue-indistinguishable-'));
    await chmod(home, 0o755);
    openHome(home);
    await keeper.removeAtEnd(home);
    const { url, server } = await startPostgres({ home, keeper, durable: false });
    try {
      await migrateToLatest(url);
      await loadDemonstrationRound(url);
      await measure(url, samples, values.only);
    } finally {
      await server?.stop();
    }
  } finally {
    await keeper.close();
  }
}

async function measure(databaseUrl: string, samples: number, only: string): Promise<void> {
  const keys = { dataKeys: new Map([[1, randomBytes(32)]]), currentDataKey: 1, indexKey: randomBytes(32) };
  const ledger = openLedger({ databaseUrl, keys });
  const simulator = await startRegistrySimulator({ databaseUrl, answerAfterMs: 2 });
  const registry = createHttpRegistry({ url: simulator.url });
  const app = await openApp(ledger, registry, { leakMs });
  const control = await openApp(ledger, registry, { leakMs, floorMs: noFloorMs });
  try {
    process.stdout.write(`${samples} answers each, ${leakMs} ms to hide\n`);
    const cases = casesOf(app).filter(({ name }) => name.includes(only));
    const controls = casesOf(control).filter(({ name }) => name.includes(only));
    if (cases.length === 0) throw new PlainFailure(`No case has ${only} in its name.`);
    for (const [index, each] of cases.entries()) {
      const found = await ask(app, each, samples);
      tell(each.name, found);
      if (found.chance < toldApartBelow || found.differs) process.exitCode = 1;
      const controlled = controls[index];
      if (!controlled) continue;
      const check = await ask(control, controlled, samples);
      tell('  control, without equal time', check);
      if (check.chance >= toldApartBelow) {
        process.stdout.write(
          '  the control was not found out: this measurement says nothing. More --samples, or less load.\n',
        );
        process.exitCode = 1;
      }
    }
  } finally {
    await app.close();
    await control.close();
    await simulator.close();
    await ledger.close();
  }
}

interface Found extends Comparison {
  readonly knownMs: number;
  readonly unknownMs: number;
  /** Beyond time: do the answers differ in status, headers or words? */
  readonly differs: boolean;
}

/** Both sides in pairs, of which chance says who goes first: whatever the machine does meanwhile meets both alike. */
async function ask(app: AppWithPeople, { known, unknown }: Case, samples: number): Promise<Found> {
  const choice = seededChoice(seed);
  const turns = Array.from({ length: samples }, () =>
    choice.onceIn(2) ? [known, unknown] : [unknown, known],
  ).flat();
  const times = new Map<unknown, number[]>([
    [known, []],
    [unknown, []],
  ]);
  const answers = new Map<unknown, Set<string>>([
    [known, new Set()],
    [unknown, new Set()],
  ]);
  await answerOf(app, await known(0));
  await answerOf(app, await unknown(0));
  for (const [turn, side] of turns.entries()) {
    const { ms, answer } = await answerOf(app, await side(turn));
    times.get(side)?.push(ms);
    answers.get(side)?.add(answer);
  }
  const [knownTimes = [], unknownTimes = []] = [times.get(known), times.get(unknown)];
  return {
    ...compare(unknownTimes, knownTimes, seed),
    knownMs: median(knownTimes),
    unknownMs: median(unknownTimes),
    differs: [...(answers.get(known) ?? [])].join() !== [...(answers.get(unknown) ?? [])].join(),
  };
}

/** What says only when it was answered, or names the request itself. */
const ownHeaders = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);

async function answerOf(
  app: AppWithPeople,
  { url, body, cookie }: Asked,
): Promise<{ readonly ms: number; readonly answer: string }> {
  const captcha = cookie === undefined ? { captcha: await app.solvedCaptcha() } : {};
  const begun = performance.now();
  const response = await fetch(`${app.url}${url}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(cookie !== undefined && { cookie }) },
    body: JSON.stringify({ ...body, ...captcha }),
  });
  const text = await response.text();
  const ms = performance.now() - begun;
  if (response.status >= 500 || response.status < 400) {
    throw new Error(`an answer that no refusal is: ${response.status}`);
  }
  // A sealed cookie looks different each time: that there is one, and how it is set, has to be the same.
  const headers = [...response.headers]
    .filter(([name]) => !ownHeaders.has(name))
    .map(([name, value]) => [name, name === 'set-cookie' ? value.replace(/=[^;]*/, '') : value]);
  return { ms, answer: JSON.stringify([response.status, headers, text]) };
}

function tell(name: string, found: Found): void {
  const ms = (value: number): string => value.toFixed(2);
  const verdict = found.differs
    ? 'THE WORDS DIFFER'
    : found.chance < toldApartBelow
      ? 'told apart'
      : 'not told apart';
  process.stdout.write(
    [
      `${name}: ${verdict}`,
      `known ${ms(found.knownMs)} ms, unknown ${ms(found.unknownMs)} ms`,
      `difference ${ms(found.medianDifferenceMs)} ms (99 %: ${ms(found.fromMs)} to ${ms(found.toMs)})`,
      `known is longer in ${(found.secondIsLonger * 100).toFixed(0)} of 100, by chance ${found.chance.toFixed(4)}`,
    ].join('; ') + '\n',
  );
}

main().catch(failWith);
