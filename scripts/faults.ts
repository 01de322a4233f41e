/**
 * `npm run faults`: everything that can break on one machine is broken while clients act, and what they were told is
 * compared with the ledger. Ends with 1 when any invariant was violated, or when a control was not noticed.
 */
import { parseArgs } from 'node:util';

import { catalogue } from './faults/catalogue';
import { runCatalogue, type CatalogueResult } from './faults/run';
import { judged, reportOf, writeReport, type Result } from './measurement/report';
import { explain, PlainFailure } from './runtime/failure';
import { ProgressLine } from './runtime/progress-line';

const usage = [
  'npm run faults                      strikes with every fault of the catalogue, one after another',
  'npm run faults -- --short           the shortened set of the CI',
  'npm run faults -- --only NAME       only this (may be given several times)',
  'npm run faults -- --json FILE       writes the results and the machine to FILE too',
  '',
  ...catalogue.map(({ name, short }) => `  ${name}${short ? ' (short)' : ''}`),
  '',
].join('\n');

const progress = new ProgressLine(process.stderr);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      short: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const unknown = values.only.find((only) => catalogue.every(({ name }) => name !== only));
  if (unknown !== undefined) {
    throw new PlainFailure(`There is no fault "${unknown}"; npm run faults -- --help lists them.`);
  }
  const chosen = catalogue.filter(
    ({ name, short }) =>
      (values.only.length === 0 || values.only.includes(name)) && (!values.short || short === true),
  );
  const results = await runCatalogue(chosen, {
    say: (text) => progress.say(text),
    tell: (line) => {
      progress.clear();
      process.stdout.write(`${line}\n`);
    },
  });
  progress.clear();
  if (values.json !== undefined) writeReport(values.json, reportOf(results.flatMap(figuresOf), new Date()));
  const failed = results.filter(({ passed }) => !passed).length;
  process.stdout.write(`\n${String(results.length - failed)} passed, ${String(failed)} failed\n`);
  if (failed > 0) process.exitCode = 1;
}

function figuresOf({ name, violations, controlTold, peers }: CatalogueResult): Result[] {
  return [
    judged({
      name: `${name}.violations`,
      value: violations,
      unit: 'count',
      better: 'lower',
      target: 0,
      peers,
    }),
    judged({
      ...{ name: `${name}.control-noticed`, value: controlTold ? 1 : 0, unit: 'count' },
      ...{ better: 'higher', target: 1 },
    }),
  ];
}

main().catch((error: unknown) => {
  progress.clear();
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});
