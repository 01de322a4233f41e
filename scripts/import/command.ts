/** The command of an import: what it takes, what it prints while it runs and at its end. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { migrateToLatest } from '../../ledger/migrate';
import { PlainFailure } from '../runtime/failure';
import type { Counts, ImportReport } from './counts';
import { importFolder, type ImportProgress } from './import-folder';
import { ImportRefused, problemLine } from './problem';
import { withTargetDatabase } from '../runtime/target-database';

const usage =
  'npm run import -- DIR   loads round.json, sites.csv, sessions.csv, supply.csv and people.csv of that folder';

/** How many problems are printed; whoever mends these sees the others next time. */
const printedProblems = 1_000;

/** Where the command prints: reports and lists of problems, and beside them what a person at the terminal is told. */
export interface ImportOutput {
  report(text: string): void;
  tell(text: string): void;
}

/**
 * Runs the command with these arguments and environment (`DATABASE_URL`, `YIYUE_HOME`; `INIT_CWD` is where npm was
 * called). Resolves to the exit code: 1 when the files are wrong. Throws `PlainFailure` for a wrong call.
 */
export async function runImportCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  output: ImportOutput,
): Promise<number> {
  const options = { help: { type: 'boolean', default: false } } as const;
  const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options });
  if (values.help) {
    output.report(usage);
    return 0;
  }
  const [named, ...others] = positionals;
  if (named === undefined || others.length > 0) throw new PlainFailure(`Name one folder: ${usage}`);
  const folder = path.resolve(environment['INIT_CWD'] ?? process.cwd(), named);
  const home = path.resolve(environment['YIYUE_HOME'] ?? '.yiyue');
  try {
    const report = await withTargetDatabase(home, environment['DATABASE_URL'], async (databaseUrl) => {
      await migrateToLatest(databaseUrl);
      return importWithBar(databaseUrl, folder);
    });
    output.report(reportText(report));
    return 0;
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error;
    tellRefusal(error, output);
    return 1;
  }
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

function tellRefusal({ problems, count }: ImportRefused, output: ImportOutput): void {
  const shown = problems.slice(0, printedProblems);
  output.report(shown.map(problemLine).join('\n'));
  const more = count > shown.length ? ` (the first ${shown.length} are listed)` : '';
  output.tell(`Nothing was loaded: ${count} ${count === 1 ? 'problem' : 'problems'} in the files${more}.`);
}
