/**
 * Fifty thousand people in line before one API process, asking as often as it says, while those who are let in book.
 * They hold places already: the proof that a place costs is work for their own machines, which here would be ours.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

import { absentRegistry } from '../../gateways/insurance-registry/port';
import { buildApp } from '../../api/app';
import { doorPasses } from '../../api/waiting-room/ticket';
import { openLedger } from '../../ledger/database';
import { parseLedgerKeys } from '../../ledger/encryption';
import { loadDemonstrationRound } from '../demo-data/load';
import type { Benchmark } from '../measurement/benchmark';
import { cpuSecondsOf } from '../measurement/cpu-time';
import type { Measured } from '../measurement/report';
import { onStage, untilAnswered, type Stage } from '../measurement/stage';
import { freePort } from '../runtime/ports';
import type { WaitingOrder, WaitingOutcome } from './waiting-people';

const people = 50_000;
const perSecond = 200;
/** Places were taken within this time; so long it also takes until everybody has asked once. */
const spreadMs = 45_000;
const runMs = 90_000;
/** More than are let in meanwhile. */
const sessions = 20_000;
const slots = 40;

/** Where the line was at an instant, as the ledger told. */
interface Mark {
  readonly at: number;
  readonly admitted: number;
}

export const waitingRoomBenchmark: Benchmark = {
  name: 'waiting-room',
  about: `${people.toLocaleString('en')} people in line at one process, while those let in book`,
  run: (say) =>
    onStage(async (stage) => {
      const home = stage.settings['YIYUE_HOME'] ?? '';
      say('loading the demonstration rounds and the people');
      await loadDemonstrationRound(stage.databaseUrl);
      const db = new Client({ connectionString: stage.databaseUrl });
      await db.connect();
      try {
        const slotIds = await windows(db);
        const cookies = await signedIn(stage, await newPeople(db));
        const port = await freePort();
        const server = await stage.start({
          name: 'api',
          script: 'api/server.js',
          settings: {
            ...stage.settings,
            PORT: String(port),
            INSURANCE_REGISTRY_URL: 'http://127.0.0.1:9',
            WAITING_ROOM_PER_SECOND: String(perSecond),
          },
        });
        await untilAnswered(server, `http://127.0.0.1:${String(port)}/healthz`, home);
        const first = await beginLine(db);

        const files = { order: path.join(home, 'order.json'), outcome: path.join(home, 'outcome.json') };
        const order: WaitingOrder = {
          port,
          places: placesFrom(first, stage),
          sessions: cookies,
          slotIds,
          spreadMs,
          runMs,
        };
        writeFileSync(files.order, JSON.stringify(order));
        const cpuBefore = cpuSecondsOf(server.pid) ?? 0;
        const watching = watch(db, server.pid, say);
        await stage.runToEnd({
          name: 'people',
          script: 'scripts/bench/waiting-people.js',
          arguments: [files.order, files.outcome],
          settings: {},
        });
        const seen = { ...(await watching.stop()), cpuSeconds: (cpuSecondsOf(server.pid) ?? 0) - cpuBefore };
        const outcome = JSON.parse(readFileSync(files.outcome, 'utf8')) as WaitingOutcome;
        return figures(outcome, seen, first);
      } finally {
        await db.end();
      }
    }),
};

/** Windows for all who book, in the round in which one books now. */
async function windows(db: Client): Promise<readonly number[]> {
  const { rows } = await db.query<{ slot_id: number }>(
    `insert into slot (round_id, site_id, product, session_date, starts_at, ends_at, capacity)
     select round_id, site_id, product, day::date, day + n * interval '15 minutes',
       day + (n + 1) * interval '15 minutes', $2
     from (select round_id, site_id, product, current_date + 5 + interval '9 hours' as day from slot
         join booking_window w using (round_id, product)
         where w.opens_at <= ledger_now() and w.closes_at > ledger_now() order by slot_id limit 1) one,
       generate_series(1, $1::int) n
     returning slot_id`,
    [slots, sessions],
  );
  return rows.map(({ slot_id }) => Number(slot_id));
}

/** People who may book in that round. */
async function newPeople(db: Client): Promise<readonly string[]> {
  const { rows } = await db.query<{ person_key: string }>(
    `insert into person (person_key, registry_person_id, name_cipher, birth_date, priority_groups)
     select gen_random_uuid(), gen_random_uuid(), '\\x00', '1970-01-01', '{1,2,3,7}'
     from generate_series(1, $1::int) returning person_key`,
    [sessions],
  );
  // Not the empty tables: told that they are, PostgreSQL would plan for that until it looks again, some minutes on.
  await db.query('analyze person, slot');
  return rows.map(({ person_key }) => person_key);
}

/** Their session cookies, sealed as the API does. */
async function signedIn(stage: Stage, personKeys: readonly string[]): Promise<readonly string[]> {
  const { settings } = stage;
  const ledger = openLedger({
    databaseUrl: stage.databaseUrl,
    keys: parseLedgerKeys(settings['YIYUE_DATA_KEYS'] ?? '', settings['YIYUE_INDEX_KEY'] ?? ''),
  });
  const app = await buildApp({
    ledger,
    registry: absentRegistry,
    sessionKey: keyOf(stage, 'YIYUE_SESSION_KEY'),
    captchaKey: keyOf(stage, 'YIYUE_CAPTCHA_KEY'),
    publicOrigin: '',
    logLevel: 'silent',
  });
  await app.ready();
  const now = Date.now();
  const cookies = personKeys.map((personKey) =>
    encodeURIComponent(
      app.encodeSecureSession(
        app.createSecureSession({ personKey, sessionId: randomUUID(), signedInAt: now, lastActAt: now }),
      ),
    ),
  );
  await app.close();
  await ledger.close();
  return cookies;
}

