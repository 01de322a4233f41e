/** The bridge's server on the loopback addresses: a page for people, calls for allowed sites, news over a WebSocket. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

import { bridgeVersion, challengeOf, enrolmentFor, proofFor, statusFor, type BridgeParts } from './calls';
import type { CertificateToken } from './certificate/certificate-token';
import { PendingSignings } from './certificate/pending-signings';
import {
  certificateCardFor,
  openSigning,
  showSigning,
  signingFor,
  submitSigning,
  type PageAnswer,
  type SigningChallenge,
} from './certificate/signing-calls';
import { signingHeaders } from './certificate/signing-page';
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
  /** Certificate cards, which sign after a PIN. */
  readonly token: CertificateToken;
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
  readonly signings: PendingSignings;
}

/** A call, and what it answers; only sites may make it. `id` is what stands at the end of the path, where one does. */
type Call = (parts: Parts, site: Site, body: unknown, id: string) => Promise<Answer> | Answer;

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
  'GET /certificate-card': async (parts) => ({ status: 200, body: await certificateCardFor(parts) }),
  'POST /signings': (parts, site, body) => {
    const challenge = challengeOf(body);
    if (!challenge || challenge.purpose === 'station') return problem(400, 'callInvalid');
    const opened = openSigning(parts, site, challenge as SigningChallenge);
    return opened ? { status: 201, body: opened } : problem(429, 'tooManySignings');
  },
  'GET /signings/:id': (parts, site, _body, id) => {
    const signing = signingFor(parts, site, id);
    return signing ? { status: 200, body: signing } : problem(404, 'signingOver');
  },
};

/** A path with an id at its end, as it is called in the table, and that id. */
function routeOf(path: string): { readonly name: string; readonly id: string } {
  const [, folder = '', id = ''] = /^(\/signings|\/sign)\/([\w-]{43})$/.exec(path) ?? [];
  return folder === '' ? { name: path, id: '' } : { name: `${folder}/:id`, id };
}

/** Starts the bridge on 127.0.0.1 and, where the computer has it, on ::1 of the same port. */
export async function startBridge(options: BridgeOptions): Promise<RunningBridge> {
  const parts: Parts = { ...options, signings: new PendingSignings() };
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
  const { name, id } = routeOf((request.url ?? '').split('?', 1)[0] ?? '');
  if (method === 'GET' && isOwnHost(request.headers.host, door)) {
    const page = ownPage(options, name);
    if (page) return send(response, 200, page.type, page.text, { 'content-security-policy': pagePolicy });
    if (name === '/sign/:id') return sendSigning(response, await showSigning(options, id));
  }
  const caller = callerOf(request.headers, door);
  if (typeof caller === 'string') return turnAway(options, response, caller);
  if (caller.kind === 'own') {
    if (method !== 'POST' || name !== '/sign/:id') return turnAway(options, response, 'callUnknown');
    const form = await formOf(request);
    if (typeof form === 'string') return json(response, problem(400, form), { connection: 'close' });
    return sendSigning(response, await submitSigning(options, id, form));
  }
  const cors = corsOf(caller);
  if (method === 'OPTIONS') {
    response.writeHead(204, { ...cors, ...preflight });
    response.end();
    return;
  }
  const call = calls[`${method} ${name}`];
  if (!call) return json(response, problem(404, 'callUnknown'), cors);
  const body = await bodyOf(request);
  if (body === 'bodyTooLarge') return json(response, problem(413, body), { ...cors, connection: 'close' });
  if (body === 'callInvalid') return json(response, problem(400, body), cors);
  json(response, await call(options, caller, body.value, id), cors);
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

function sendSigning(response: ServerResponse, { status, text }: PageAnswer): void {
  send(response, status, 'text/html; charset=utf-8', text, signingHeaders);
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
  const text = await textOf(request);
  if (text === undefined) return 'bodyTooLarge';
  if (text === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return 'callInvalid';
  }
}

/** A form of our own page. */
async function formOf(request: IncomingMessage): Promise<URLSearchParams | CallProblem> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return 'callInvalid';
  const text = await textOf(request);
  return text === undefined ? 'bodyTooLarge' : new URLSearchParams(text);
}

/** The body, `undefined` when it is longer than any of ours. */
async function textOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
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
