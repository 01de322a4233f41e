/**
 * The process that talks to the reader service. It is one of its own because the binding cannot be trusted with ours:
 * an exchange that gets stuck has no time limit and may block the event loop, and threads of it may end the process.
 * It decides nothing: it does what the bridge asks, one reader at a time, and reports every change.
 */
import {
  openPcsc,
  pcscCodeOf,
  cardIsPresent,
  type Pcsc,
  type PcscReader,
  type PcscStatus,
} from './pcsc-binding';
import { pcscCodes } from './pcsc-codes';
import type { PcscAct, PcscReaderFacts, PcscReport, PcscRequest } from './pcsc-messages';

/** The longest reply of a card to a short command: 256 bytes and its status. */
const longestReply = 258;

/** The binding says nothing when there is no reader at all, so silence of this length means that. */
const firstReportMs = 300;

interface OpenReader {
  readonly handle: PcscReader;
  facts: PcscReaderFacts | undefined;
  /** What `connect` agreed on; `transmit` needs it. */
  protocol: number;
}

const readers = new Map<string, OpenReader>();

/** Windows runs its reader service only while a reader is plugged in. */
const withoutService = process.platform === 'win32' ? 'noReader' : 'noDaemon';

/** Ends the hard way: an orderly exit waits for a thread that may never come back. */
function leave(): void {
  process.kill(process.pid, 'SIGKILL');
}

function report(message: PcscReport, then: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, {}, then);
}

function reportReaders(): void {
  const known = [...readers.values()].flatMap(({ facts }) => (facts ? [facts] : []));
  report({ readers: known });
}

function watch(handle: PcscReader): void {
  const reader: OpenReader = { handle, facts: undefined, protocol: 0 };
  readers.set(handle.name, reader);
  handle.on('status', ({ state, atr }: PcscStatus) => {
    const cardPresent = (state & cardIsPresent) !== 0;
    reader.facts = {
      name: handle.name,
      cardPresent,
      atr: cardPresent && atr ? atr.toString('hex').toUpperCase() : null,
    };
    reportReaders();
  });
  handle.on('end', () => {
    readers.delete(handle.name);
    reportReaders();
  });
  handle.on('error', serviceGone);
}

/** One lost service is told by the root and by every reader; the first is enough. */
function serviceGone(error: unknown): void {
  if (pcscCodeOf(error) !== pcscCodes.cancelled) report({ unable: withoutService }, leave);
}

type Done = (error: unknown, reply?: Uint8Array) => void;

function carryOut(request: PcscAct, done: Done): void {
  const reader = readers.get(request.reader);
  if (!reader) return done(new Error('Unknown reader.(0x80100009)'));
  switch (request.act) {
    case 'connect':
      return connect(reader, done);
    case 'transmit':
      return reader.handle.transmit(Buffer.from(request.command, 'hex'), longestReply, reader.protocol, done);
    case 'disconnect':
      return disconnect(reader, done);
  }
}

/** Shared, so that other programs keep working; after an earlier card the handle has to be given back first. */
function connect(reader: OpenReader, done: Done): void {
  const { handle } = reader;
  const options = {
    share_mode: handle.SCARD_SHARE_SHARED,
    protocol: handle.SCARD_PROTOCOL_T0 | handle.SCARD_PROTOCOL_T1,
  };
  const begin = (): void =>
    handle.connect(options, (error, protocol = 0) => {
      reader.protocol = protocol;
      done(error);
    });
  if (handle.connected) disconnect(reader, begin);
  else begin();
}

/** The card stays under power: another program may be using it. */
function disconnect({ handle }: OpenReader, done: Done): void {
  handle.disconnect(handle.SCARD_LEAVE_CARD, (error) => done(error));
}

/** The binding's threads hold a process for ever unless every reader is closed before the root. */
function close(root: Pcsc): void {
  for (const { handle } of readers.values()) handle.close();
  root.close();
  leave();
}

function isRequest(message: unknown): message is PcscRequest {
  return typeof message === 'object' && message !== null && 'act' in message;
}

function start(): void {
  // Whoever started us is gone, or has given us up.
  process.on('disconnect', leave);
  let root: Pcsc;
  try {
    root = openPcsc();
  } catch (error) {
    return report({ unable: pcscCodeOf(error) === 0 ? 'noBinding' : withoutService }, leave);
  }
  root.on('reader', watch);
  root.on('error', serviceGone);
  setTimeout(reportReaders, firstReportMs);
  process.on('message', (message) => {
    if (!isRequest(message)) return;
    if (message.act === 'close') return close(root);
    const { id } = message;
    carryOut(message, (error, reply) =>
      report(
        error ? { id, code: pcscCodeOf(error) } : { id, reply: Buffer.from(reply ?? []).toString('hex') },
      ),
    );
  });
}

start();
