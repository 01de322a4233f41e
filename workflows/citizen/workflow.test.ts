import { sql } from 'kysely';

import { openObligations } from '../../domain/lifecycle/obligations';
import type { CitizenSnapshot } from '../../domain/lifecycle/snapshot';
import { recordAttendance } from '../../ledger/attendance';
import { book, cancel } from '../../ledger/booking';
import { recordChange } from '../../ledger/citizen-command';
import { clockOffsetMs } from '../../ledger/clock';
import { readSnapshots } from '../../ledger/snapshot';
import { LedgerWorld, at, hour } from '../../test/builders/ledger-world';
import { TestEngine, logged } from '../../test/support/engine';
import { eventually } from '../../test/support/eventually';
import { signalCitizen } from '../../workers/workflow-starts';
import { citizenOutlook, citizenWorkflow, citizenWorkflowId } from './messages';

jest.setTimeout(60_000);

let world: LedgerWorld;
let engine: TestEngine | undefined;
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.site('S1');
});
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  await world.close();
});

const begin = async (options: Parameters<typeof TestEngine.start>[1] = {}) => {
  engine = await TestEngine.start(world.ledger, options);
  return engine;
};

async function invitedPerson(): Promise<string> {
  const personKey = await world.person();
  await world.contact(personKey);
  await world.invite(personKey);
  return personKey;
}

async function bookSlot(personKey: string, slotId: number): Promise<string> {
  const booked = await book(world.ledger, world.acting(personKey), {
    slotId,
    mobile: '0900000678',
    language: 'zh',
  });
  if (!booked.ok) throw new Error(booked.refusal.code);
  return booked.value.appointmentNumber;
}

const obligationsTexts = async (personKey: string) =>
  (
    await world.ledger.db
      .selectFrom('text_message')
      .select(['purpose', 'created_at'])
      .where('person_key', '=', personKey)
      .where('purpose', 'not in', ['appointmentBooked', 'appointmentCancelled'])
      .orderBy('created_at')
      .execute()
  ).map(({ purpose, created_at }) => ({ purpose, at: created_at.toISOString() }));

const purposes = async (personKey: string) =>
  (await obligationsTexts(personKey)).map(({ purpose }) => purpose);

const outlook = (personKey: string, running: TestEngine) =>
  running.temporal.client.workflow.getHandle(citizenWorkflowId(personKey)).query(citizenOutlook);
const described = (personKey: string, running: TestEngine) =>
  running.temporal.client.workflow.getHandle(citizenWorkflowId(personKey)).describe();
const snapshotOf = async (personKey: string): Promise<CitizenSnapshot> => {
  const snapshot = (await readSnapshots(world.ledger.db, [personKey])).get(personKey);
  if (!snapshot) throw new Error('nobody of that key');
  return snapshot;
};

test('each kind of obligation is met once, in the order of a life, and by a worker that remembers nothing', async () => {
  const running = await begin({ worker: false });
  // Without a cache each task is a replay of the whole history: what is not deterministic fails here.
  await running.startWorker({ maxCachedWorkflows: 1 });
  const morning = await world.slot({ siteId: 'S1', capacity: 5, day: 5 });
  await world.slot({ siteId: 'S1', capacity: 5, day: 5, fromMinute: 15 * hour });
  const [idle, absent, kept] = [await invitedPerson(), await invitedPerson(), await invitedPerson()];
  await world.stepTo(at(0, 11 * hour));
  await bookSlot(absent, morning);
  const appointment = await bookSlot(kept, morning);

  const clock = running.clock();
  await clock.stepTo(at(5, 9 * hour));
  await recordAttendance(
    world.ledger,
    { ...world.acting(kept), actor: 'station', channel: 'station' },
    {
      stationSiteId: 'S1',
      appointmentNumber: appointment,
    },
  );

  await clock.stepTo(at(40, 0));

  expect(await purposes(idle)).toEqual(['remindToBook', 'tellLapsed']);
  expect(await purposes(absent)).toEqual(['remindOfAppointment', 'offerSameDay', 'tellMissed']);
  expect(await purposes(kept)).toEqual(['remindOfAppointment', 'confirmDose', 'remindNextDose']);
});

