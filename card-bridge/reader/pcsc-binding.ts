/**
 * As much of the `pcsclite` package as we use. Its types are written down here because the package is optional: it
 * is compiled at installation, and a computer without the headers of PC/SC has everything but this.
 */
import type { EventEmitter } from 'node:events';

/** The root of the binding; emits `reader` for every reader, and `error` when the reader service is gone. */
export interface Pcsc extends EventEmitter {
  close(): void;
}

/** One reader; emits `status` on every change, `end` when it was unplugged, `error` when its service is gone. */
export interface PcscReader extends EventEmitter {
  readonly name: string;
  /** Stays true after the card was pulled: disconnect, or the next card is missed. */
  readonly connected: boolean;
  readonly SCARD_SHARE_SHARED: number;
  readonly SCARD_SHARE_EXCLUSIVE: number;
  readonly SCARD_PROTOCOL_T0: number;
  readonly SCARD_PROTOCOL_T1: number;
  readonly SCARD_LEAVE_CARD: number;
  readonly SCARD_RESET_CARD: number;
  connect(
    options: { share_mode: number; protocol: number },
    done: (error: unknown, protocol?: number) => void,
  ): void;
  transmit(
    command: Buffer,
    longestReply: number,
    protocol: number,
    done: (error: unknown, reply?: Buffer) => void,
  ): void;
  disconnect(disposition: number, done: (error: unknown) => void): void;
  close(): void;
}

/** What a reader's `status` event carries; the lower 16 bits of `state` are flags, the upper ones count changes. */
export interface PcscStatus {
  readonly state: number;
  readonly atr?: Buffer;
}

/** The flag of a reader's state for a card that is in it. */
export const cardIsPresent = 0x20;

/** The code in the text of one of its errors, such as `SCardConnect error: Sharing violation.(0x8010000b)`. */
export function pcscCodeOf(error: unknown): number {
  const [, code] = /\(0x[0-9a-f]*?([0-9a-f]{8})\)/i.exec(String(error)) ?? [];
  return code === undefined ? 0 : Number.parseInt(code, 16);
}

/** Loads the binding and asks the reader service for its readers; throws when either is not there. */
export function openPcsc(): Pcsc {
  // A plain import would be resolved before anybody could answer for its absence.
  const open = require('pcsclite') as () => Pcsc;
  return open();
}
