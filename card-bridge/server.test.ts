/** The bridge over HTTP and WebSocket with a real reader service and a virtual card: who is answered, and what with. */
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';

import { enrolmentText, statementText, type CardProof } from '../domain/card-proof/card-proof';
import { projectRoot } from '../config/project-root';
import { cardOf } from '../scripts/card/card-behaviours';
import { cardImage } from '../scripts/card/card-image';
import { syntheticNationalId } from '../scripts/demo-data/synthetic-numbers';
import { eventually } from '../test/support/eventually';
import { ReaderDaemon, virtualReaderName } from '../test/support/reader-daemon';
import { bridgeVersion } from './calls';
import { readProblems } from './reader/pcsc-codes';
import type { ReaderProcess } from './reader/reader-process';
import { readerStates } from './reader/reader-status';
import { PendingSignings } from './certificate/pending-signings';
import { Pkcs11Token } from './certificate/pkcs11-token';
import { startBridge, type RunningBridge } from './server';
import { BridgeHome, defaultHome, originOf } from './settings';
import { callProblemWords, readProblemWords, stateWords } from './words';

const site = 'https://vaccine.example';
const kioskKey = 'k'.repeat(43);
const owner = {
  cardNumber: '990000000001',
  name: '甄健康',
  personNumber: syntheticNationalId('A', 'male', 2_345_679),
  birthDate: '1952-02-28',
  sex: 'male',
  issuedOn: '2020-01-02',
} as const;
const challenge = {
  challengeId: '7b0f7a1c-5a3e-4d53-9a0c-111111111111',
  bridgeId: '7b0f7a1c-5a3e-4d53-9a0c-222222222222',
  nonce: 'n'.repeat(43),
  purpose: 'sign-in',
};

let home: string;
let daemon: ReaderDaemon;
let reader: ReaderProcess;
let bridge: RunningBridge;
const logged: string[] = [];

