/** What is said to an NHI card and how its answers are judged, whatever carries the bytes. */
import type { BasicData } from '../../domain/card-proof/basic-data';
import { parseCardData } from './card-data';

/**
 * Sends one command and resolves to the reply with its two status bytes, at most 258 bytes. Empty when the card was
 * pulled out in between: the reader service calls that a success.
 */
export type Transmit = (command: Uint8Array) => Promise<Uint8Array>;

/** What may be wrong with the card itself. */
export type CardProblem = 'cardPulled' | 'cardUnreadable' | 'professionalCard' | 'otherCard';

export type CardAnswer =
  { readonly ok: true; readonly card: BasicData } | { readonly ok: false; readonly problem: CardProblem };

/** SELECT of the card's application by its name. */
export const selectCommand = bytesOf('00A4040010D158000001000000000000000000001100');
/** GET DATA of the basic data; its two data bytes name the first block. */
export const getDataCommand = bytesOf('00CA1100020000');
/** GET RESPONSE, still without the number of bytes that wait. */
const getResponse = bytesOf('00C00000');

const status = {
  done: 0x9000,
  professionalCard: 0x6a86,
  wrongLength: 0x6700,
  notSelected: 0x6985,
} as const;

/** Rounds of "there is more" or "ask so" before a card is given up on: an honest one needs one or two. */
const mostRounds = 4;

/**
 * Asks the card for its basic data. SELECT is best effort: cards issued since late 2025 refuse it and give the data
 * all the same, so GET DATA alone decides. Throws only what `transmit` throws.
 */
export async function askForBasicData(transmit: Transmit): Promise<CardAnswer> {
  const selected = await transmit(selectCommand);
  if (selected.length === 0) return { ok: false, problem: 'cardPulled' };
  let reply = await wholeReply(transmit, getDataCommand);
  if ('status' in reply && reply.status === status.notSelected) {
    // What was chosen is gone: another program came in between and reset the card or chose for itself.
    await transmit(selectCommand);
    reply = await wholeReply(transmit, getDataCommand);
  }
  if ('problem' in reply) return { ok: false, problem: reply.problem };
  if (reply.status !== status.done) return { ok: false, problem: problemOf(reply.status) };
  const card = parseCardData(reply.data);
  return card === undefined ? { ok: false, problem: 'cardUnreadable' } : { ok: true, card };
}

type WholeReply =
  | { readonly data: Uint8Array; readonly status: number }
  | { readonly problem: 'cardPulled' | 'cardUnreadable' };

/** A command and how many bytes of an answer it asks for; cards for which that is unnamed take it as any number. */
interface Command {
  readonly bytes: Uint8Array;
  readonly expected?: number;
}

/** Sends a command, and asks again where the card says how it wants to be asked or that more is waiting. */
async function wholeReply(transmit: Transmit, bytes: Uint8Array): Promise<WholeReply> {
  const parts: Uint8Array[] = [];
  let command: Command = { bytes };
  for (let round = 0; round < mostRounds; round += 1) {
    const reply = await transmit(encoded(command));
    if (reply.length === 0) return { problem: 'cardPulled' };
    if (reply.length === 1) return { problem: 'cardUnreadable' };
    const code = ((reply.at(-2) ?? 0) << 8) | (reply.at(-1) ?? 0);
    parts.push(reply.subarray(0, -2));
    const next = commandAfter(command, code);
    if (!next) return { data: Buffer.concat(parts), status: code };
    command = next;
  }
  return { problem: 'cardUnreadable' };
}

function commandAfter(command: Command, code: number): Command | undefined {
  const low = code & 0xff;
  // 61xx: so many bytes wait. 6Cxx: ask for exactly so many. 6700: some readers want the number named.
  if (code >> 8 === 0x61) return { bytes: getResponse, expected: low };
  if (code >> 8 === 0x6c) return { bytes: command.bytes, expected: low };
  if (code === status.wrongLength && command.expected === undefined) {
    return { bytes: command.bytes, expected: 0 };
  }
  return undefined;
}

function encoded({ bytes, expected }: Command): Uint8Array {
  return expected === undefined ? bytes : Uint8Array.of(...bytes, expected);
}

/** A card that has no such data is another card; one that reports trouble of its own cannot be read. */
function problemOf(code: number): CardProblem {
  if (code === status.professionalCard) return 'professionalCard';
  const troubled = code >= 0x6200 && code <= 0x65ff;
  return troubled ? 'cardUnreadable' : 'otherCard';
}

function bytesOf(hexadecimal: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hexadecimal, 'hex'));
}
