/**
 * `npm run demo`: one synthetic citizen's whole way over HTTP against a throw-away instance, told step by step.
 * Waiting is shortened by the stepping clock, no step is skipped; ends with 1 when one is not as it should be.
 */
import { maskMobile, maskPersonNumber } from '../domain/person-number/masks';
import { citizenWorkflowId } from '../workflows/citizen/messages';
import { demonstrationPeople } from './demo-data/known-people';
import { openInstance, type Instance } from './demo/instance';
import { StepFailed, walk, type WalkedStep } from './demo/walk';
import { taipeiMinute, Way, type Walker } from './demo/way';
import { wholeWay } from './demo/whole-way';
import { explain, PlainFailure } from './runtime/failure';
import { ProgressLine } from './runtime/progress-line';

const progress = new ProgressLine(process.stderr);
const print = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const from = Date.now();
  const stopWish = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopWish.abort());
  const instance = await openInstance({ say: (text) => progress.say(text), abort: stopWish.signal });
  try {
    await Promise.race([show(instance, from), instance.stack.broken.then(fail), stopped(stopWish.signal)]);
  } finally {
    progress.say('Stopping …');
    await instance.close();
    progress.clear();
  }
}

async function show(instance: Instance, from: number): Promise<void> {
  const way = new Way(instance, elder());
  const { personNumber, mobile } = way.walker;
  progress.clear();
  print(
    `A synthetic citizen, ${maskPersonNumber(personNumber)}, mobile ${maskMobile(mobile)}, on a throw-away instance.`,
  );
  print('');
  print('Ledger time (Taipei)  Step                     What was seen');
  await walk(way, wholeWay, { onStep: (step) => print(line(step)) });
  print('');
  print(`Texts received: ${way.texts.map(({ purpose }) => purpose ?? 'unknown').join(', ')}`);
  await printHistory(instance, await way.personKey());
  print(
    `All ${String(wholeWay.length)} steps were as they should be (${String(Math.round((Date.now() - from) / 1_000))} s).`,
  );
}

function line({ at, name, seen }: WalkedStep): string {
  return `${taipeiMinute(at)}      ${name.padEnd(25)}${seen}`;
}

/** One run after another under the same id: each ends when nothing is due for days and wakes when something is. */
async function printHistory(instance: Instance, personKey: string): Promise<void> {
  const workflowId = citizenWorkflowId(personKey);
  const runs: string[] = [];
  for await (const run of instance.temporal.client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const { historyLength } = await instance.temporal.client.workflow
      .getHandle(workflowId, run.runId)
      .describe();
    runs.unshift(`${String(historyLength)} (${run.status.name.toLowerCase()})`);
  }
  print(
    `Workflow ${workflowId}: ${String(runs.length)} runs, events in their histories: ${runs.join(', ')}.`,
  );
}

/** The demonstration's elder, who is invited first and has a mobile. */
function elder(): Walker {
  const [first] = demonstrationPeople;
  if (!first?.mobile) throw new Error('the demonstration begins with a person who has a mobile');
  return { personNumber: first.personNumber, cardNumber: first.cardNumber, mobile: first.mobile };
}

function fail(error: Error): never {
  throw error;
}

function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new PlainFailure('Stopped before the way was walked.')), {
      once: true,
    });
  });
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    progress.clear();
    const told = error instanceof StepFailed ? `Not as it should be: ${error.message}` : explain(error);
    process.stderr.write(`${told}\n`);
    process.exit(1);
  },
);
