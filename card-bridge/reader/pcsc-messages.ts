/** What the bridge and its PC/SC process say to each other over the channel between them. */

/** What the bridge asks; bytes are hexadecimal. */
export type PcscAct =
  | { readonly act: 'connect'; readonly reader: string }
  | { readonly act: 'transmit'; readonly reader: string; readonly command: string }
  | { readonly act: 'disconnect'; readonly reader: string };

export type PcscRequest = (PcscAct & { readonly id: number }) | { readonly act: 'close' };

export interface PcscReaderFacts {
  readonly name: string;
  readonly cardPresent: boolean;
  readonly atr: string | null;
}

/** Why a process cannot do anything; another one may, when the reason is gone. */
export type UnableReason = 'noBinding' | 'noDaemon' | 'noReader';

export type PcscReport =
  | { readonly readers: readonly PcscReaderFacts[] }
  /** The last word of a process that can do nothing. */
  | { readonly unable: UnableReason }
  /** The reply of a card, empty for connect and disconnect. */
  | { readonly id: number; readonly reply: string }
  /** The reader service's code, 0 when it gave none. */
  | { readonly id: number; readonly code: number };
