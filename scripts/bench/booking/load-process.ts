/**
 * Citizens at the bell: an open-loop load generator in a process of its own. Requests leave at a fixed rate whether or
 * not earlier ones were answered, and their time counts from the instant at which they should have left.
 */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import secureSession from '@fastify/secure-session';
import fastify from 'fastify';

import { sessionCookieName } from '../../../api/plugins/session';
import type { BellRing, BellResult } from './bell';

/** One connection of a citizen's browser: kept open, one request at a time. */
class Browser {
  #received = '';
  #socket: Socket;
  onAnswer: (status: number, body: string) => void = () => undefined;

  constructor(
    readonly port: number,
    private readonly host: string,
    private readonly onBroken: () => void,
  ) {
    this.#socket = this.#open();
  }

  send(request: string): void {
    this.#socket.write(request, 'latin1');
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: this.host, noDelay: true });
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => undefined);
    socket.on('close', () => this.onBroken());
    return socket;
  }

  #take(text: string): void {
    this.#received = this.#received === '' ? text : this.#received + text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const lengthAt = this.#received.indexOf('content-length: ') + 'content-length: '.length;
    const length = Number.parseInt(this.#received.slice(lengthAt, lengthAt + 8), 10);
    if (this.#received.length < headEnd + 4 + length) return;
    const status = Number(this.#received.slice(9, 12));
    const body = this.#received.slice(headEnd + 4);
    this.#received = '';
    this.onAnswer(status, body);
  }
}

async function cookiesOf(people: readonly string[], sessionKey: Buffer): Promise<readonly string[]> {
  const sealer = fastify();
  await sealer.register(secureSession, {
    key: sessionKey,
    cookieName: sessionCookieName(false),
    cookie: { path: '/' },
  });
  await sealer.ready();
  const now = Date.now();
  const cookies = people.map((personKey) => {
    const session = sealer.createSecureSession({
      ...{ personKey, sessionId: randomUUID(), signedInAt: now, lastActAt: now },
      __ts: Math.round(now / 1000),
    });
    return `${sessionCookieName(false)}=${encodeURIComponent(sealer.encodeSecureSession(session))}`;
  });
  await sealer.close();
  return cookies;
}

async function ring({ ports, rate, wishes, connections, sessionKey }: BellRing): Promise<BellResult> {
  const cookies = await cookiesOf(
    wishes.map(({ personKey }) => personKey),
    Buffer.from(sessionKey, 'base64'),
  );
  const idle: Browser[] = [];
  const due: number[] = [];
  let nextDue = 0;
  const result: BellResult = { booked: [], refused: [], failed: [], tookMs: 0 };

  return new Promise((resolve, reject) => {
    const browsers: Browser[] = [];
    let started = 0;
    let left = wishes.length;
    let sent = 0;

    const finish = (): void => {
      clearInterval(clock);
      result.tookMs = performance.now() - started;
      for (const browser of browsers) browser.close();
      resolve(result);
    };
    const dispatch = (): void => {
      while (nextDue < due.length) {
        const browser = idle.pop();
        if (!browser) return;
        const index = due[nextDue] ?? 0;
        nextDue += 1;
        ask(browser, index);
      }
    };
    const ask = (browser: Browser, index: number): void => {
      const wish = wishes[index];
      if (!wish) throw new Error('more requests than wishes');
      const intendedAt = started + (index * 1000) / rate;
      browser.onAnswer = (status, body) => {
        const at = performance.now();
        const ms = at - intendedAt;
        const atMs = at - started;
        if (status === 201) {
          const number = body.slice(body.indexOf('"appointmentNumber":"') + 21).slice(0, 10);
          result.booked.push({ personKey: wish.personKey, slotId: wish.slotId, number, ms, atMs });
        } else if (status === 409) result.refused.push({ ms, atMs });
        else result.failed.push({ status, code: /"code":"(\w+)"/.exec(body)?.[1] ?? body.slice(0, 80) });
        left -= 1;
        idle.push(browser);
        if (left === 0) finish();
        else dispatch();
      };
      const body = `{"slotId":${String(wish.slotId)},"mobile":"0912345678","language":"zh"}`;
      browser.send(
        `POST /v1/appointments HTTP/1.1\r\nhost: 127.0.0.1:${String(browser.port)}\r\ncookie: ${cookies[index] ?? ''}\r\n` +
          `idempotency-key: bell-${wish.personKey}-${String(wish.slotId)}\r\naccept-language: zh-TW\r\n` +
          `content-type: application/json\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
      );
    };
    for (let index = 0; index < connections; index += 1) {
      const port = ports[index % ports.length] ?? 0;
      // From one address a client has some 28,000 ports.
      const browser = new Browser(port, `127.0.0.${String(2 + (index % 4))}`, () => {
        reject(new Error('an API process closed a connection'));
      });
      browsers.push(browser);
      idle.push(browser);
    }
    started = performance.now() + 200;
    const clock = setInterval(() => {
      const now = performance.now();
      const upTo = Math.min(wishes.length, Math.floor(((now - started) * rate) / 1000) + 1);
      for (; sent < upTo; sent += 1) due.push(sent);
      dispatch();
    }, 1);
  });
}

// Waiting for what to do is reason enough to stay, whatever else counts the channel's listeners.
process.channel?.ref();
process.on('message', (asked: BellRing) => {
  ring(asked).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