function keyOf({ settings }: Stage, name: string): Buffer {
  return Buffer.from(settings[name] ?? '', 'base64');
}

/** Shuts the door and gives the numbers out, all at once; answers the first. */
async function beginLine(db: Client): Promise<number> {
  await db.query('update waiting_room set kept_shut = true');
  for (;;) {
    const { rows } = await db.query<{ first: string }>(
      `update waiting_room set next_number = next_number + $1 where shut_at is not null
       returning next_number - $1 as first`,
      [people],
    );
    if (rows[0]) return Number(rows[0].first);
    await pause(200);
  }
}

function placesFrom(first: number, stage: Stage): readonly string[] {
  const passes = doorPasses(keyOf(stage, 'YIYUE_SESSION_KEY'));
  const expiresAt = Math.floor(Date.now() / 1_000) + 3_600;
  return Array.from({ length: people }, (_, index) =>
    encodeURIComponent(
      passes.seal({ kind: 'ticket', number: first + index, aheadAtFirst: index, expiresAt }),
    ),
  );
}

/** Looks at the line and at the server's memory while the people wait. */
function watch(db: Client, pid: number | undefined, say: (progress: string) => void) {
  const marks: Mark[] = [];
  let mostMb = 0;
  let stopped = false;
  const looking = (async () => {
    while (!stopped) {
      const { rows } = await db.query<{ admitted: string }>('select admitted from waiting_room');
      marks.push({ at: Date.now(), admitted: Number(rows[0]?.admitted) });
      mostMb = Math.max(mostMb, residentMb(pid));
      const from = marks[0]?.admitted ?? 0;
      say(`${String((marks.at(-1)?.admitted ?? 0) - from)} of ${String(people)} let in`);
      await pause(500);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await looking;
      return { marks, mostMb };
    },
  };
}

function residentMb(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function figures(
  outcome: WaitingOutcome,
  {
    marks,
    mostMb,
    cpuSeconds,
  }: { readonly marks: readonly Mark[]; readonly mostMb: number; readonly cpuSeconds: number },
  first: number,
): readonly Measured[] {
  const [begin] = marks;
  const end = marks.at(-1);
  const admitted = end && begin ? end.admitted - begin.admitted : 0;
  const seconds = end && begin ? (end.at - begin.at) / 1_000 : 1;
  const estimates = outcome.firstTold.flatMap(({ at, person, from, to }) => {
    const turnAt = marks.find((mark) => mark.admitted > first + person)?.at;
    return turnAt === undefined || turnAt <= at ? [] : [{ waited: (turnAt - at) / 1_000, from, to }];
  });
  // The line is looked at once a second here and there: that much may lie between a turn and its being seen.
  const right = estimates.filter(
    ({ waited, from, to }) => waited >= from - 2 && (to === null || waited <= to + 2),
  ).length;
  const off = estimates
    .map(({ waited, from, to }) => Math.abs((from + (to ?? from)) / 2 - waited) / Math.max(10, waited))
    .toSorted((a, b) => a - b);
  const count = (name: string, value: number, target?: number): Measured => ({
    name: `waiting-room.${name}`,
    value,
    unit: 'count',
    better: 'lower',
    ...(target !== undefined && { target }),
  });
  return [
    {
      ...count('errors', outcome.pollsFailed + outcome.bookingsFailed, 0),
      peers: Object.entries(outcome.failures).map(([name, value]) => ({ name, value })),
    },
    {
      name: 'waiting-room.poll-p99',
      value: at(outcome.pollMs, 0.99),
      unit: 'ms',
      better: 'lower',
      target: 1_000,
      peers: [
        { name: 'median, ms', value: at(outcome.pollMs, 0.5) },
        { name: 'questions answered (new connection each, 24 addresses)', value: outcome.polls },
        { name: 'questions/s', value: outcome.polls / (runMs / 1_000) },
        { name: 'seconds between two that the server asked for', value: outcome.askAgainSeconds },
      ],
    },
    {
      name: 'waiting-room.let-in-per-second-of-what-is-allowed',
      value: admitted / seconds / perSecond,
      unit: 'ratio',
      better: 'higher',
      target: 0.9,
      peers: [
        { name: 'let in/s', value: admitted / seconds },
        { name: 'people in line at first', value: people },
      ],
    },
    count('let-in-out-of-line', outcome.outOfLine, 0),
    {
      name: 'waiting-room.booked-meanwhile',
      value: outcome.booked,
      unit: 'count',
      better: 'higher',
      peers: [
        { name: 'booking p99, ms', value: at(outcome.bookingMs, 0.99) },
        { name: 'told to come in', value: outcome.toldToComeIn },
      ],
    },
    {
      name: 'waiting-room.estimates-that-held',
      value: right / Math.max(1, estimates.length),
      unit: 'ratio',
      better: 'higher',
      target: 0.9,
      peers: [
        { name: 'estimates that could be checked', value: estimates.length },
        { name: 'middle of the range off by, median', value: at(off, 0.5) },
      ],
    },
    {
      name: 'waiting-room.cpu',
      value: cpuSeconds / (runMs / 1_000),
      unit: 'cores',
      better: 'lower',
      target: 1,
    },
    { name: 'waiting-room.memory', value: mostMb, unit: 'MB', better: 'lower', target: 512 },
  ];
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