test('nothing is met before it is due, nor at night', async () => {
  const running = await begin();
  const personKey = await invitedPerson();
  const [owed] = openObligations(personKey, await snapshotOf(personKey), at(0, 8 * hour));
  await running.clock().stepTo(at(3, 0));
  const [reminder] = await obligationsTexts(personKey);
  expect(Date.parse(reminder?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(owed?.dueAt ?? ''));
  const { hour: taipeiHour } = { hour: (new Date(reminder?.at ?? '').getUTCHours() + 8) % 24 };
  expect(taipeiHour).toBeGreaterThanOrEqual(9);
  expect(taipeiHour).toBeLessThan(20);
});

test('snapshots that come twice, late or out of order leave the newest in charge', async () => {
  const running = await begin({ relay: false });
  const personKey = await invitedPerson();
  const first = await snapshotOf(personKey);
  const slotId = await world.slot({ siteId: 'S1', capacity: 1, day: 3 });
  await world.stepTo(at(0, 11 * hour));
  await bookSlot(personKey, slotId);
  const second = await snapshotOf(personKey);
  const { client } = running.temporal;
  for (const snapshot of [second, first, second, first]) {
    await signalCitizen(client, running.place.taskQueue, personKey, snapshot);
  }
  expect(await outlook(personKey, running)).toMatchObject({
    version: second.version,
    next: { kind: 'remindOfAppointment' },
  });
});

test('a cancellation takes the reminder of the appointment away and gives the one to book', async () => {
  const running = await begin();
  const personKey = await invitedPerson();
  const slotId = await world.slot({ siteId: 'S1', capacity: 1, day: 2 });
  await world.stepTo(at(0, 11 * hour));
  const appointmentNumber = await bookSlot(personKey, slotId);
  await running.clock().untilRest();
  await cancel(world.ledger, world.acting(personKey), { appointmentNumber });
  await running.clock().stepTo(at(3, 0));
  expect(await purposes(personKey)).toEqual(['remindToBook']);
});

test('a run ends when nothing is due for days, and the person wakes when something is', async () => {
  const running = await begin();
  const personKey = await invitedPerson();
  const slotId = await world.slot({ siteId: 'S1', capacity: 1, day: 9 });
  await world.stepTo(at(0, 11 * hour));
  await bookSlot(personKey, slotId);
  const asleep = await eventually(
    () => described(personKey, running),
    ({ status }) => status.name === 'COMPLETED',
  );
  await running.clock().stepTo(at(8, 20 * hour));
  expect(await purposes(personKey)).toEqual(['remindOfAppointment']);
  expect((await described(personKey, running)).runId).not.toBe(asleep.runId);
});

test('a person to whom nothing is owed costs six events, and the ledger knows that the run sleeps', async () => {
  const running = await begin();
  const personKey = await world.person();
  await world.ledger.db
    .transaction()
    .execute((tx) => recordChange(tx, { personKey, actor: 'citizen', channel: 'test' }, 'identify', {}));
  const { runId } = await eventually(
    () => described(personKey, running),
    ({ status }) => status.name === 'COMPLETED',
  );
  const { events } = await running.temporal.client.workflow
    .getHandle(citizenWorkflowId(personKey), runId)
    .fetchHistory();
  expect(events).toHaveLength(6);
  await running.clock().untilRest();
  const { asleep } = await world.ledger.db
    .selectFrom('citizen_outbox')
    .select('asleep')
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();
  expect(asleep).toBe(true);
});

test('who was reminded to book is waited for by the same run, without a signal of what it did itself', async () => {
  const running = await begin();
  const personKey = await invitedPerson();
  await running.clock().stepTo(at(2, 20 * hour));
  const reminded = await described(personKey, running);
  expect(reminded.status.name).toBe('RUNNING');
  await bookSlot(personKey, await world.slot({ siteId: 'S1', capacity: 1, day: 4 }));
  await eventually(
    () => outlook(personKey, running),
    ({ next }) => next?.kind === 'remindOfAppointment',
  );
  const { runId } = await described(personKey, running);
  expect(runId).toBe(reminded.runId);
  const { events } = await running.temporal.client.workflow
    .getHandle(citizenWorkflowId(personKey), runId)
    .fetchHistory();
  const signals = events?.filter((event) => event.workflowExecutionSignaledEventAttributes);
  // Invited, woken by the stepped clock, booked.
  expect(signals).toHaveLength(3);
});

test('two relays that both deliver everything do no harm', async () => {
  const running = await begin({ relay: false });
  // Leases that end at once: each relay claims what the other has under way.
  running.startRelay({ leaseMs: 0, idleMs: 5 });
  running.startRelay({ leaseMs: 0, idleMs: 5 });
  const people = await Promise.all(Array.from({ length: 4 }, invitedPerson));
  await running.clock().stepTo(at(2, 20 * hour));
  for (const personKey of people) expect(await purposes(personKey)).toEqual(['remindToBook']);
});

test('when the ledger’s clock is behind, the run asks again until it is due', async () => {
  const running = await begin({ relay: false });
  const personKey = await invitedPerson();
  const snapshot = await snapshotOf(personKey);
  const [owed] = openObligations(personKey, snapshot, at(0, 8 * hour));
  const dueIn = Date.parse(owed?.dueAt ?? '') - Date.now();
  await signalCitizen(running.temporal.client, running.place.taskQueue, personKey, {
    ...snapshot,
    clockOffsetMs: dueIn + 500,
  });
  await eventually(
    async () => (await described(personKey, running)).historyLength,
    (events) => events > 6,
  );
  expect(await purposes(personKey)).toEqual([]);
  expect((await outlook(personKey, running)).next?.kind).toBe('remindToBook');
  expect(await clockOffsetMs(world.ledger.db)).toBeLessThan(dueIn);

  await world.stepTo(new Date(Date.parse(owed?.dueAt ?? '') + 1_000).toISOString());
  running.startRelay();
  await running.clock().untilRest();
  expect(await purposes(personKey)).toEqual(['remindToBook']);
});

test('a worker that stops between two steps is followed by another that goes on', async () => {
  const running = await begin();
  const personKey = await invitedPerson();
  await eventually(
    () => outlook(personKey, running),
    ({ next }) => next !== null,
  );
  await running.stopWorker();
  await world.stepTo(at(2, 10 * hour));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await purposes(personKey)).toEqual([]);
  await running.startWorker();
  await running.clock().stepTo(at(2, 20 * hour));
  expect(await purposes(personKey)).toEqual(['remindToBook']);
});

