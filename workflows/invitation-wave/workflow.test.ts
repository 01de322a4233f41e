import {
  approveWave,
  findWave,
  pauseWave,
  pokeOpenWaves,
  resumeWave,
  stopWave,
} from '../../ledger/invitation-wave';
import { LedgerWorld } from '../../test/builders/ledger-world';
import {
  aSenderToPhones,
  aWave,
  heldInvitations,
  readyForWaves,
  staffMobile,
} from '../../test/builders/wave-parts';
import { TestEngine } from '../../test/support/engine';
import { eventually } from '../../test/support/eventually';
import { invitationWaveWorkflowId, waveOutlook } from './messages';

jest.setTimeout(90_000);

let world: LedgerWorld;
let engine: TestEngine;
let phones: Awaited<ReturnType<typeof aSenderToPhones>>;
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
  await readyForWaves(world);
  engine = await TestEngine.start(world.ledger);
  phones = await aSenderToPhones(world);
});
afterEach(async () => {
  await phones.stop();
  await engine.stop();
  await world.close();
});

const wave = async (waveId: string) => {
  const found = await findWave(world.ledger.db, waveId);
  if (!found) throw new Error('no wave');
  return found;
};
const comesTo = (waveId: string, stage: string) =>
  eventually(
    () => wave(waveId),
    (view) => view.stage === stage,
    30_000,
  );
const runOf = (waveId: string) => engine.temporal.client.workflow.getHandle(invitationWaveWorkflowId(waveId));
/** How many texts the phones of citizens received, and how many different ones. */
const received = () => {
  const texts = phones.centre.inbox().filter(({ mobile }) => mobile !== staffMobile);
  return [texts.length, new Set(texts.map(({ textMessageId }) => textMessageId)).size];
};

test('a wave reaches staff, then two people, then on a second word everybody once, whatever is killed on the way', async () => {
  await heldInvitations(world, 40);
  const waveId = await aWave(world, { ratePerSecond: 12 });
  await comesTo(waveId, 'awaitingApproval');
  const [test] = phones.centre.inbox({ mobile: staffMobile });
  expect(test?.body).toMatch(/^【測試簡訊/);
  expect(received()).toEqual([2, 2]);
  await eventually(
    () => runOf(waveId).query(waveOutlook),
    ({ step, waitsFor }) => step === 'awaitApproval' && waitsFor === 'itself',
  );
  // The engine is away while the second operator speaks.
  await engine.stopWorker();
  await engine.stopRelays();
  expect((await approveWave(world.ledger, 'wu', waveId)).ok).toBe(true);
  await engine.startWorker({ maxCachedWorkflows: 1 });
  engine.startRelay();
  await eventually(received, ([texts = 0]) => texts > 4, 30_000);
  // In the middle the run is lost, and the worker with it.
  await engine.stopWorker();
  await runOf(waveId).terminate('lost');
  await engine.startWorker({ maxCachedWorkflows: 1 });
  await pokeOpenWaves(world.ledger.db);
  const done = await comesTo(waveId, 'done');
  expect(done).toMatchObject({ audience: 40, released: 40 });
  await eventually(received, ([texts]) => texts === 40);
  expect(received()).toEqual([40, 40]);
  await runOf(waveId).result();
});

test('a pause holds while the engine is away, resuming goes on, and a stop frees the rest', async () => {
  await heldInvitations(world, 30);
  const waveId = await aWave(world, { ratePerSecond: 3 });
  await comesTo(waveId, 'awaitingApproval');
  await approveWave(world.ledger, 'wu', waveId);
  await eventually(received, ([texts = 0]) => texts > 3, 30_000);
  await engine.stopWorker();
  expect((await pauseWave(world.ledger, 'lin', waveId)).ok).toBe(true);
  const { texts, released } = await wave(waveId);
  expect(texts.queued).toBe(0);
  expect(texts.held).toBe(30 - released);
  await engine.startWorker();
  await eventually(
    () => runOf(waveId).query(waveOutlook),
    ({ waitsFor }) => waitsFor === 'resumption',
    30_000,
  );
  const [before = 0] = received();
  expect(before).toBeLessThan(30);
  expect((await resumeWave(world.ledger, 'wu', waveId)).ok).toBe(true);
  await eventually(received, ([texts = 0]) => texts > before, 30_000);
  expect((await stopWave(world.ledger, 'wu', waveId)).ok).toBe(true);
  await runOf(waveId).result();
  const stopped = await wave(waveId);
  expect(stopped.texts.held + stopped.texts.queued).toBe(0);
  expect(await pokeOpenWaves(world.ledger.db)).toBe(0);
  const second = await aWave(world);
  expect(await comesTo(second, 'awaitingApproval')).toMatchObject({ audience: 30 - stopped.released });
});
