/** The data folder of one installation (`YIYUE_HOME`): what lies where, and small JSON files kept there. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemErrorCode } from './failure';

const logLimitBytes = 20_000_000;

/** Creates the data folder with its parts; only its owner may read the logs and secrets in it. */
export function openHome(home: string): void {
  mkdirSync(home, { recursive: true });
  for (const part of ['logs', 'run']) mkdirSync(path.join(home, part), { recursive: true, mode: 0o700 });
}

/** The log file of one program. */
export function logFile(home: string, name: string): string {
  return path.join(home, 'logs', `${name}.log`);
}

/** Puts a log that grew big aside before its program starts again; one older log is kept. */
export function rotateLog(file: string): void {
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts && facts.size > logLimitBytes) renameSync(file, `${file}.old`);
}

/** Where a log ends now, in bytes: what comes later was written by the program about to start. */
export function logEnd(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last lines that a log got after `from`, for an error message; empty when there are none. */
export function lastLines(file: string, count: number, from = 0): string {
  try {
    return readFileSync(file).subarray(from).toString('utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

/** Reads a small JSON file; undefined when it is missing or was cut short by a crash. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes a small JSON file whole or not at all, readable by its owner only. */
export function writeJson(file: string, value: unknown): void {
  const unfinished = `${file}.${String(process.pid)}.part`;
  writeFileSync(unfinished, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/** The object's own string entries; an empty record when the value is no object. */
export function stringEntries(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
