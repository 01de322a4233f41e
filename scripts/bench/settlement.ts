/**
 * How a country is settled: a million registrations by the worker's own process within the round's workflow, what it
 * takes of memory and disk, how long a citizen's own command waits meanwhile, and the carry-over into the next round.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

import { citizenCommand } from '../../ledger/citizen-command';
import { openLedger, type Ledger } from '../../ledger/database';
import { parseLedgerKeys } from '../../ledger/encryption';
import { findSettlement, type SettlementProgress } from '../../ledger/settlement';
import { openTemporalClient } from '../../workers/temporal-client';
import { ensureRound } from '../../workers/workflow-starts';
import { roundOutlook, roundWorkflowId } from '../../workflows/round/messages';
import type { Benchmark } from '../measurement/benchmark';
import type { Measured } from '../measurement/report';
import { onStage, type Stage } from '../measurement/stage';
import { Keeper } from '../runtime/keeper';
import type { Supervised } from '../runtime/supervised';
import { startTemporal } from '../runtime/temporal';
import { nextRound, seedCountry, settledRound } from './settlement-country';

const registrations = 1_000_000;
const targetSeconds = 30;
const targetMemoryMb = 512;
/** Long enough for a machine that does other things too. */
const patienceMs = 1_200_000;
/** A citizen acts this often while everybody is settled. */
const commandEveryMs = 50;
const taskQueue = 'citizen';
/** As in docker-compose.yml: a million rows written one after another do not fit the server's own defaults. */
const databaseOfACountry = ['shared_buffers=512MB', 'max_wal_size=4GB'];

export const settlementBenchmark: Benchmark = {
  name: 'settlement',
  about: 'a million registrations ranked and invited by the worker, and carried over',
  run: (say) => onStage((stage) => measure(stage, say), databaseOfACountry),
};

async function measure(stage: Stage, say: (progress: string) => void): Promise<readonly Measured[]> {
  const db = new Client({ connectionString: stage.databaseUrl });
  await db.connect();
  const keeper = new Keeper();
  const home = stage.settings['YIYUE_HOME'] ?? '';
  try {
    await seedCountry(db, registrations, say);
    say('starting Temporal');
    const { address, namespace, server } = await startTemporal({
      ...{ home, keeper, headless: true, anyPorts: true },
    });
    const temporal = openTemporalClient({ address, namespace });
    const worker = await stage.start({
      name: 'citizen',
      script: 'workers/citizen.js',
      settings: {
        ...stage.settings,
        ...{ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue },
        YIYUE_SETTLEMENT_KEY: stage.settings['YIYUE_INDEX_KEY'] ?? '',
      },
    });
    const ledger = benchLedger(stage);
    try {
      await ensureRound(temporal.client, taskQueue, settledRound);
      const { settled, waits, memoryMb } = await whileSettling(ledger, worker, say);
      say('carrying over');
      const from = performance.now();
      await ensureRound(temporal.client, taskQueue, nextRound);
      const handle = temporal.client.workflow.getHandle(roundWorkflowId(nextRound));
      await until(worker, async () => (await handle.query(roundOutlook)).taken > 0);
      const carrySeconds = (performance.now() - from) / 1_000;
      const { rows } = await db.query<{ people: string }>(
        `select count(*)::integer as people from participation where round_id = $1`,
        [nextRound],
      );
      return [
        ...settlementFigures(settled, memoryMb, waits),
        {
          name: 'settlement.carry-over',
          value: carrySeconds,
          unit: 's',
          better: 'lower',
          peers: [{ name: 'people carried over', value: Number(rows[0]?.people ?? 0) }],
        },
        {
          name: 'settlement.carry-over.worker-memory',
          value: peakMemoryMb(worker),
          unit: 'MB',
          better: 'lower',
          target: targetMemoryMb,
        },
      ];
    } finally {
      await ledger.close();
      await temporal.close();
      // One that merely ends is started again, for ever.
      await server?.stop();
    }
  } finally {
    await db.end();
    await keeper.close();
  }
}

function benchLedger(stage: Stage): Ledger {
  const { settings } = stage;
  return openLedger({
    databaseUrl: stage.databaseUrl,
    keys: parseLedgerKeys(settings['YIYUE_DATA_KEYS'] ?? '', settings['YIYUE_INDEX_KEY'] ?? ''),
    maxConnections: 2,
    applicationName: 'bench',
  });
}

