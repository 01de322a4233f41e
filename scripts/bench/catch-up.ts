/**
 * After an outage of the engine: twenty thousand people wait for the relay while others book. How much longer do those
 * who book wait than before, how fast does the relay catch up beside them and alone, and who goes first.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

import { lanes, outboxLag, type Lane } from '../../ledger/citizen-outbox';
import type { Benchmark } from '../measurement/benchmark';
import type { Measured } from '../measurement/report';
import { quantile, type BellResult } from './booking/bell';
import { BellWorld } from './booking/bell-world';
import { Fleet } from './booking/fleet';
import { freePort } from '../runtime/ports';
import { onEngineStage, type EngineStage } from './engine/engine-stage';
import { makePeople, prepareRound, putBeforeRelay } from './engine/waiting-people';

const waitingPeople = 20_000;
/** Bookings a second, before and during: each of them is work for the engine too, and leaves room for more. */
const bookingsPerSecond = 10;
const beforeSeconds = 45;
/** As often as `beforeSeconds`; a browser's connection that nobody needs for longer is closed by the API. */
const duringTimes = 2;
const aloneSeconds = 25;
const settleInSeconds = 15;
const windows = 100;
const target = 2;

export const catchUpBenchmark: Benchmark = {
  name: 'catch-up',
  about: '20,000 people waiting after an outage of the engine, while others book',
  run: (say) => onEngineStage(say, (stage) => measure(stage, say)),
};

/** How long the oldest of each lane waited, second by second. */
type Waits = Readonly<Record<Lane, readonly number[]>>;

async function measure(stage: EngineStage, say: (progress: string) => void): Promise<readonly Measured[]> {
  const { databaseUrl, settings } = stage.stage;
  const seconds = settleInSeconds + beforeSeconds * (1 + duringTimes);
  say('writing people');
  const world = await BellWorld.fill(databaseUrl, seconds * bookingsPerSecond * 2);
  const ledger = new Client({ connectionString: databaseUrl });
  await ledger.connect();
  const fleet = await Fleet.start(settings);
  try {
    await prepareRound(ledger);
    const people = await makePeople(ledger, waitingPeople, 'registered');
    await fleet.use({ name: 'ours', connections: 2 });
    await stage.start('citizen', 'workers/citizen.js');
    const metricsPort = await freePort();
    await stage.start('relay', 'workers/relay.js', { METRICS_PORT: String(metricsPort) });
    const sent = () => sentByLane(metricsPort);
    const book = async (during: number) => {
      const wishes = await world.wishes(windows, during * bookingsPerSecond, 1);
      const result = await fleet.ring({ rate: bookingsPerSecond, wishes, connections: 64 });
      await world.check(wishes, result);
      return result;
    };

    say('people book, nobody waits');
    await book(settleInSeconds);
    const before = await book(beforeSeconds);

    say('the engine is away');
    await stage.engine.server.stop();
    await putBeforeRelay(ledger, people, 'mass');
    await ledger.query('analyze citizen_outbox');
    await stage.engine.server.start();
    await untilCarried(stage, 1);

    say('the relay catches up while people book');
    const beside = rateOf(sent);
    await beside.begin();
    const watched = watchLanes(stage);
    const during: BellResult[] = [];
    try {
      while (during.length < duringTimes) during.push(await book(beforeSeconds));
    } finally {
      await watched.stop();
    }
    const besideRate = await beside.end();
    const waits = await watched.stop();

    say('the relay catches up alone');
    // What the API said last still counts for some seconds.
    await pause(5_000);
    const alone = rateOf(sent);
    await alone.begin();
    await pause(aloneSeconds * 1_000);
    return figures({ before, during, beside: besideRate, alone: await alone.end(), waits });
  } finally {
    await fleet.stop();
    await ledger.end();
    await world.close();
  }
}

const unsentMass = async ({ ledger }: EngineStage) => (await outboxLag(ledger.db)).lanes.mass.unsent;

async function untilCarried(stage: EngineStage, count: number): Promise<void> {
  while ((await unsentMass(stage)) > waitingPeople - count) await pause(100);
}

type ByLane = Readonly<Record<Lane, number>>;

/** What the relay has sent, by its own count. */
async function sentByLane(port: number): Promise<ByLane> {
  const text = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
  const of = (lane: Lane) =>
    Number(new RegExp(`^relay_sent_total\\{lane="${lane}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { personal: of('personal'), mass: of('mass') };
}

/** People a second between beginning and end. */
function rateOf(sent: () => Promise<ByLane>): { begin(): Promise<void>; end(): Promise<ByLane> } {
  let [from, before] = [0, { personal: 0, mass: 0 } as ByLane];
  return {
    begin: async () => {
      before = await sent();
      from = performance.now();
    },
    end: async () => {
      const after = await sent();
      const seconds = (performance.now() - from) / 1_000;
      return {
        personal: (after.personal - before.personal) / seconds,
        mass: (after.mass - before.mass) / seconds,
      };
    },
  };
}

function watchLanes({ ledger }: EngineStage): { stop(): Promise<Waits> } {
  const waits: Record<Lane, number[]> = { personal: [], mass: [] };
  let going = true;
  const watching = (async () => {
    while (going) {
      const lag = await outboxLag(ledger.db);
      for (const lane of lanes) waits[lane].push(lag.lanes[lane].oldestSeconds);
      await pause(1_000);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await watching;
      return waits;
    },
  };
}

function figures(seen: {
  readonly before: BellResult;
  readonly during: readonly BellResult[];
  readonly beside: ByLane;
  readonly alone: ByLane;
  readonly waits: Waits;
}): readonly Measured[] {
  const p = (results: readonly BellResult[], share: number) =>
    quantile(
      results.flatMap(({ booked }) => booked.map(({ ms }) => ms)),
      share,
    );
  const before = [seen.before];
  const failed = [...before, ...seen.during].reduce((sum, each) => sum + each.failed.length, 0);
  return [
    {
      name: 'catch-up.booking.p99-ratio',
      value: p(seen.during, 0.99) / p(before, 0.99),
      unit: 'ratio',
      better: 'lower',
      target,
      peers: [
        { name: 'p99 before, ms', value: p(before, 0.99) },
        { name: 'p99 during, ms', value: p(seen.during, 0.99) },
        { name: 'median before, ms', value: p(before, 0.5) },
        { name: 'median during, ms', value: p(seen.during, 0.5) },
        { name: 'bookings a second', value: bookingsPerSecond },
      ],
    },
    {
      name: 'catch-up.booking.failed',
      value: failed,
      unit: 'count',
      better: 'lower',
      target: 0,
    },
    {
      name: 'catch-up.rate.while-people-book',
      value: seen.beside.personal + seen.beside.mass,
      unit: 'people/s',
      better: 'higher',
      peers: [
        { name: 'of these personal changes', value: seen.beside.personal },
        { name: 'when nobody books', value: seen.alone.personal + seen.alone.mass },
      ],
    },
    {
      name: 'catch-up.oldest.personal-lane',
      value: quantile(seen.waits.personal, 0.5),
      unit: 's',
      better: 'lower',
      peers: [
        { name: 'personal lane at worst', value: Math.max(...seen.waits.personal) },
        { name: 'mass lane at the end', value: seen.waits.mass.at(-1) ?? Number.NaN },
      ],
    },
  ];
}
