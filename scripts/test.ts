/** `npm test`: every test on real parts, with one line at the end that says how many passed and failed. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { projectRoot } from '../config/project-root';
import { readJson } from './runtime/home';
import { ProgressLine } from './runtime/progress-line';
import { prepareTestTools } from './runtime/test-tools';

/** The part of jest's JSON report that we count. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Test files that broke before a test of theirs could run. */
  readonly numRuntimeErrorTestSuites: number;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'yiyue-report-'));
  const report = path.join(folder, 'report.json');
  try {
    const progress = new ProgressLine(process.stderr);
    await prepareTestTools((text) => progress.say(text));
    progress.clear();
    const code = await runJest([
      '--maxWorkers=2',
      '--json',
      `--outputFile=${report}`,
      ...process.argv.slice(2),
    ]);
    const { passed, failed } = count(readJson(report), code);
    process.exitCode = code === 0 && failed === 0 ? 0 : 1;
    process.stdout.write(`${String(passed)} passed, ${String(failed)} failed\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** jest stops the servers of the run itself; a wish to stop is passed on so that it can. */
function runJest(args: readonly string[]): Promise<number> {
  const jest = spawn(process.execPath, [path.join(projectRoot, 'node_modules/jest/bin/jest.js'), ...args], {
    cwd: projectRoot,
    // The report goes to the file; what people read goes to standard error.
    stdio: ['inherit', 'ignore', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => jest.kill(signal));
  return new Promise((resolve, reject) => {
    jest.once('error', reject);
    jest.once('close', (code) => resolve(code ?? 1));
  });
}

/** Without a report the run itself failed, and that counts as one. */
function count(report: unknown, code: number): { passed: number; failed: number } {
  if (!isReport(report)) return { passed: 0, failed: 1 };
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return { passed: report.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed };
}

function isReport(value: unknown): value is Report {
  return (
    typeof value === 'object' && value !== null && 'numPassedTests' in value && 'numFailedTests' in value
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