/** Watches a settlement to its end while a citizen acts again and again. */
async function whileSettling(
  ledger: Ledger,
  worker: Supervised,
  say: (progress: string) => void,
): Promise<{ settled: SettlementProgress; waits: readonly number[]; memoryMb: number }> {
  const waits: number[] = [];
  let settled: SettlementProgress | undefined;
  const acting = (async () => {
    for (let person = 1; !settled; person += 7_919) {
      waits.push(await waitOfCommand(ledger, (person % registrations) + 1));
      await pause(commandEveryMs);
    }
  })();
  await until(worker, async () => {
    const { rows } = await ledger.pool.query<{ decided: boolean; completed: boolean }>(
      `select decided_at is not null as decided, completed_at is not null as completed from settlement where round_id = $1`,
      [settledRound],
    );
    say(rows[0]?.decided ? 'carrying out' : 'deciding');
    return rows[0]?.completed ?? false;
  });
  settled = await findSettlement(ledger.db, settledRound);
  if (!settled) throw new Error('a settlement that was completed is gone');
  await acting;
  return { settled, waits, memoryMb: peakMemoryMb(worker) };
}

/** How long one person's own command takes, in milliseconds: lock, version, audit row, mark and commit. */
async function waitOfCommand(ledger: Ledger, person: number): Promise<number> {
  const { rows } = await ledger.pool.query<{ key: string }>(
    `select md5('person' || $1::integer)::uuid as key`,
    [person],
  );
  const from = performance.now();
  await citizenCommand(ledger, { personKey: rows[0]?.key ?? '', actor: 'system', channel: 'bench' }, [], () =>
    Promise.resolve({ outcome: null, act: 'identify' }),
  );
  return performance.now() - from;
}

async function until(worker: Supervised, reached: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + patienceMs;
  while (!(await reached())) {
    if (worker.pid === undefined) throw new Error('the worker ended');
    if (performance.now() > endsAt) throw new Error('the settlement did not come to an end');
    await pause(100);
  }
}

function settlementFigures(
  settled: SettlementProgress,
  memoryMb: number,
  waits: readonly number[],
): readonly Measured[] {
  const { resources } = settled;
  const seconds = (Date.parse(settled.completedAt ?? '') - Date.parse(settled.settledAt)) / 1_000;
  const sorted = [...waits].sort((a, b) => a - b);
  return [
    {
      name: 'settlement.million-registrations',
      ...{ value: seconds, unit: 's', better: 'lower', target: targetSeconds },
      peers: [
        { name: 'registrations', value: settled.registrations },
        { name: 'invited', value: settled.invited },
        { name: 'deciding, s', value: resources.decideSeconds ?? 0 },
        { name: 'carrying out, s', value: resources.carryOutSeconds ?? 0 },
      ],
    },
    {
      name: 'settlement.worker-memory',
      value: memoryMb,
      unit: 'MB',
      better: 'lower',
      target: targetMemoryMb,
    },
    {
      name: 'settlement.temporary-files',
      ...{ value: resources.tempFileMb ?? 0, unit: 'MB', better: 'lower' },
      ...(resources.tempFileLimitMb && { target: resources.tempFileLimitMb }),
      peers: [
        { name: 'work memory of each sort, MB', value: resources.workMemMb ?? 0 },
        { name: 'temporary tables, MB', value: resources.candidateTableMb ?? 0 },
      ],
    },
    {
      name: 'settlement.citizen-command-meanwhile.p99',
      ...{ value: sorted[Math.floor(sorted.length * 0.99)] ?? 0, unit: 'ms', better: 'lower' },
      peers: [
        { name: 'median, ms', value: sorted[Math.floor(sorted.length / 2)] ?? 0 },
        { name: 'slowest, ms', value: sorted.at(-1) ?? 0 },
        { name: 'commands', value: sorted.length },
      ],
    },
  ];
}

/** The most that a process has had in memory so far: what the kernel kept, or what it has now where none is kept. */
function peakMemoryMb({ pid, name }: Supervised): number {
  if (pid === undefined) throw new Error(`${name} ended`);
  const status = `/proc/${String(pid)}/status`;
  const kilobytes = existsSync(status)
    ? /VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]
    : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return Math.round(Number(kilobytes) / 1_024);
}
