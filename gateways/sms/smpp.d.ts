/** Types for the part of the `smpp` package (0.5) that is used here; the package ships none. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server as NetServer, Socket } from 'node:net';

  /** One protocol data unit; its fields and TLVs are properties, unchecked as they come from the wire. */
  export class PDU {
    constructor(command: string, fields?: Record<string, unknown>);
    command: string;
    command_status: number;
    sequence_number: number;
    isResponse(): boolean;
    response(fields?: Record<string, unknown>): PDU;
    toBuffer(): Buffer;
    [field: string]: unknown;
  }

  export class Session extends EventEmitter {
    readonly socket: Socket;
    /** False when the socket is not writable and nothing was sent; sets the sequence number otherwise. */
    send(pdu: PDU): boolean;
    close(callback?: () => void): void;
    destroy(callback?: () => void): void;
  }

  export interface ConnectOptions {
    readonly host: string;
    readonly port: number;
    readonly tls?: boolean;
    readonly servername?: string;
    readonly ca?: string;
  }
  export function connect(options: ConnectOptions): Session;

  export class Server extends NetServer {
    readonly sessions: Session[];
  }
  export function createServer(listener: (session: Session) => void): Server;
  /** With `key` and `cert` it speaks TLS. */
  export function createServer(
    options: { readonly key?: string; readonly cert?: string },
    listener: (session: Session) => void,
  ): Server;

  export interface TlvType {
    readonly default: unknown;
  }
  export const types: { readonly tlv: Readonly<Record<'int8' | 'cstring' | 'string' | 'buffer', TlvType>> };
  export function addTLV(tag: string, definition: { readonly id: number; readonly type: TlvType }): void;

  export const encodings: Readonly<
    Record<'ASCII' | 'UCS2', { encode(text: string): Buffer; decode(bytes: Buffer): string }>
  >;
  /** Status names of the specification, `ESME_ROK` and so on, and their values. */
  export const errors: Readonly<Record<string, number>>;
}
