/**
 * The relay against the engine's floor, in settled work on both sides: people a second whose outbox row led to a
 * completed first workflow task, beside empty workflows a second that were signalled with start and completed theirs.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

import { inLanes } from '../../workers/repeating';
import type { Benchmark } from '../measurement/benchmark';
import type { Measured } from '../measurement/report';
import { freePort } from '../runtime/ports';
import { onEngineStage, type EngineStage } from './engine/engine-stage';
import { bytesKept, countCompleted, countTimers, untilGrown } from './engine/settled';
import {
  changePeople,
  countUnsent,
  makePeople,
  prepareRound,
  putBeforeRelay,
  type Standing,
} from './engine/waiting-people';

/** Of each side in one turn; the sides take turns, since the machine is never the same for long. */
const perTurn = 800;
const warmUp = 150;
const turns = 3;
const target = 0.8;
const withinMs = 240_000;
/** Starts on their way at once: what the relay has, and the floor does best with too. */
const atOnce = 32;
const floorQueue = 'floor';
const changesSeconds = 15;
const changingPeople = 400;
const changesEverySecond = 200;

export const relayBenchmark: Benchmark = {
  name: 'relay',
  about: 'the relay beside the engine’s floor, in settled work on both sides',
  run: (say) => onEngineStage(say, (stage) => measure(stage, say)),
};

interface Turn {
  readonly perSecond: number;
  /** Processor milliseconds of each part for each person. */
  readonly cpuMs: ReadonlyMap<string, number>;
}

async function measure(stage: EngineStage, say: (progress: string) => void): Promise<readonly Measured[]> {
  const ledger = new Client({ connectionString: stage.stage.databaseUrl });
  await ledger.connect();
  try {
    await prepareRound(ledger);
    const metricsPort = await freePort();
    await stage.start('citizen', 'workers/citizen.js');
    await stage.start('relay', 'workers/relay.js', { METRICS_PORT: String(metricsPort) });
    await stage.start('floor', 'scripts/bench/engine/floor-worker.js', { TEMPORAL_TASK_QUEUE: floorQueue });
    say('warming up');
    await floorTurn(stage, warmUp);
    await relayTurn(stage, ledger, warmUp, 'registered');
    await relayTurn(stage, ledger, warmUp, 'invited');

    const floor: Turn[] = [];
    const registered: Turn[] = [];
    const invited: Turn[] = [];
    let kept = 0;
    for (let turn = 1; turn <= turns; turn += 1) {
      say(`turn ${String(turn)} of ${String(turns)}: the engine’s floor`);
      floor.push(await floorTurn(stage, perTurn));
      say(`turn ${String(turn)} of ${String(turns)}: people who registered`);
      const keptBefore = await bytesKept(stage.engineDatabase);
      registered.push(await relayTurn(stage, ledger, perTurn, 'registered'));
      kept += (await bytesKept(stage.engineDatabase)) - keptBefore;
      say(`turn ${String(turn)} of ${String(turns)}: people who were invited`);
      invited.push(await relayTurn(stage, ledger, perTurn, 'invited'));
    }
    say('people who change again and again');
    const coalesced = await changesCarried(ledger, metricsPort);
    return [
      ...ratios(floor, registered, invited),
      coalesced,
      ...costs(floor, registered, invited),
      {
        name: 'relay.registered.engine-disk',
        value: kept / (turns * perTurn) / 1_024,
        unit: 'KB/person',
        better: 'lower',
      },
    ];
  } finally {
    await ledger.end();
  }
}

/** Empty workflows, started by signal under new ids. */
async function floorTurn(stage: EngineStage, count: number): Promise<Turn> {
  const prefix = `floor/${randomUUID()}/`;
  const ids = Array.from({ length: count }, (_, number) => `${prefix}${String(number)}`);
  const done = () => countCompleted(stage.engineDatabase, prefix);
  return timed(stage, count, done, () =>
    inLanes(ids, atOnce, async (workflowId) => {
      await stage.temporal.client.workflow.signalWithStart('empty', {
        ...{ workflowId, taskQueue: floorQueue },
        ...{ signal: 'begin', signalArgs: [], args: [] },
      });
      return true;
    }),
  );
}

