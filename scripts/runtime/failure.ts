/** Failures that a person at the terminal can do something about, told in one sentence instead of a stack trace. */

/** Its message is a whole sentence that says what is wrong and what to do. */
export class PlainFailure extends Error {
  override name = 'PlainFailure';
}

/** The error code of a failed system call (`ENOSPC`, `EADDRINUSE` …), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What to print for an error: one sentence where the cause is known, else the error with its stack. */
export function explain(error: unknown): string {
  if (error instanceof PlainFailure) return error.message;
  const place = pathOf(error);
  switch (systemErrorCode(error)) {
    case 'ENOSPC':
      return `The disk is full${place}: free some space and start again.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `This account may not write${place}: change the owner of that place or choose another by YIYUE_HOME.`;
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return `${firstSentence(error)}. npm start -- --help lists what there is.`;
    default:
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** Prints why a program ended and sets its exit code to 1. */
export function failWith(error: unknown): void {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}

/** Node adds advice for the authors of programs to what it says of an argument. */
function firstSentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('. ')[0] ?? '';
}

function pathOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('path' in error)) return '';
  return typeof error.path === 'string' ? ` (${error.path})` : '';
}
