/** `npm run import -- DIR`: loads the files of a health authority into the ledger. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { migrateToLatest } from '../ledger/migrate';
import type { Counts, ImportReport } from './import/counts';
import { importFolder, type ImportProgress } from './import/import-folder';
import { ImportRefused, problemLine } from './import/problem';
import { withTargetDatabase } from './import/target-database';
import { failWith, PlainFailure } from './runtime/failure';

const usage =
  'npm run import -- DIR   loads round.json, sites.csv, sessions.csv, supply.csv and people.csv of that folder';

/** How many problems are printed; whoever mends these sees the others next time. */
const printedProblems = 1_000;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', default: false } },
  });
  const [folder, ...others] = positionals;
  if (values.help) return void process.stdout.write(`${usage}\n`);
  if (folder === undefined || others.length > 0) throw new PlainFailure(`Name one folder: ${usage}`);
  const home = path.resolve(process.env['YIYUE_HOME'] ?? '.yiyue');
  const report = await withTargetDatabase(home, process.env['DATABASE_URL'], async (databaseUrl) => {
    await migrateToLatest(databaseUrl);
    return importWithBar(databaseUrl, folder);
  });
  process.stdout.write(`${reportText(report)}\n`);
}

/** A bar on a terminal, a line every few seconds elsewhere. */
async function importWithBar(databaseUrl: string, folder: string): Promise<ImportReport> {
  const bar = new SingleBar({
    format: '{bar} {percentage} % | {doing}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 5_000,
  });
  let started = false;
  const onProgress = ({ doneBytes, totalBytes, doing }: ImportProgress): void => {
    if (started) return bar.update(doneBytes, { doing });
    bar.start(totalBytes, doneBytes, { doing });
    started = true;
  };
  try {
    return await importFolder(databaseUrl, folder, onProgress);
  } finally {
    if (started) bar.stop();
  }
}

function reportText(report: ImportReport): string {
  const line = (what: string, { added, changed, unchanged, leftAlone }: Counts): string =>
    `  ${what.padEnd(9)} ${added} added, ${changed} changed, ${unchanged} unchanged` +
    (leftAlone > 0 ? `, ${leftAlone} of earlier imports left alone` : '');
  return [
    `Loaded round ${report.roundId}:`,
    line('round', report.round),
    line('sites', report.sites),
    line('sessions', report.sessions),
    line('supply', report.supply),
    line('people', report.people),
  ].join('\n');
}

/** The list goes to standard output, so that it can be kept in a file and sent back. */
function printRefusal({ problems, count }: ImportRefused): void {
  const shown = problems.slice(0, printedProblems);
  process.stdout.write(`${shown.map(problemLine).join('\n')}\n`);
  const more = count > shown.length ? ` (the first ${shown.length} are listed)` : '';
  process.stderr.write(
    `Nothing was loaded: ${count} ${count === 1 ? 'problem' : 'problems'} in the files${more}.\n`,
  );
  process.exitCode = 1;
}

main().catch((error: unknown) => (error instanceof ImportRefused ? printRefusal(error) : failWith(error)));