test('an error of the ledger is waited out', async () => {
  const running = await begin();
  const personKey = await invitedPerson();
  await running.clock().untilRest();
  await sql`alter table text_message rename to text_message_away`.execute(world.ledger.db);
  await world.stepTo(at(2, 10 * hour));
  await signalCitizen(running.temporal.client, running.place.taskQueue, personKey, {
    ...(await withTable(() => snapshotOf(personKey))),
    clockOffsetMs: await clockOffsetMs(world.ledger.db),
  });
  await eventually(
    () => logged.filter((line) => line.includes('an activity failed')).length,
    (count) => count > 0,
  );
  await sql`alter table text_message_away rename to text_message`.execute(world.ledger.db);
  await running.clock().stepTo(at(2, 20 * hour));
  expect(await purposes(personKey)).toEqual(['remindToBook']);

  async function withTable<T>(read: () => Promise<T>): Promise<T> {
    await sql`alter table text_message_away rename to text_message`.execute(world.ledger.db);
    try {
      return await read();
    } finally {
      await sql`alter table text_message rename to text_message_away`.execute(world.ledger.db);
    }
  }
});

test('a run that goes on under a new number carries its snapshot along', async () => {
  const running = await begin({ relay: false });
  const personKey = await invitedPerson();
  await running.temporal.client.workflow.start(citizenWorkflow, {
    workflowId: citizenWorkflowId(personKey),
    taskQueue: running.place.taskQueue,
    args: [personKey, await snapshotOf(personKey)],
  });
  expect(await outlook(personKey, running)).toMatchObject({ version: 1, next: { kind: 'remindToBook' } });
});

test('operations read where the person stands, and nothing personal', async () => {
  const running = await begin({ relay: false });
  const personKey = await invitedPerson();
  await signalCitizen(
    running.temporal.client,
    running.place.taskQueue,
    personKey,
    await snapshotOf(personKey),
  );
  const { currentDetails } = await running.temporal.client.workflow
    .getHandle(citizenWorkflowId(personKey))
    .query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('- round round-1, dose 1: may book');
  expect(currentDetails).toMatch(/- next due: reminder to book, 2031-07-0\d \d\d:\d\d \(Taipei\)/);
});