beforeAll(async () => {
  home = mkdtempSync(path.join(os.tmpdir(), 'yiyue-bridge-'));
  daemon = await ReaderDaemon.start();
  reader = daemon.readers();
  bridge = await startBridge({
    ...{ port: 0, origins: [site], reader, key: new BridgeHome(home).key(), testMode: true },
    token: new Pkcs11Token(),
    kiosk: { origin: site, key: kioskKey },
    log: (event, facts) => logged.push(JSON.stringify({ event, ...facts })),
  });
});
afterAll(async () => {
  await bridge.close();
  await reader.stop();
  await daemon.stop();
  rmSync(home, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  json<T = { problem: string }>(): T;
}

/** Like a browser, but with whatever `Host` and `Origin` one likes. */
function ask(
  method: string,
  url: string,
  { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: bridge.port, method, path: url, headers: { ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const { statusCode = 0, headers: given } = answer;
          resolve({ status: statusCode, headers: given, text, json: <T>() => JSON.parse(text) as T });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const post = (url: string, body: unknown, headers: Record<string, string> = { origin: site }) =>
  ask('POST', url, {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const isSigned = (publicKey: string, text: string, signature: string): boolean =>
  verify(
    null,
    Buffer.from(text),
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' }),
    Buffer.from(signature, 'base64url'),
  );

describe('the door', () => {
  test.each([
    ['another name for this address', { origin: site, host: 'evil.example' }, 'hostRefused'],
    ['another site’s page', { origin: 'https://evil.example' }, 'originRefused'],
    ['nobody knows which page', {}, 'originMissing'],
  ] as [string, Record<string, string>, string][])('refuses %s, on every call', async (_, headers, code) => {
    for (const [method, url] of [
      ['GET', '/status'],
      ['POST', '/enrolment'],
      ['POST', '/proofs'],
      ['OPTIONS', '/proofs'],
    ] as const) {
      const answer = await ask(method, url, { headers });
      expect(answer.status).toBe(403);
      expect(answer.json()).toMatchObject({ problem: code });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('lets the browser of an allowed site ask, for the local network too', async () => {
    const preflight = await ask('OPTIONS', '/proofs', {
      headers: { origin: site, 'access-control-request-private-network': 'true' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': site,
      'access-control-allow-private-network': 'true',
      vary: 'Origin',
    });
  });

  test('answers on both loopback addresses and on no other', async () => {
    const ipv6 = Object.values(os.networkInterfaces())
      .flat()
      .some((one) => one?.address === '::1');
    if (ipv6) {
      const answer = await fetch(`http://[::1]:${String(bridge.port)}/status`, { headers: { origin: site } });
      expect(answer.status).toBe(200);
    }
    const outward = Object.values(os.networkInterfaces())
      .flat()
      .find((one) => one?.family === 'IPv4' && !one.internal);
    if (outward) {
      await expect(fetch(`http://${outward.address}:${String(bridge.port)}/`)).rejects.toThrow(
        'fetch failed',
      );
    }
  });

  test('takes nothing but JSON of some kilobytes', async () => {
    const headers = { origin: site };
    expect((await ask('POST', '/proofs', { headers, body: 'a=1' })).json()).toMatchObject({
      problem: 'callInvalid',
    });
    expect((await post('/proofs', { ...challenge, more: 'x'.repeat(5_000) })).status).toBe(413);
    const broken = { headers: { ...headers, 'content-type': 'application/json' }, body: '{' };
    expect((await ask('POST', '/proofs', broken)).status).toBe(400);
    for (const wrong of [
      [],
      null,
      'x',
      {},
      { ...challenge, purpose: 'anything' },
      { ...challenge, nonce: 1 },
    ]) {
      expect((await post('/proofs', wrong)).status).toBe(400);
    }
    expect((await ask('GET', '/proofs', { headers })).status).toBe(404);
  });

  test.each([
    ['an allowed site', { origin: site }, true],
    ['another site', { origin: 'https://evil.example' }, false],
    ['nobody in particular', {}, false],
    ['another name', { origin: site, host: 'evil.example' }, false],
  ] as [string, Record<string, string>, boolean][])(
    'opens a WebSocket for %s: %#',
    async (_, headers, opens) => {
      const socket = new WebSocket(`ws://127.0.0.1:${String(bridge.port)}/readers`, { headers });
      const outcome = await new Promise<boolean>((resolve) => {
        socket.once('message', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      socket.terminate();
      expect(outcome).toBe(opens);
    },
  );
});

describe('with a card', () => {
  test('says how it stands, reads only when it is asked, and signs for the site that asked', async () => {
    await eventually(
      () => reader.status().state,
      (state) => state === 'noCard',
    );
    expect((await post('/proofs', challenge)).json()).toMatchObject({ problem: 'noCard' });

    const socket = new WebSocket(`ws://127.0.0.1:${String(bridge.port)}/readers`, {
      headers: { origin: site },
    });
    const states: string[] = [];
    socket.on('message', (news: Buffer) =>
      states.push((JSON.parse(news.toString()) as { state: string }).state),
    );
    const card = await daemon.insert(cardOf('new', cardImage(owner)));
    await eventually(
      () => states.at(-1),
      (state) => state === 'ready',
    );
    socket.terminate();
    // The card went in, and nothing was asked of it.
    expect(logged.filter((line) => line.includes('"read"'))).toEqual([]);

    const status = await ask('GET', '/status', { headers: { origin: site } });
    expect(status.json()).toMatchObject({
      ...{ version: bridgeVersion, state: 'ready', testMode: true },
      readers: expect.arrayContaining([
        { name: virtualReaderName, virtual: true, cardPresent: true },
      ]) as unknown,
    });

    const before = Date.now();
    const answer = await post('/proofs', { ...challenge, origin: 'https://evil.example' });
    expect(answer.status).toBe(200);
    const { statement, signature } = answer.json<CardProof>();
    const enrolment = (await post('/enrolment', {})).json<{
      publicKey: string;
      name: string;
      origin: string;
      askedAt: string;
      signature: string;
    }>();
    expect(isSigned(enrolment.publicKey, enrolmentText(enrolment), enrolment.signature)).toBe(true);
    expect(isSigned(enrolment.publicKey, statementText(statement), signature)).toBe(true);
    expect(statement).toMatchObject({ ...challenge, origin: site, version: 1, reader: virtualReaderName });
    expect(Date.parse(statement.readAt)).toBeGreaterThanOrEqual(before);

    const kiosk = await post(
      '/proofs',
      { ...challenge, purpose: 'station' },
      { authorization: `Bearer ${kioskKey}` },
    );
    expect(kiosk.json<CardProof>().statement).toMatchObject({ origin: site, purpose: 'station' });

    const all = logged.join('\n');
    for (const secret of Object.values(statement.card).filter(
      (value) => typeof value === 'string' && value.length > 1,
    )) {
      if (secret !== 'male' && secret !== 'female') expect(all).not.toContain(secret);
    }
    expect(all).toContain(statement.atr);
    await card.remove();
  });
});

describe('a signature of a certificate card', () => {
  const opened = async (headers?: Record<string, string>) => {
    const answer = await post('/signings', challenge, headers);
    return { status: answer.status, ...answer.json<{ signingId: string; page: string; problem: string }>() };
  };
  const asked = (id: string, origin = site) => ask('GET', `/signings/${id}`, { headers: { origin } });
  const typed = (page: string, form: Record<string, string>, headers: Record<string, string>) =>
    ask('POST', page, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(form).toString(),
    });
  const own = () => ({ origin: bridge.url, host: bridge.url.replace('http://', '') });

  test('is asked for by allowed sites, and for no station', async () => {
    expect((await opened()).status).toBe(201);
    expect((await post('/signings', { ...challenge, purpose: 'station' })).status).toBe(400);
    expect((await post('/signings', {})).json()).toMatchObject({ problem: 'callInvalid' });
    expect(await opened({ origin: 'https://evil.example' })).toMatchObject({
      ...{ status: 403, problem: 'originRefused' },
    });
  });

  test('has a page of the bridge’s own for the PIN, framed by nobody, that takes its form from itself alone', async () => {
    const { page, signingId } = await opened();
    const shown = await ask('GET', page);
    expect(shown.status).toBe(200);
    expect(shown.text).toContain(site);
    expect(shown.headers).toMatchObject({ 'x-frame-options': 'DENY', 'cache-control': 'no-store' });
    expect(shown.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(shown.headers['access-control-allow-origin']).toBeUndefined();
    expect((await ask('GET', page, { headers: { host: 'evil.example' } })).status).toBe(403);
    const form = { act: 'sign', pin: '123456' };
    expect((await typed(page, form, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await typed(page, form, {})).status).toBe(403);
    // Even an allowed site types nothing there.
    expect((await typed(page, form, { origin: site })).status).toBe(404);
    expect((await asked(signingId)).json()).toEqual({ state: 'waiting' });
    expect((await typed(page, form, own())).status).toBe(422);
    expect(logged.join('\n')).not.toContain('123456');
  });

  test('is told to the site that asked alone, once, and one site has one at a time', async () => {
    const first = await opened();
    const second = await opened();
    expect((await asked(first.signingId)).json()).toMatchObject({ problem: 'signingOver' });
    expect((await ask('GET', first.page)).status).toBe(404);
    expect((await asked(second.signingId, 'https://evil.example')).status).toBe(403);
    expect((await typed(second.page, { act: 'cancel' }, own())).status).toBe(200);
    expect((await asked(second.signingId)).json()).toMatchObject({ state: 'ended', problem: 'cancelled' });
    expect((await asked(second.signingId)).status).toBe(404);
  });

  test('is over after two minutes', () => {
    const signings = new PendingSignings();
    const wish = { ...challenge, purpose: 'sign-in' as const, origin: site };
    const { id } = signings.open(wish, 0) ?? { id: '' };
    expect(signings.find(id, 119_999)).toBeDefined();
    expect(signings.find(id, 120_000)).toBeUndefined();
  });
});

describe('the page for people', () => {
  test('stands at the bridge’s address, framed by nobody, with nothing inline', async () => {
    const page = await ask('GET', '/');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.text).toContain('讀卡程式');
    expect(page.text).not.toMatch(/<style|style=|onclick|<script>/);
    expect((await ask('GET', '/', { headers: { host: 'evil.example' } })).status).toBe(403);
    for (const part of ['/page.css', '/page.js']) expect((await ask('GET', part)).status).toBe(200);
  });

  test('says of the last reading what was wrong with the card, until one is well', async () => {
    const card = await daemon.insert(cardOf('professional', cardImage(owner)));
    await eventually(
      () => reader.status().state,
      (state) => state === 'ready',
    );
    // The card before may still be on its way out: then the first reading finds nothing to read.
    await eventually(
      async () => (await post('/proofs', challenge)).json(),
      (answer) => (answer as { readonly problem?: string }).problem === 'professionalCard',
    );
    expect((await ask('GET', '/')).text).toContain('這是醫事人員卡');
    await card.remove();
  });

  test('has plain words in both languages for everything that may be wrong', () => {
    const tables = [stateWords, readProblemWords, callProblemWords];
    expect(Object.keys(stateWords).sort()).toEqual([...readerStates].sort());
    expect(Object.keys(readProblemWords).sort()).toEqual([...readProblems].sort());
    for (const { zh, en } of tables.flatMap((table) => Object.values(table))) {
      expect(zh).toMatch(/\p{Script=Han}.*。$/u);
      expect(en).toMatch(/^[A-Z][\x20-\x7e]+\.$/);
    }
  });
});

describe('its folder', () => {
  test('is the owner’s alone, and keeps key and settings over a start', () => {
    const first = new BridgeHome(home);
    first.keep({ port: 1, origins: [site] });
    expect(new BridgeHome(home).settings()).toEqual({ port: 1, origins: [site] });
    expect(new BridgeHome(home).key().publicKey).toBe(first.key().publicKey);
    expect(first.kioskKey()).toBe(new BridgeHome(home).kioskKey());
    expect(statSync(home).mode & 0o777).toBe(0o700);
    for (const name of ['key.pem', 'kiosk.key', 'settings.json']) {
      expect(statSync(path.join(home, name)).mode & 0o777).toBe(0o600);
    }
  });

  test('is where the operating system keeps such things', () => {
    expect(defaultHome('linux', { XDG_DATA_HOME: '/data' })).toBe('/data/yiyue-card-bridge');
    expect(defaultHome('win32', { LOCALAPPDATA: '/local' })).toBe('/local/yiyue-card-bridge');
    expect(defaultHome('darwin', {})).toContain('Application Support');
  });

  test.each([
    'vaccine.example',
    'ftp://vaccine.example',
    'https://vaccine.example/page',
    'https://a:b@c.example',
  ])('takes %s for no origin', (written) => {
    expect(() => originOf(written)).toThrow('is no origin');
  });

  test('has the version of its package', () => {
    const manifest = readFileSync(path.join(projectRoot, 'card-bridge/package.json'), 'utf8');
    expect((JSON.parse(manifest) as { version: string }).version).toBe(bridgeVersion);
  });
});
