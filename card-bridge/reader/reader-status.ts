/** What is known about the card readers of this computer before anybody asks to read a card. */

/**
 * Where reading stands: our part that talks to readers is not installed (`noBinding`), the reader service of the
 * operating system does not run (`noDaemon`), no reader is plugged in, no card is in one, a card is in (`ready`), it
 * is being read (`busy`), or our reading process starts (`restarting`), for the first time or after a reader that did
 * not answer. That another program keeps the card shows only when it is read: readers do not announce it.
 */
export const readerStates = [
  'noBinding',
  'noDaemon',
  'noReader',
  'noCard',
  'ready',
  'busy',
  'restarting',
] as const;
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

/** How the readers together stand while the reader service answers: one with a card is enough. */
export function stateOf(readers: readonly ReaderFacts[]): ReaderState {
  if (readers.length === 0) return 'noReader';
  return readers.some(({ cardPresent }) => cardPresent) ? 'ready' : 'noCard';
}
