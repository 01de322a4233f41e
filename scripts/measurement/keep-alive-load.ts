/**
 * Load by one request asked over and over on connections that stay open, each asking again as soon as it is answered.
 * Written on bare sockets: node's own client costs more than the servers that are measured with it.
 */
import { connect, type Socket } from 'node:net';

export interface KeepAliveLoad {
  readonly host?: string;
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly ms: number;
}

/** What came of it; `failed` counts answers other than 200 and connections that broke. */
export interface LoadOutcome {
  readonly answered: number;
  readonly failed: number;
  readonly perSecond: number;
  /** Of one answer on average, with its headers. */
  readonly bytes: number;
}

/** Asks for as long as it is told to. */
export async function keepAliveLoad({
  host = '127.0.0.1',
  port,
  path,
  connections,
  ms,
}: KeepAliveLoad): Promise<LoadOutcome> {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}:${String(port)}\r\n\r\n`);
  const sum = { answered: 0, failed: 0, bytes: 0 };
  const startedAt = performance.now();
  const endsAt = startedAt + ms;
  await Promise.all(Array.from({ length: connections }, () => one(host, port, request, endsAt, sum)));
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    answered: sum.answered,
    failed: sum.failed,
    perSecond: sum.answered / seconds,
    bytes: sum.bytes / Math.max(1, sum.answered),
  };
}

function one(
  host: string,
  port: number,
  request: Buffer,
  endsAt: number,
  sum: { answered: number; failed: number; bytes: number },
): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host, port, noDelay: true }, () => socket.write(request));
    /** Bytes of the answer that is coming in; its whole length once the head has come. */
    let got = 0;
    let expected = 0;
    let head = '';
    socket.on('data', (chunk: Buffer) => {
      got += chunk.length;
      if (expected === 0) {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
        if (!head.startsWith('HTTP/1.1 200') || length === undefined) {
          sum.failed += 1;
          socket.destroy();
          return;
        }
        expected = end + 4 + Number(length);
      }
      if (got < expected) return;
      sum.answered += 1;
      sum.bytes += expected;
      got = 0;
      expected = 0;
      head = '';
      if (performance.now() < endsAt) socket.write(request);
      else socket.destroy();
    });
    socket.on('error', () => {
      sum.failed += 1;
    });
    socket.on('close', () => resolve());
  });
}
