/**
 * People in line, as a process of their own: each asks when the server said to, on a new connection each time as a
 * browser does whose connection was closed meanwhile, from one of several addresses. Whoever is let in books once.
 * Arguments: a file with the order (see `WaitingOrder`) and one for what came of it (`WaitingOutcome`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface WaitingOrder {
  readonly port: number;
  /** Value of the place's cookie of each person, in the order of their numbers from `first` on. */
  readonly places: readonly string[];
  /** Cookies of sessions: the nth person let in books by the nth of them, while there are any. */
  readonly sessions: readonly string[];
  readonly slotIds: readonly number[];
  /** Their first question is spread over so long; asking ends so long after. */
  readonly spreadMs: number;
  readonly runMs: number;
}

export interface WaitingOutcome {
  readonly polls: number;
  readonly pollsFailed: number;
  /** Milliseconds, sorted. */
  readonly pollMs: readonly number[];
  readonly booked: number;
  readonly bookingsFailed: number;
  readonly bookingMs: readonly number[];
  /** People told to wait after somebody behind them had been told to come in. */
  readonly outOfLine: number;
  readonly toldToComeIn: number;
  /** What each was told first: when (epoch milliseconds), their place in `places`, and the range in seconds. */
  readonly firstTold: readonly {
    readonly at: number;
    readonly person: number;
    readonly from: number;
    readonly to: number | null;
  }[];
  /** Seconds between two questions that the server asked for, on average. */
  readonly askAgainSeconds: number;
  readonly failures: Readonly<Record<string, number>>;
}

/** `GET /v1/waiting-room` answers one of these. */
type Told =
  | { readonly state: 'open' | 'admitted' | 'withoutPlace' }
  | {
      readonly state: 'waiting';
      readonly ahead: number;
      readonly waitSecondsFrom: number;
      readonly waitSecondsTo: number | null;
      readonly askAgainSeconds: number;
    };

/** A client's address has some 28,000 ports, and a closed connection keeps its own for a minute. */
const addresses = 24;

const [orderFile = '', outcomeFile = ''] = process.argv.slice(2);
const order = JSON.parse(readFileSync(orderFile, 'utf8')) as WaitingOrder;
/** Fewer than a process may have open files; whoever finds no room waits, and the wait counts. */
const agent = new http.Agent({ keepAlive: false, maxTotalSockets: 8_000, maxSockets: 8_000 });
const endsAt = performance.now() + order.runMs;

const pollMs: number[] = [];
const bookingMs: number[] = [];
const firstTold: WaitingOutcome['firstTold'][number][] = [];
const failures: Record<string, number> = {};
let pollsFailed = 0;
let bookingsFailed = 0;
let outOfLine = 0;
let toldToComeIn = 0;
let furthestIn = -1;
let askAgainSum = 0;

async function ask(person: number): Promise<Told> {
  const place = order.places[person] ?? '';
  return JSON.parse(
    await answerTo(person, 200, { path: '/v1/waiting-room', headers: { cookie: `yiyue-place=${place}` } }),
  ) as Told;
}

async function wait(person: number): Promise<void> {
  await pause(Math.random() * order.spreadMs);
  let told = false;
  let failed = 0;
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    const furthestBefore = furthestIn;
    let seconds = 5;
    try {
      const standing = await ask(person);
      pollMs.push(performance.now() - startedAt);
      failed = 0;
      if (standing.state === 'admitted') {
        furthestIn = Math.max(furthestIn, person);
        toldToComeIn += 1;
        await book(toldToComeIn - 1, person);
        return;
      }
      if (standing.state !== 'waiting') throw new Error(standing.state);
      if (person < furthestBefore) outOfLine += 1;
      if (!told)
        firstTold.push({
          at: Date.now(),
          person,
          from: standing.waitSecondsFrom,
          to: standing.waitSecondsTo,
        });
      told = true;
      askAgainSum += standing.askAgainSeconds;
      seconds = standing.askAgainSeconds;
    } catch (error) {
      pollsFailed += 1;
      note(error);
      // As the page does.
      failed += 1;
      seconds = Math.min(60, 5 * 2 ** failed) * (0.5 + Math.random());
    }
    await pause(Math.min(seconds * 1_000, Math.max(0, endsAt - performance.now())));
  }
}

async function book(nth: number, person: number): Promise<void> {
  const session = order.sessions[nth];
  if (session === undefined) return;
  const startedAt = performance.now();
  const body = JSON.stringify({ slotId: order.slotIds[nth % order.slotIds.length], mobile: '0912345678' });
  try {
    await answerTo(
      person,
      201,
      {
        method: 'POST',
        path: '/v1/appointments',
        headers: {
          cookie: `yiyue=${session}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'idempotency-key': `bench-${String(nth)}`,
        },
      },
      body,
    );
    bookingMs.push(performance.now() - startedAt);
  } catch (error) {
    bookingsFailed += 1;
    note(error);
  }
}

function answerTo(
  person: number,
  expected: number,
  options: http.RequestOptions,
  body?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      ...options,
      host: '127.0.0.1',
      port: order.port,
      localAddress: `127.0.0.${String(2 + (person % addresses))}`,
      agent,
      timeout: 15_000,
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', reject);
    request.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => {
        if (answer.statusCode === expected) resolve(text);
        else reject(new Error(`${String(answer.statusCode)} ${codeOf(text)}`));
      });
      answer.on('error', reject);
    });
    request.end(body);
  });
}

function codeOf(text: string): string {
  return /"code":"(\w+)"/.exec(text)?.[1] ?? '';
}

function note(error: unknown): void {
  const said =
    error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error);
  failures[said] = (failures[said] ?? 0) + 1;
}

async function main(): Promise<void> {
  await Promise.all(order.places.map((_, person) => wait(person)));
  const outcome: WaitingOutcome = {
    polls: pollMs.length + pollsFailed,
    pollsFailed,
    pollMs: pollMs.toSorted((a, b) => a - b),
    booked: bookingMs.length,
    bookingsFailed,
    bookingMs: bookingMs.toSorted((a, b) => a - b),
    outOfLine,
    toldToComeIn,
    firstTold,
    askAgainSeconds: askAgainSum / Math.max(1, pollMs.length - toldToComeIn),
    failures,
  };
  writeFileSync(outcomeFile, JSON.stringify(outcome));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
