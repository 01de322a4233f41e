/** A TCP wire between two parts that can be cut, slowed, silenced and mended while they talk over it. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What the wire does to what goes over it. */
export type WireManner =
  | { readonly kind: 'whole' }
  /** Ends what is open and refuses more. */
  | { readonly kind: 'cut' }
  /** Each piece comes so much later, in its order. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Each piece comes in crumbs of so many bytes, a moment apart. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /**
   * Half-open: nothing arrives and nothing is refused. A connection that was once silenced stays silent for ever,
   * as one does whose other end lost power.
   */
  | { readonly kind: 'silent' };

/** The two sockets of one connection. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** Pieces on their way, so that a late one is never overtaken. */
  queue: Promise<void>;
  dead: boolean;
}

export class Wire {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #manner: WireManner = { kind: 'whole' };
  #lostReplies: { readonly pattern: Buffer; left: number; struck: number } | undefined;
  /** Pieces that went over it in another manner than whole. */
  #disturbed = 0;

  private constructor(target: string) {
    const [host = '', port = ''] = target.split(':');
    this.#server = createServer((near) => {
      if (this.#manner.kind === 'cut') {
        this.#disturbed += 1;
        near.destroy();
        return;
      }
      this.#join(near, connect(Number(port), host));
    });
  }

  /** A wire to `host:port`. */
  static async to(target: string): Promise<Wire> {
    const wire = new Wire(target);
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  /** `host:port` of the near end. */
  get address(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** How many pieces, connections or replies were disturbed so far. */
  get disturbed(): number {
    return this.#disturbed + (this.#lostReplies?.struck ?? 0);
  }

  /** From now on. */
  behave(manner: WireManner): void {
    this.#manner = manner;
    if (manner.kind === 'cut') this.#endAll((socket) => socket.destroy());
    if (manner.kind === 'silent') for (const pair of this.#pairs) pair.dead = true;
  }

  /** Ends what goes over it and refuses more. */
  cut(): void {
    this.behave({ kind: 'cut' });
  }

  /** Whole again, for new connections at least. */
  mend(): void {
    this.behave({ kind: 'whole' });
    this.#disturbed += this.#lostReplies?.struck ?? 0;
    this.#lostReplies = undefined;
  }

  /** Ends every open connection by a reset, which drops what is on its way. */
  reset(): void {
    this.#disturbed += this.#pairs.size;
    this.#endAll((socket) => socket.resetAndDestroy());
  }

  /** The next `times` replies that contain `pattern` are lost, and their connection with them: work done, word lost. */
  loseReplies(pattern: Buffer, times: number): void {
    this.#lostReplies = { pattern, left: times, struck: 0 };
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, far: Socket): void {
    const pair: Pair = { near, far, queue: Promise.resolve(), dead: this.#manner.kind === 'silent' };
    this.#pairs.add(pair);
    near.setNoDelay(true);
    far.setNoDelay(true);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (piece: Buffer) => this.#carry(pair, piece, from, to));
      from.on('error', () => void (pair.dead || to.destroy()));
      from.on('end', () => this.#after(pair, async () => void (pair.dead || to.end())));
      from.on('close', () => {
        if (to.closed) this.#pairs.delete(pair);
        else if (!pair.dead) this.#after(pair, async () => void to.destroy());
      });
    }
  }

  #carry(pair: Pair, piece: Buffer, from: Socket, to: Socket): void {
    if (from === pair.far && this.#losesReply(piece)) {
      pair.near.destroy();
      pair.far.destroy();
      return;
    }
    if (pair.dead) {
      this.#disturbed += 1;
      return;
    }
    const manner = this.#manner;
    if (manner.kind === 'late' || manner.kind === 'drip') this.#disturbed += 1;
    const dueAt = performance.now() + (manner.kind === 'late' ? manner.ms : 0);
    this.#after(pair, async () => {
      if (dueAt > performance.now()) await pause(dueAt - performance.now());
      if (manner.kind !== 'drip') {
        write(to, piece);
        return;
      }
      for (let at = 0; at < piece.length; at += manner.bytes) {
        write(to, piece.subarray(at, at + manner.bytes));
        await pause(manner.everyMs);
      }
    });
  }

  /** In order within a connection; the quick way where nothing waits would reorder what does. */
  #after(pair: Pair, work: () => Promise<void>): void {
    pair.queue = pair.queue.then(work).catch(() => undefined);
  }

  #losesReply(piece: Buffer): boolean {
    const lost = this.#lostReplies;
    if (!lost || lost.left === 0 || !piece.includes(lost.pattern)) return false;
    lost.left -= 1;
    lost.struck += 1;
    return true;
  }

  #endAll(end: (socket: Socket) => void): void {
    for (const { near, far } of this.#pairs) {
      end(near);
      end(far);
    }
    this.#pairs.clear();
  }
}

function write(socket: Socket, piece: Buffer): void {
  if (socket.writable) socket.write(piece);
}
