/**
 * Recorded histories of real runs, replayed by the code of today: a change that could not go on with a run that is
 * open fails here, before it is deployed. `scripts/record-histories.ts` records them anew.
 */
import { readdirSync, readFileSync, writeFileSync, mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';

import { projectRoot } from '../config/project-root';
import { recordAttendance } from '../ledger/attendance';
import { book } from '../ledger/booking';
import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { TestEngine, workflowBundle } from '../test/support/engine';
import { ensureReconciliationSchedule, triggerReconciliation } from '../workers/reconciliation-schedule';
import { eventually } from '../test/support/eventually';

jest.setTimeout(120_000);

const { History } = temporal.api.history.v1;

const kinds = ['citizen', 'round', 'reconciliation'] as const;
type Kind = (typeof kinds)[number];
const folderOf = (kind: Kind) => path.join(projectRoot, 'workflows', kind, 'histories');

/** Set by the recording script; the replay below then checks what was just recorded. */
const recording = process.env['YIYUE_RECORD_HISTORIES'] === '1';

/** A run's story by name, to be kept as `histories/<name>.json`. */
async function keep(
  engine: TestEngine,
  kind: Kind,
  name: string,
  workflowId: string,
  runId?: string,
): Promise<void> {
  const history = await engine.temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const readable = History.toObject(History.fromObject(history), {
    longs: String,
    enums: String,
    bytes: String,
  });
  const text = JSON.stringify({ workflowId, history: readable }, null, 1)
    // Which machine recorded it is nobody's concern.
    .replaceAll(`${String(process.pid)}@${os.hostname()}`, 'recorder')
    .replaceAll(os.hostname(), 'recorder')
    .replaceAll(engine.place.taskQueue, 'citizen');
  mkdirSync(folderOf(kind), { recursive: true });
  writeFileSync(path.join(folderOf(kind), `${name}.json`), `${text}\n`);
}

if (recording) test('lives are recorded', recordLives);

async function recordLives(): Promise<void> {
  for (const kind of kinds) rmSync(folderOf(kind), { recursive: true, force: true });
  const world = await LedgerWorld.create();
  await world.round();
  await world.site('S1');
  const engine = await TestEngine.start(world.ledger);
  try {
    const { client } = engine.temporal;
    const slotId = await world.slot({ siteId: 'S1', capacity: 5, day: 2 });
    await world.slot({ siteId: 'S1', capacity: 5, day: 2, fromMinute: 15 * hour });
    const person = async () => {
      const personKey = await world.person();
      await world.contact(personKey);
      await world.invite(personKey);
      return personKey;
    };
    const [idle, absent, kept] = [await person(), await person(), await person()];
    await world.stepTo(at(0, 11 * hour));
    const appointments = [];
    for (const personKey of [absent, kept]) {
      const booked = await book(world.ledger, world.acting(personKey), {
        slotId,
        mobile: '0900000678',
        language: 'zh',
      });
      if (!booked.ok) throw new Error(booked.refusal.code);
      appointments.push(booked.value.appointmentNumber);
    }
    const clock = engine.clock();
    await clock.stepTo(at(2, 9 * hour));
    await recordAttendance(
      world.ledger,
      { actor: 'station', channel: 'station' },
      { stationSiteId: 'S1', appointmentNumber: appointments[1] ?? '' },
    );
    await clock.untilRest();
    await keep(engine, 'citizen', 'attended-and-waiting', `citizen/${kept}`);
    await clock.stepTo(at(35, 0));
    await keep(engine, 'citizen', 'invited-and-lapsed', `citizen/${idle}`);
    await keep(engine, 'citizen', 'booked-and-missed', `citizen/${absent}`);
    await keep(engine, 'citizen', 'woken-for-the-next-dose', `citizen/${kept}`);
    await keep(engine, 'round', 'whole-round', 'round/round-1');

    await ensureReconciliationSchedule(client, engine.place.taskQueue);
    await triggerReconciliation(client);
    const { action } = await eventually(
      async () =>
        (await client.schedule.getHandle('reconciliation').describe()).info.recentActions[0] ?? {
          action: undefined,
        },
      ({ action: taken }) => taken?.type === 'startWorkflow',
    );
    if (action?.type !== 'startWorkflow') throw new Error('the schedule started nothing');
    const { workflowId, firstExecutionRunId } = action.workflow;
    await client.workflow.getHandle(workflowId, firstExecutionRunId).result();
    await keep(engine, 'reconciliation', 'nothing-overdue', workflowId, firstExecutionRunId);
    await client.schedule.getHandle('reconciliation').delete();
  } finally {
    await engine.stop();
    await world.close();
  }
}

const recorded = () =>
  kinds.flatMap((kind) =>
    readdirSync(folderOf(kind)).map((file) => {
      const text = readFileSync(path.join(folderOf(kind), file), 'utf8');
      const { workflowId, history } = JSON.parse(text) as {
        workflowId: string;
        history: Record<string, unknown>;
      };
      return { name: `${kind}/${file}`, text, workflowId, history };
    }),
  );

async function failures(
  histories: readonly { workflowId: string; history: Record<string, unknown> }[],
): Promise<string[]> {
  const failed: string[] = [];
  const replay = Worker.runReplayHistories(
    { workflowBundle: await workflowBundle() },
    histories.map(({ workflowId, history }) => ({ workflowId, history: History.fromObject(history) })),
  );
  for await (const { workflowId, error } of replay) if (error) failed.push(`${workflowId}: ${error.name}`);
  return failed;
}

test('every recorded run is replayed to the same end', async () => {
  expect(recorded().length).toBeGreaterThanOrEqual(6);
  expect(await failures(recorded())).toEqual([]);
});

test('a run that took another way is noticed', async () => {
  const [{ workflowId, text } = { workflowId: '', text: '' }] = recorded().filter(({ name }) =>
    name.startsWith('round/'),
  );
  const { history } = JSON.parse(text.replaceAll('"lapseInvitations"', '"markMissed"')) as {
    history: Record<string, unknown>;
  };
  expect(await failures([{ workflowId, history }])).toEqual([
    expect.stringContaining('DeterminismViolationError'),
  ]);
});

test('recorded runs name neither people nor machines', () => {
  for (const { text } of recorded()) {
    expect(text.match(/甄健康|0900000678|"\d+@/g)).toBeNull();
    expect(text.includes(os.hostname())).toBe(false);
    const payloads = [...text.matchAll(/"data": "([^"]+)"/g)].map(([, data]) =>
      Buffer.from(data ?? '', 'base64').toString(),
    );
    expect(payloads.join('\n')).not.toMatch(/甄健康|0900000678/);
  }
});
