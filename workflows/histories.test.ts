/**
 * Recorded histories of real runs, replayed by the code of today: a change that could not go on with a run that is
 * open fails here, before it is deployed. `scripts/record-histories.ts` records them anew.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync, mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';

import { projectRoot } from '../config/project-root';
import { recordAttendance } from '../ledger/attendance';
import { book, cancel } from '../ledger/booking';
import { confirmByLink } from '../ledger/card-account-application';
import { acceptOffer, declineOffer, readOffers } from '../ledger/place-offer-answer';
import { approveWave, findWave, pauseWave, resumeWave } from '../ledger/invitation-wave';
import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { aSenderToPhones, aWave, heldInvitations, readyForWaves } from '../test/builders/wave-parts';
import { settledRound, waitingPerson } from '../test/builders/waiting-people';
import { closeTaipei } from '../test/builders/typhoon-day';
import { TestEngine, workflowBundle } from '../test/support/engine';
import { ensureReconciliationSchedule, triggerReconciliation } from '../workers/reconciliation-schedule';
import { ensureRound } from '../workers/workflow-starts';
import { findSettlement } from '../ledger/settlement';
import { populate, roundToSettle } from '../test/builders/settlement-world';
import { eventually } from '../test/support/eventually';
import { anApplication, mailedToken } from '../test/builders/card-accounts';
import { cardAccountWorkflowId } from './card-account/messages';
import { waveOutlook } from './invitation-wave/messages';
import { closureWorkflowId } from './closure/messages';
import { roundWorkflowId } from './round/messages';

jest.setTimeout(120_000);

const { History } = temporal.api.history.v1;

const kinds = [
  ...(['citizen', 'round', 'reconciliation', 'place-offer', 'invitation-wave', 'closure'] as const),
  'card-account',
] as const;
type Kind = (typeof kinds)[number];
const folderOf = (kind: Kind) => path.join(projectRoot, 'workflows', kind, 'histories');

/** Recorded by code that is gone: open runs may still hold such a beginning. */
const byFormerCode: ReadonlySet<string> = new Set(['round/settled-at-once.json']);

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
if (recording) test('a settled round is recorded', recordSettlement);
if (recording) test('a freed place is recorded', recordPlace);
if (recording) test('a wave is recorded', recordWave);
if (recording) test('a closure is recorded', recordClosure);
if (recording) test('applications for card accounts are recorded', recordAccounts);

