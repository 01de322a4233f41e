/** The card command: a virtual NHI card that a person can put into a virtual reader, and what may go wrong with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isPlainDate, taipeiDateOf, type PlainDate } from '../../domain/civil-time/plain-date';
import { PlainFailure, systemErrorCode } from '../runtime/failure';
import { dataFolder, postgresAccount } from '../runtime/postgres-account';
import { catalogue } from './card-catalogue';
import { cardSocket, type CardAct, type CardAnswer } from './card-messages';
import { driverPort } from './virtual-card';

const holderProgram = path.join(__dirname, `holder-process${path.extname(__filename)}`);

/** A process that starts on a busy machine. */
const holderStartMs = 10_000;

/**
 * Runs the command for the data folder `YIYUE_HOME`. Resolves to what is to be printed; throws `PlainFailure` for a
 * wrong call and for what cannot be done.
 */
export async function runCardCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const home = path.resolve(environment['YIYUE_HOME'] ?? '.yiyue');
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, day: { type: 'string' } },
    allowPositionals: true,
  });
  const [act, ...rest] = positionals;
  const name = rest.join(' ');
  if (act === undefined || act === 'list') return list();
  if (act === 'insert' && name !== '') {
    const port = Number(values.port ?? environment['CARD_PORT'] ?? driverPort);
    const day = values.day ?? demonstrationDay(home);
    if (!Number.isInteger(port) || port < 1 || port > 65_535 || !isPlainDate(day)) throw wrongCall();
    return tell(home, { act, name, port, day });
  }
  if (name !== '') throw wrongCall();
  switch (act) {
    case 'remove':
    case 'pull-mid-read':
    case 'hang':
    case 'stop':
      return tell(home, { act });
    default:
      throw wrongCall();
  }
}

function wrongCall(): PlainFailure {
  return new PlainFailure(
    'Call it so: npm run card -- insert NAME [--port N] [--day YYYY-MM-DD] | remove | pull-mid-read | hang | stop; ' +
      'npm run card alone lists the cards.',
  );
}

function list(): string {
  return [
    'npm run card -- insert NAME   puts a card into the virtual reader (the beginning of a name is enough)',
    'npm run card -- remove        takes it out',
    'npm run card -- pull-mid-read pulls it out in the middle of the next reading',
    'npm run card -- hang          lets it fall silent in the next reading',
    'npm run card -- stop          takes it out and ends what runs in the background',
    '',
    'Cards:',
    ...catalogue.map(({ name, what }) => `  ${name}: ${what}`),
  ].join('\n');
}

/** The day on which the instance of that folder began: its people's birthdays were counted from it. Else today. */
function demonstrationDay(home: string): PlainDate {
  const version = path.join(dataFolder(path.join(home, 'postgres'), postgresAccount()), 'PG_VERSION');
  const made = statSync(version, { throwIfNoEntry: false })?.mtime ?? new Date();
  return taipeiDateOf(made.toISOString());
}

async function tell(home: string, act: CardAct): Promise<string> {
  const socket = cardSocket(home);
  let answer = await ask(socket, act);
  if (!answer && (act.act === 'remove' || act.act === 'stop')) return 'There was no card in the reader.';
  if (!answer && act.act !== 'insert')
    throw new PlainFailure('Put a card in first: npm run card -- insert NAME');
  if (!answer) {
    await startHolder(socket);
    answer = await ask(socket, act);
  }
  if (!answer) throw new Error('The process that holds the card ended at once.');
  if (!answer.done) throw new PlainFailure(answer.says);
  return answer.says;
}

/** `undefined` when nobody listens there. */
async function ask(socket: string, act: CardAct): Promise<CardAnswer | undefined> {
  const connection = net.connect(socket);
  try {
    await once(connection, 'connect');
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
  connection.write(`${JSON.stringify(act)}\n`);
  const [line] = (await once(createInterface({ input: connection }), 'line')) as [string];
  connection.destroy();
  return JSON.parse(line) as CardAnswer;
}

async function startHolder(socket: string): Promise<void> {
  // Left behind by one that was killed.
  rmSync(socket, { force: true });
  const holder = spawn(process.execPath, [...process.execArgv, holderProgram, socket], {
    detached: true,
    stdio: 'ignore',
  });
  holder.unref();
  const deadline = Date.now() + holderStartMs;
  while (!statSync(socket, { throwIfNoEntry: false })) {
    if (Date.now() > deadline) throw new PlainFailure('The process that holds the card did not start.');
    await pause(50);
  }
}
