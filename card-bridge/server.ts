/** The bridge's server on the loopback addresses: a page for people, calls for allowed sites, news over a WebSocket. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

import { bridgeVersion, challengeOf, enrolmentFor, proofFor, statusFor, type BridgeParts } from './calls';
import { callerOf, isOwnHost, type Caller, type DoorSettings } from './door';
import { pagePolicy, pageScript, pageStyle, statusPage } from './status-page';
import type { ReadProblem } from './reader/pcsc-codes';
import { callProblemWords, type CallProblem } from './words';

/** A challenge is some 250 bytes. */
const bodyLimit = 4_096;
/** Pages that are left open need few; a site that opens ever more gets no further. */
const mostSockets = 20;

export interface BridgeOptions extends BridgeParts {
  /** 0 for any free one. */
  readonly port: number;
  readonly origins: readonly string[];
  readonly kiosk?: { readonly origin: string; readonly key: string };
}

export interface RunningBridge {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

type Site = Extract<Caller, { origin: string }>;

/** What the calls of one bridge share: why the last reading came to nothing is all that it remembers of one. */
interface Parts extends BridgeOptions {
  lastProblem?: ReadProblem | undefined;
}

/** A call, and what it answers; only sites may make it. */
type Call = (parts: Parts, site: Site, body: unknown) => Promise<Answer> | Answer;

interface Answer {
  readonly status: number;
  readonly body: object;
}

const problem = (status: number, code: CallProblem): Answer => ({
  status,
  body: { problem: code, words: callProblemWords[code] },
});

const calls: Readonly<Record<string, Call>> = {
  'GET /status': (parts) => ({ status: 200, body: statusFor(parts) }),
  'POST /enrolment': (parts, site) => ({ status: 200, body: enrolmentFor(parts, site) }),
  'POST /proofs': async (parts, site, body) => {
    const challenge = challengeOf(body);
    if (!challenge) return problem(400, 'callInvalid');
    const proof = await proofFor(parts, site, challenge);
    parts.lastProblem = 'problem' in proof ? proof.problem : undefined;
    return { status: 'problem' in proof ? 409 : 200, body: proof };
  },
};

/** Starts the bridge on 127.0.0.1 and, where the computer has it, on ::1 of the same port. */
export async function startBridge(options: BridgeOptions): Promise<RunningBridge> {
  const parts: Parts = { ...options };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: bodyLimit });
  const door: { settings: DoorSettings } = { settings: { ...options } };
  const server = () => {
    const made = createServer({ requestTimeout: 10_000, maxHeaderSize: 8_192 }, (request, response) => {
      answer(parts, door.settings, request, response).catch(() => {
        options.log('failed');
        response.destroy();
      });
    });
    made.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      upgrade(options, door.settings, sockets, request, socket, head),
    );
    return made;
  };
  const first = server();
  const port = await listen(first, '127.0.0.1', options.port);
  door.settings = { ...options, port };
  const servers = [first];
  const second = server();
  // Not every computer has IPv6; that is no reason to have no bridge.
  if (await listen(second, '::1', port).catch(() => undefined)) servers.push(second);
  const stopTelling = options.reader.onChange(() => {
    const news = JSON.stringify(statusFor(options));
    for (const client of sockets.clients) client.send(news);
  });
  options.log('listening', { port });
  return {
    port,
    url: `http://127.0.0.1:${String(port)}`,
    async close() {
      stopTelling();
      for (const client of sockets.clients) client.terminate();
      for (const one of servers) one.closeAllConnections();
      await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: true }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

async function answer(
  options: Parts,
  door: DoorSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? '';
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  if (method === 'GET' && isOwnHost(request.headers.host, door)) {
    const page = ownPage(options, path);
    if (page) return send(response, 200, page.type, page.text, { 'content-security-policy': pagePolicy });
  }
  const caller = callerOf(request.headers, door);
  if (typeof caller === 'string') return turnAway(options, response, caller);
  if (caller.kind === 'own') return turnAway(options, response, 'callUnknown');
  const cors = corsOf(caller);
  if (method === 'OPTIONS') {
    response.writeHead(204, { ...cors, ...preflight });
    response.end();
    return;
  }
  const call = calls[`${method} ${path}`];
  if (!call) return json(response, problem(404, 'callUnknown'), cors);
  const body = await bodyOf(request);
  if (body === 'bodyTooLarge') return json(response, problem(413, body), { ...cors, connection: 'close' });
  if (body === 'callInvalid') return json(response, problem(400, body), cors);
  json(response, await call(options, caller, body.value), cors);
}

/** What people see at the bridge's address; it needs no origin, shows nothing of anybody and does nothing. */
function ownPage(options: Parts, path: string): { type: string; text: string } | undefined {
  if (path === '/page.css') return { type: 'text/css; charset=utf-8', text: pageStyle };
  if (path === '/page.js') return { type: 'text/javascript; charset=utf-8', text: pageScript };
  if (path !== '/') return undefined;
  const { origins, testMode, lastProblem } = options;
  const reader = options.reader.status();
  const text = statusPage({ version: bridgeVersion, origins, testMode, reader, lastProblem });
  return { type: 'text/html; charset=utf-8', text };
}

function turnAway(options: BridgeOptions, response: ServerResponse, code: CallProblem): void {
  options.log('turned away', { problem: code });
  json(response, problem(code === 'callUnknown' ? 404 : 403, code), {});
}

/** Read access for the origin that asked and no other; the browser asks its person about the local network itself. */
function corsOf(site: Site): Record<string, string> {
  if (site.kind !== 'page') return {};
  return { 'access-control-allow-origin': site.origin, vary: 'Origin' };
}

const preflight = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'content-type',
  'access-control-allow-private-network': 'true',
  'access-control-max-age': '600',
};

function json(response: ServerResponse, { status, body }: Answer, headers: Record<string, string>): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body), headers);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Record<string, string>,
): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...headers,
  });
  response.end(text);
}

/** JSON of at most some kilobytes; nothing for a GET. */
async function bodyOf(
  request: IncomingMessage,
): Promise<{ value: unknown } | 'bodyTooLarge' | 'callInvalid'> {
  if (request.method === 'GET') return { value: undefined };
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return 'callInvalid';
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) return 'bodyTooLarge';
    chunks.push(chunk);
  }
  if (length === 0) return { value: undefined };
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown };
  } catch {
    return 'callInvalid';
  }
}

/** News of the readers, for pages of allowed sites and our own; whoever sends something is let go. */
function upgrade(
  options: BridgeOptions,
  door: DoorSettings,
  sockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  socket.on('error', () => socket.destroy());
  const caller = callerOf(request.headers, door);
  const refusal =
    typeof caller === 'string' ? caller : request.url === '/readers' ? undefined : ('callUnknown' as const);
  if (refusal !== undefined || sockets.clients.size >= mostSockets) {
    options.log('turned away', { problem: refusal ?? 'tooMany' });
    socket.end(`HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    return;
  }
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on('error', () => client.terminate());
    client.on('message', () => client.close(1003));
    client.send(JSON.stringify(statusFor(options)));
  });
}
