import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';

import { LedgerWorld, at, hour } from '../../test/builders/ledger-world';
import { TestEngine, logged } from '../../test/support/engine';
import { eventually } from '../../test/support/eventually';
import { ensureReconciliationSchedule, triggerReconciliation } from '../../workers/reconciliation-schedule';
import { roundOutlook, roundWorkflowId } from '../round/messages';
import { reconciliationId, reconciliationWorkflow } from './messages';
import type { ReconciliationReport } from './workflow';

jest.setTimeout(60_000);

let world: LedgerWorld;
let running: TestEngine;
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round();
  running = await TestEngine.start(world.ledger, { relay: false });
});
afterEach(async () => {
  await running.stop();
  await world.close();
});

const reconcile = () =>
  running.temporal.client.workflow.execute(reconciliationWorkflow, {
    workflowId: 'reconciliation-by-hand',
    taskQueue: running.place.taskQueue,
    args: [],
  }) as Promise<ReconciliationReport>;

test('does nothing when all is well but to see that every round has its workflow', async () => {
  expect(await reconcile()).toMatchObject({
    poked: 0,
    persistent: 0,
    unsent: 0,
    openRounds: 1,
    idempotentAnswers: 0,
  });
  const { status } = await running.temporal.client.workflow.getHandle(roundWorkflowId('round-1')).describe();
  expect(status.name).toBe('RUNNING');
});

test('tells a round that an import changed, which follows the new dates without being started anew', async () => {
  const { db } = world.ledger;
  const round = running.temporal.client.workflow.getHandle(roundWorkflowId('round-1'));
  const next = async () => (await round.query(roundOutlook)).next?.at;
  await reconcile();
  await eventually(next, (known) => known !== undefined);
  const before = await next();
  const { runId } = await round.describe();

  await sql`update round set changed_at = ledger_now() - interval '1 hour'`.execute(db);
  await sql`update booking_window set closes_at = closes_at + interval '1 hour'`.execute(db);
  await reconcile();
  await pause(300);
  expect(await next()).toBe(before);

  await sql`update round set changed_at = ledger_now() - interval '9 minutes'`.execute(db);
  await reconcile();
  await eventually(next, (known) => known !== before);
  expect(Date.parse((await next()) ?? '') - Date.parse(before ?? '')).toBe(3_600_000);
  await reconcile();
  expect((await round.describe()).runId).toBe(runId);
});

test('pokes whom the engine forgot, and alarms when that does not help', async () => {
  const personKey = await world.person();
  await world.contact(personKey);
  await world.invite(personKey);
  const sent = () =>
    world.ledger.db
      .updateTable('citizen_outbox')
      .set((eb) => ({ sent_version: eb.ref('version') }))
      .execute();
  await sent();
  await world.stepTo(at(3, 12 * hour));
  logged.length = 0;
  const reports = [];
  for (let n = 0; n < 3; n += 1) {
    reports.push(await reconcile());
    await sent();
  }
  expect(reports.map(({ poked, persistent }) => [poked, persistent])).toEqual([
    [1, 0],
    [1, 0],
    [1, 1],
  ]);
  expect(logged.filter((line) => line.includes('people stay overdue'))).toHaveLength(1);

  running.startRelay();
  await reconcile();
  await running.clock().untilRest();
  const texts = await world.ledger.db.selectFrom('text_message').select('purpose').execute();
  expect(texts).toEqual([{ purpose: 'remindToBook' }]);
  expect(await reconcile()).toMatchObject({ poked: 0, persistent: 0 });
});

test('sweeps what is spent', async () => {
  const personKey = await world.person();
  const { db } = world.ledger;
  const longAgo = new Date(Date.now() - 3 * 24 * 3_600_000);
  await db.insertInto('spent_challenge').values({ challenge: 'c', expires_at: longAgo }).execute();
  await db
    .insertInto('ended_session')
    .values({ session_id: '7f1c1f5e-3f3b-4f43-9d62-3f9f0a4f8b11', ended_at: longAgo })
    .execute();
  await db
    .insertInto('idempotent_answer')
    .values({
      person_key: personKey,
      idempotency_key: 'k',
      request_hash: Buffer.from('h'),
      outcome: '{}',
      answered_at: longAgo,
    })
    .execute();
  const swept = { idempotentAnswers: 1, spentChallenges: 1, endedSessions: 1 };
  expect(await reconcile()).toMatchObject(swept);
});

test('its schedule can be ensured any number of times, and is triggered', async () => {
  const { client } = running.temporal;
  await ensureReconciliationSchedule(client, running.place.taskQueue);
  await ensureReconciliationSchedule(client, running.place.taskQueue);
  await triggerReconciliation(client);
  const schedule = client.schedule.getHandle(reconciliationId);
  const { info, spec } = await eventually(
    () => schedule.describe(),
    ({ info: { recentActions } }) => recentActions.length > 0,
  );
  expect(spec.intervals?.[0]?.every).toBe(300_000);
  expect(info.recentActions).toHaveLength(1);
  await schedule.delete();
});
