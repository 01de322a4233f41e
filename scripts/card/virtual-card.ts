/** A card made of software in the reader of the virtual smart-card driver (vpcd), over its own protocol. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { isGetData, isSelect, type CardBehaviour } from './card-behaviours';

/** Where the driver listens for the card of its first reader when it is installed as its package does. */
export const driverPort = 35_963;

/** One-byte messages of the driver; whatever has another length is a command for the card. */
const control = { off: 0, on: 1, reset: 2, answerToReset: 4 } as const;

/** What the card is to do at the next reading instead of answering. */
export type Mishap = 'pull' | 'hang';

export class VirtualCard {
  readonly #socket: Socket;
  readonly #behaviour: CardBehaviour;
  #received: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #selected = false;
  #mishap: Mishap | undefined;
  #silent = false;

  private constructor(socket: Socket, behaviour: CardBehaviour) {
    this.#socket = socket;
    this.#behaviour = behaviour;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    // Told by `close`.
    socket.on('error', () => undefined);
  }

  /** Puts a card into the reader whose driver listens there; rejects with the system's error when none does. */
  static async insert(behaviour: CardBehaviour, port: number = driverPort): Promise<VirtualCard> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new VirtualCard(socket, behaviour);
  }

  /** Takes it out; resolves when the driver has been told. */
  async remove(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  /** Calls `listener` once when the card is out, whoever took it out. */
  onRemoved(listener: () => void): void {
    this.#socket.once('close', listener);
  }

  /** `pull`: the next question for data finds the card gone. `hang`: it and all later ones stay unanswered. */
  prepare(mishap: Mishap): void {
    this.#mishap = mishap;
  }

  /** Header and payload come in two writes, and a write may come in parts. */
  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 2) {
      const end = 2 + this.#received.readUInt16BE(0);
      if (this.#received.length < end) return;
      const message = this.#received.subarray(2, end);
      this.#received = this.#received.subarray(end);
      this.#hear(message);
    }
  }

  #hear(message: Uint8Array): void {
    if (this.#silent) return;
    if (message.length !== 1) return this.#answer(Uint8Array.from(message));
    // Also the driver's way to see whether a card is in, some twice a second.
    if (message[0] === control.answerToReset) this.#say(this.#behaviour.atr);
    else this.#selected = false;
  }

  #answer(command: Uint8Array): void {
    if (isGetData(command) && this.#mishap === 'pull') return void this.#socket.destroy();
    if (isGetData(command) && this.#mishap === 'hang') {
      this.#silent = true;
      return;
    }
    if (isSelect(command)) this.#selected = true;
    // The driver asks one thing at a time, so an answer that takes a while is overtaken by none.
    void Promise.resolve(this.#behaviour.reply(command, this.#selected)).then((reply) => this.#say(reply));
  }

  /** Never empty: the driver would wait for more for ever. */
  #say(reply: Uint8Array): void {
    const header = Buffer.alloc(2);
    header.writeUInt16BE(reply.length);
    this.#socket.write(Buffer.concat([header, reply]));
  }
}