async function recordLives(): Promise<void> {
  for (const kind of kinds) {
    if (!existsSync(folderOf(kind))) continue;
    for (const file of readdirSync(folderOf(kind)))
      if (!byFormerCode.has(`${kind}/${file}`)) rmSync(path.join(folderOf(kind), file));
  }
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

/** Of two who registered one is invited. */
async function recordSettlement(): Promise<void> {
  const world = await LedgerWorld.create();
  await world.site('S1');
  const roundId = await roundToSettle(world, [1, 0, 0, 0]);
  const engine = await TestEngine.start(world.ledger);
  try {
    await populate(
      world,
      roundId,
      '',
      ['1950-01-01', '1960-01-01'].map((birthDate) => ({
        ...{ countyCode: '63000', priorityGroup: 9, birthDate, products: ['Moderna'] },
        ...{ lastDose: null, waitedFor: [], mixedIntent: false, consents: [] },
      })),
    );
    await ensureRound(engine.temporal.client, engine.place.taskQueue, roundId);
    await engine.clock().untilRest();
    await eventually(
      () => findSettlement(world.ledger.db, roundId),
      (settlement) => typeof settlement?.completedAt === 'string',
    );
    await engine.clock().untilRest();
    await keep(engine, 'round', 'settled-in-steps', roundWorkflowId(roundId));
  } finally {
    await engine.stop();
    await world.close();
  }
}

/** Two people had booked on the day that was closed. */
async function recordAccounts(): Promise<void> {
  const world = await LedgerWorld.create();
  const engine = await TestEngine.start(world.ledger, { worker: false, relay: false });
  await engine.startCasework();
  try {
    const [confirmed, forgotten] = [await anApplication(world), await anApplication(world)];
    const clock = engine.clock();
    await clock.untilRest();
    await confirmByLink(world.ledger, await mailedToken(world, confirmed));
    await clock.stepTo(at(8, 0));
    for (const [name, personKey] of Object.entries({ confirmed, forgotten })) {
      await keep(engine, 'card-account', name, cardAccountWorkflowId(personKey));
    }
  } finally {
    await engine.stop();
    await world.close();
  }
}

async function recordClosure(): Promise<void> {
  const world = await LedgerWorld.create();
  await world.round();
  await world.site('S1');
  const slotId = await world.slot({ siteId: 'S1', capacity: 3 });
  const engine = await TestEngine.start(world.ledger);
  try {
    await world.stepTo(at(0, 11 * hour));
    for (const personKey of [await world.person(), await world.person()]) {
      await book(world.ledger, world.acting(personKey), { slotId, mobile: '0900000678', language: 'zh' });
    }
    await closeTaipei(world, 5);
    await engine.clock().untilRest();
    await engine.temporal.client.workflow.getHandle(closureWorkflowId('typhoon')).result();
    await keep(engine, 'closure', 'carried-out', closureWorkflowId('typhoon'));
  } finally {
    await engine.stop();
    await world.close();
  }
}

/** Offered to three people: one does not answer, one declines, one takes it. */
async function recordPlace(): Promise<void> {
  const world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
  await world.site('S1');
  await settledRound(world);
  const slotId = await world.slot({ siteId: 'S1', capacity: 1 });
  const engine = await TestEngine.start(world.ledger);
  try {
    await world.stepTo(at(0, 11 * hour));
    const holder = await world.person();
    await world.invite(holder);
    const mobile = { mobile: '0900000678', language: 'zh' } as const;
    const booked = await book(world.ledger, world.acting(holder), { slotId, ...mobile });
    if (!booked.ok) throw new Error(booked.refusal.code);
    const people = [];
    for (const birthDate of ['1940-01-01', '1950-01-01', '1960-01-01']) {
      people.push(await waitingPerson(world, { birthDate }));
    }
    const [, unwilling = '', glad = ''] = people;
    await cancel(world.ledger, world.acting(holder), booked.value);
    const clock = engine.clock();
    await clock.stepTo(at(0, 14 * hour));
    const offerTo = async (personKey: string) => {
      await clock.untilRest();
      return { placeOfferId: (await readOffers(world.ledger, personKey))[0]?.placeOfferId ?? '' };
    };
    await declineOffer(world.ledger, world.acting(unwilling), await offerTo(unwilling));
    await acceptOffer(world.ledger, world.acting(glad), { ...(await offerTo(glad)), ...mobile });
    await clock.untilRest();
    const { freed_place_id: freedPlaceId } = await world.ledger.db
      .selectFrom('freed_place')
      .select('freed_place_id')
      .executeTakeFirstOrThrow();
    const workflowId = `place-offer/${freedPlaceId}`;
    await engine.temporal.client.workflow.getHandle(workflowId).result();
    await keep(engine, 'place-offer', 'expired-declined-taken', workflowId);
  } finally {
    await engine.stop();
    await world.close();
  }
}

/** Approved by a second operator, paused and resumed. */
async function recordWave(): Promise<void> {
  const world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
  await readyForWaves(world);
  await heldInvitations(world, 8);
  const engine = await TestEngine.start(world.ledger);
  const phones = await aSenderToPhones(world);
  try {
    const waveId = await aWave(world);
    await eventually(
      () => findWave(world.ledger.db, waveId),
      (wave) => wave?.stage === 'awaitingApproval',
    );
    await pauseWave(world.ledger, 'wu', waveId);
    await approveWave(world.ledger, 'wu', waveId);
    const run = engine.temporal.client.workflow.getHandle(`invitation-wave/${waveId}`);
    await eventually(
      () => run.query(waveOutlook),
      ({ waitsFor }) => waitsFor === 'resumption',
    );
    await resumeWave(world.ledger, 'lin', waveId);
    await run.result();
    await keep(engine, 'invitation-wave', 'paused-and-approved', `invitation-wave/${waveId}`);
  } finally {
    await phones.stop();
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
  const [{ workflowId, text } = { workflowId: '', text: '' }] = recorded().filter(
    ({ name }) => name === 'round/whole-round.json',
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
