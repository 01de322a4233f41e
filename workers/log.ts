/** Log of the worker processes: JSON lines with named fields only, so that nothing personal can slip in by an object. */
import pino, { type Logger as PinoLogger } from 'pino';

/** Everything that a line may say besides its message; whatever else is passed is dropped. */
const allowedFields = [
  'process',
  'personKey',
  'roundId',
  'version',
  'count',
  'persistent',
  'poked',
  'attempt',
  'waitMs',
  'address',
  'namespace',
  'taskQueue',
  'port',
  'signal',
  'textMessageId',
  'mailMessageId',
  'code',
  'error',
  'frames',
  'workflowType',
  'workflowId',
  'runId',
  'activityType',
  'sdkComponent',
] as const;

export type LogFields = Partial<Readonly<Record<(typeof allowedFields)[number], unknown>>>;

/** Writes one line; `fields` are codes, counts and opaque keys. */
export type LogLine = (message: string, fields?: LogFields) => void;

export interface WorkerLog {
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

/** Opens the log of one process. `destination` is for tests; lines go to standard output otherwise. */
export function openLog(process: string, destination?: { write(line: string): void }): WorkerLog {
  const options = { base: { process }, formatters: { log: onlyAllowed } };
  const logger: PinoLogger = destination ? pino(options, destination) : pino(options);
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}

function onlyAllowed(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    allowedFields.filter((name) => name in fields).map((name) => [name, fields[name]]),
  );
}

/** What may be said of an error: its class, its code and where it arose; never its message, which may quote a value. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error ? error.code : undefined;
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim());
  return {
    error: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    frames,
  };
}
