/** `npm run bench`: measures what this project promises about speed; a run that misses a target ends with 1. */
import { parseArgs } from 'node:util';

import { bookingBenchmark } from './bench/booking';
import { browsingBenchmark } from './bench/browsing';
import { catchUpBenchmark } from './bench/catch-up';
import { costBenchmark } from './bench/cost';
import { lifeBenchmark } from './bench/life';
import { relayBenchmark } from './bench/relay';
import { settlementBenchmark } from './bench/settlement';
import { textsBenchmark } from './bench/texts';
import { waitingRoomBenchmark } from './bench/waiting-room';
import { chosen, runAll, type Benchmark } from './measurement/benchmark';
import { reportOf, tableOf, writeReport } from './measurement/report';
import { explain } from './runtime/failure';
import { ProgressLine } from './runtime/progress-line';

/** In this order: the short ones first. */
const benchmarks: readonly Benchmark[] = [
  lifeBenchmark,
  costBenchmark,
  relayBenchmark,
  catchUpBenchmark,
  textsBenchmark,
  browsingBenchmark,
  waitingRoomBenchmark,
  settlementBenchmark,
  bookingBenchmark,
];

const usage = [
  'npm run bench                       measures everything, one after another',
  'npm run bench -- --only NAME        only this (may be given several times)',
  'npm run bench -- --json FILE        writes the figures and the machine to FILE too',
  '',
  ...benchmarks.map(({ name, about }) => `  ${name.padEnd(14)}${about}`),
  '',
].join('\n');

const progress = new ProgressLine(process.stderr);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const results = await runAll(
    chosen(benchmarks, values.only),
    (text) => progress.say(text),
    (line) => progress.tell(line),
  );
  progress.clear();
  process.stdout.write(`${tableOf(results)}\n`);
  if (values.json !== undefined) writeReport(values.json, reportOf(results, new Date()));
  const missed = results.filter(({ meets }) => meets === false).length;
  if (missed === 0) return;
  process.stdout.write(`\n${String(missed)} of ${String(results.length)} figures missed their target.\n`);
  process.exitCode = 1;
}

main().catch((error: unknown) => {
  progress.clear();
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});
