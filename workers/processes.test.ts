/** The worker processes as the operating system runs, kills and starts them again. */
import { freePort } from '../scripts/runtime/ports';

import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { createTestTemporal, type TestTemporal } from '../test/support/temporal';
import { eventually } from '../test/support/eventually';
import { WorkerProcess, type WorkerName } from '../test/support/worker-process';
import { SteppingClock } from './stepping-clock';
import { openTemporalClient, type TemporalClient } from './temporal-client';

jest.setTimeout(90_000);

let world: LedgerWorld;
let place: TestTemporal;
let temporal: TemporalClient;
const processes: WorkerProcess[] = [];

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
  place = await createTestTemporal();
  temporal = openTemporalClient(place);
});
afterEach(() => Promise.all(processes.splice(0).map((process) => process.end())));
afterAll(async () => {
  await temporal.close();
  await world.close();
});

function start(name: WorkerName, changes: Record<string, string> = {}): WorkerProcess {
  const { dataKeys, indexKey } = world.ledger.keys;
  const process = new WorkerProcess(name, {
    YIYUE_MODE: 'test',
    DATABASE_URL: world.databaseUrl,
    TEMPORAL_ADDRESS: place.address,
    TEMPORAL_NAMESPACE: place.namespace,
    TEMPORAL_TASK_QUEUE: place.taskQueue,
    YIYUE_DATA_KEYS: [...dataKeys].map(([id, key]) => `${String(id)}:${key.toString('base64')}`).join(),
    YIYUE_INDEX_KEY: indexKey.toString('base64'),
    YIYUE_SETTLEMENT_KEY: indexKey.toString('base64'),
    ...changes,
  });
  processes.push(process);
  return process;
}

async function invitedPerson(): Promise<string> {
  const personKey = await world.person();
  await world.contact(personKey);
  await world.invite(personKey);
  return personKey;
}
const told = async (personKey: string) =>
  (
    await world.ledger.db
      .selectFrom('text_message')
      .select('purpose')
      .where('person_key', '=', personKey)
      .execute()
  ).map(({ purpose }) => purpose);
const unsent = async () =>
  (await world.ledger.db.selectFrom('citizen_outbox').selectAll().execute()).filter(
    ({ version, sent_version }) => version > sent_version,
  ).length;

test('relay and worker are killed between the steps of a life, and nothing is lost or done twice', async () => {
  const people = [await invitedPerson(), await invitedPerson()];
  const relay = start('relay');
  await eventually(unsent, (count) => count === 0);
  await relay.end('SIGKILL');
  people.push(await invitedPerson());
  start('relay');
  const worker = start('citizen');
  await eventually(unsent, (count) => count === 0);
  await eventually(
    () => worker.said('"started"'),
    (lines) => lines.length === 1,
  );
  await worker.end('SIGKILL');
  start('citizen');
  const schedules = start('schedules');
  expect(await schedules.ended()).toBe(0);
  const clock = new SteppingClock({
    mode: 'test',
    ledger: world.ledger,
    temporal,
    taskQueue: place.taskQueue,
    awaitTexts: false,
  });
  await clock.stepTo(at(2, 20 * hour));
  for (const personKey of people) expect(await told(personKey)).toEqual(['remindToBook']);
  expect(processes.flatMap(({ lines }) => lines).filter((line) => /甄健康|0900000678/.test(line))).toEqual(
    [],
  );
});

test('processes wait for a Temporal that is not there yet, and say so once', async () => {
  const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:9' };
  const personKey = await invitedPerson();
  expect(personKey).not.toBe('');
  const [relay, worker] = [start('relay', nowhere), start('citizen', nowhere)];
  await eventually(
    () => [relay, worker].map((process) => process.said('Temporal is away').length),
    (counts) => counts.every((count) => count === 1),
  );
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(
    [relay, worker].map((process) => [process.running, process.said('Temporal is away').length]),
  ).toEqual([
    [true, 1],
    [true, 1],
  ]);
  await Promise.all([relay.end('SIGTERM'), worker.end('SIGTERM')]);
  expect([relay.exitCode, worker.exitCode]).toEqual([0, 0]);
});

test('a missing setting ends the process with a sentence that names it', async () => {
  const sender = start('text-sender');
  expect(await sender.ended()).toBe(1);
  expect(sender.lines).toEqual(['These settings are missing: SMS_GATEWAY_URL.']);
});

test('the relay serves its metrics where it is told to', async () => {
  const port = await freePort();
  start('relay', { METRICS_PORT: String(port) });
  const metrics = await eventually(
    async () => (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text(),
    (text) => text.includes('relay_oldest_unsent_seconds{'),
  );
  expect(metrics).toMatch(/^# TYPE relay_sent_total counter$/m);
  expect(metrics).toMatch(/^relay_oldest_unsent_seconds\{lane="personal"\} [\d.]+$/m);
});
