/** What is known about the card readers of this computer before anybody asks to read a card. */

/**
 * Where reading stands: the reader service of the operating system does not run (`noDaemon`), no reader is plugged
 * in, no card is in one, a card is in and may be read (`ready`), another program or a read of ours has it (`busy`),
 * or our own reading process starts anew after a reader that did not answer (`restarting`).
 */
export const readerStates = ['noDaemon', 'noReader', 'noCard', 'ready', 'busy', 'restarting'] as const;
export type ReaderState = (typeof readerStates)[number];

/** One reader as the reader service names it. */
export interface ReaderFacts {
  readonly name: string;
  /** A reader of software, which any program may feed: refused outside test mode. */
  readonly virtual: boolean;
  readonly cardPresent: boolean;
  /** The card's answer to reset, upper-case hexadecimal; a hint for support, never a gate. Null without a card. */
  readonly atr: string | null;
}

export interface ReaderStatus {
  readonly state: ReaderState;
  readonly readers: readonly ReaderFacts[];
}

/** Readers of the virtual smart-card driver, as it names them. */
const virtualReader = /^Virtual PCD\b/i;

/** Whether a reader of that name is software. */
export function isVirtualReader(name: string): boolean {
  return virtualReader.test(name);
}

/** The state of those readers together, while the reader service answers: the first one with a card decides. */
export function statusOf(readers: readonly ReaderFacts[]): ReaderStatus {
  if (readers.length === 0) return { state: 'noReader', readers };
  return { state: readers.some(({ cardPresent }) => cardPresent) ? 'ready' : 'noCard', readers };
}