/** Outbox rows of new people, which the running relay finds and carries. */
async function relayTurn(
  stage: EngineStage,
  ledger: Client,
  count: number,
  standing: Standing,
): Promise<Turn> {
  const keys = await makePeople(ledger, count, standing);
  const done =
    standing === 'invited'
      ? () => countTimers(stage.engineDatabase)
      : () => countCompleted(stage.engineDatabase, 'citizen/');
  const turn = await timed(stage, count, done, () => putBeforeRelay(ledger, keys, 'mass'));
  while ((await countUnsent(ledger)) > 0) await pause(50);
  return turn;
}

async function timed(
  stage: EngineStage,
  count: number,
  settled: () => Promise<number>,
  begin: () => Promise<void>,
): Promise<Turn> {
  const before = await settled();
  const cpuBefore = stage.cpuSeconds();
  const from = performance.now();
  const [ms] = await Promise.all([untilGrown(settled, before, count, { from, withinMs }), begin()]);
  const cpuMs = [...stage.cpuSeconds()].map(
    ([part, seconds]) => [part, ((seconds - (cpuBefore.get(part) ?? 0)) * 1_000) / count] as const,
  );
  return { perSecond: count / (ms / 1_000), cpuMs: new Map(cpuMs) };
}

/** The same people change many times a second: each signal carries all that happened since the last. */
async function changesCarried(ledger: Client, metricsPort: number): Promise<Measured> {
  const keys = await makePeople(ledger, changingPeople, 'registered');
  const sentBefore = await sentTotal(metricsPort);
  const from = performance.now();
  let changes = 0;
  for (let second = 0; second < changesSeconds; second += 1) {
    const some = keys.filter(() => Math.random() < changesEverySecond / changingPeople);
    await changePeople(ledger, some);
    changes += some.length;
    await pause(Math.max(0, from + (second + 1) * 1_000 - performance.now()));
  }
  while ((await countUnsent(ledger)) > 0) await pause(50);
  const seconds = (performance.now() - from) / 1_000;
  const signals = (await sentTotal(metricsPort)) - sentBefore;
  return {
    name: 'relay.coalescing.changes-per-signal',
    value: changes / signals,
    unit: 'changes/signal',
    better: 'higher',
    peers: [
      { name: 'changes carried a second', value: changes / seconds },
      { name: 'signals a second', value: signals / seconds },
    ],
  };
}

async function sentTotal(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
  return [...text.matchAll(/^relay_sent_total\{[^}]*\} (\d+)/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

function ratios(
  floor: readonly Turn[],
  registered: readonly Turn[],
  invited: readonly Turn[],
): readonly Measured[] {
  const rate = (side: readonly Turn[]) => median(side.map(({ perSecond }) => perSecond));
  const beside = (relay: readonly Turn[]) => [
    { name: 'relay, people settled a second', value: rate(relay) },
    { name: 'floor, empty workflows settled a second', value: rate(floor) },
  ];
  const ratio = (name: string, relay: readonly Turn[]): Measured => ({
    name,
    value: median(relay.map(({ perSecond }, turn) => perSecond / (floor[turn]?.perSecond ?? Infinity))),
    unit: 'ratio',
    better: 'higher',
    target,
    peers: beside(relay),
  });
  return [
    ratio('relay.registered.ratio-to-floor', registered),
    ratio('relay.invited.ratio-to-floor', invited),
  ];
}

/** Processor time for each person, by part: what the capacity model reckons with. */
function costs(
  floor: readonly Turn[],
  registered: readonly Turn[],
  invited: readonly Turn[],
): readonly Measured[] {
  const sides = { floor, registered, invited };
  return Object.entries(sides).map(([name, side]) => {
    const parts = [...new Set(side.flatMap(({ cpuMs }) => [...cpuMs.keys()]))];
    const peers = parts.map((part) => ({
      name: part,
      value: median(side.map(({ cpuMs }) => cpuMs.get(part) ?? 0)),
    }));
    return {
      name: `relay.${name}.cpu`,
      value: peers.reduce((sum, { value }) => sum + value, 0),
      unit: 'ms/person',
      better: 'lower',
      peers,
    };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
