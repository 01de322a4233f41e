import type { PartName } from '../../scripts/runtime/stack';
import { openInstance, type Instance } from '../../scripts/demo/instance';
import { walk } from '../../scripts/demo/walk';
import { Way, type AcknowledgedWrite } from '../../scripts/demo/way';
import { wholeWay } from '../../scripts/demo/whole-way';
import { brokenInvariants } from '../../scripts/faults/invariants';
import { journeyPerson, loadJourneyRound } from './journey-round';

jest.setTimeout(240_000);

/** Ours: the next step begins while they come up again. */
const ours: readonly PartName[] = ['relay', 'text-sender', 'api', 'citizen'];
/** What all lean on: the step waits for them, since the clock is driven through them. */
const servers: readonly PartName[] = ['temporal', 'postgres'];

interface Plan {
  readonly name: string;
  /** Whom to kill before the step of that place. */
  readonly victims: (place: number) => readonly PartName[];
}

const boundaries = wholeWay.length - 1;

/** A different one before each step. */
const inTurn = (parts: readonly PartName[]) => (place: number) =>
  parts.filter((_, index) => index === place % parts.length);

const thorough = process.env['YIYUE_JOURNEYS'] === 'thorough';

/** Every part at every boundary by itself takes many minutes: for nightly runs, by YIYUE_JOURNEYS=thorough. */
const plans: readonly Plan[] = thorough
  ? [...ours, ...servers].map((part) => ({ name: part, victims: () => [part] }))
  : [
      { name: 'relay, text sender and API together', victims: () => ['relay', 'text-sender', 'api'] },
      { name: 'worker, Temporal and PostgreSQL in turn', victims: inTurn(['citizen', ...servers]) },
    ];

let instance: Instance;
/** Over all walks: what was acknowledged once stays, whatever dies later. */
const acknowledged: AcknowledgedWrite[] = [];
beforeAll(async () => {
  instance = await openInstance({ loadData: async () => undefined });
});
afterAll(() => instance.close());

/**
 * For ten seconds the engine keeps what a worker had begun for that very worker. The test below waits for their end
 * once; here it is brought forward.
 */
async function nothingIsKeptForTheDead(): Promise<void> {
  await instance.temporal.call(async ({ workflow, workflowService, options: { namespace } }) => {
    for await (const execution of workflow.list({ query: "ExecutionStatus = 'Running'" })) {
      const { workflowId, runId } = execution;
      await workflowService.resetStickyTaskQueue({ namespace, execution: { workflowId, runId } });
    }
  });
}

async function crashAndRevive(victims: readonly PartName[]): Promise<void> {
  await Promise.all(victims.map((victim) => instance.crash(victim)));
  if (!thorough && victims.includes('citizen')) await nothingIsKeptForTheDead();
  const reviving = victims.map((victim) => instance.stack.process(victim).start());
  await Promise.all(reviving);
  if (victims.some((victim) => servers.includes(victim))) await instance.untilUsable();
}

test.each(plans)(
  '$name killed -9 between any two steps: nothing is lost, nothing happens twice',
  async (plan) => {
    const serial = plans.indexOf(plan) + 1;
    const person = journeyPerson(serial);
    const round = { roundId: `killed-${String(serial)}`, people: [person] };
    await loadJourneyRound(instance.stack.databaseUrl, await instance.now(), round);
    const way = new Way(instance, person);
    const killed: PartName[] = [];
    await walk(way, wholeWay, {
      between: async (place) => {
        const victims = plan.victims(place);
        await crashAndRevive(victims);
        killed.push(...victims);
      },
    });
    acknowledged.push(...way.acknowledged);

    expect(killed.length).toBeGreaterThanOrEqual(boundaries);
    // Every step has held the texts against what it is owed: these, each once, and nothing else.
    expect(way.texts).toHaveLength(
      new Set(way.texts.map(({ purpose, occasion }) => `${String(purpose)} ${String(occasion)}`)).size,
    );
    expect(await breaches()).toEqual([]);
  },
);

/** Someone signed in to a round of their own, with a way to change what they registered. */
async function registrant(serial: number, roundId: string) {
  const person = journeyPerson(serial);
  await loadJourneyRound(instance.stack.databaseUrl, await instance.now(), { roundId, people: [person] });
  await instance.clock.untilRest();
  const way = new Way(instance, person);
  await way.signIn();
  const register = async (act: 'register' | 'change', districtCode: string) => {
    const wish = { mobile: person.mobile, districtCode, products: ['Moderna'] };
    const { registrationNumber } = await way.client.must<{ registrationNumber: string }>(
      'PUT',
      '/v1/registration',
      wish,
    );
    acknowledged.push({ act, registrationNumber });
  };
  return { way, register };
}

const breaches = async () =>
  brokenInvariants(instance.ledger.db, { acknowledged, inbox: await instance.received() });

test('the relay or the worker killed the moment a write was acknowledged: the write and its text are there', async () => {
  const { way, register } = await registrant(91, 'at-once');
  for (const [place, part] of (['relay', 'relay', 'citizen', 'relay'] as const).entries()) {
    await register(place === 0 ? 'register' : 'change', place % 2 === 0 ? '63000020' : '63000030');
    await instance.crash(part);
    await instance.stack.process(part).start();
    await way.textsCame(place === 0 ? 'registrationReceived' : 'registrationChanged');
    await way.expectNext(null);
  }
  expect(await breaches()).toEqual([]);
});

test('while Temporal, worker and relay are dead people register and change, and the engine catches up', async () => {
  const { way, register } = await registrant(90, 'without-engine');
  const engine: readonly PartName[] = ['relay', 'citizen', 'temporal'];
  for (const part of engine) await instance.crash(part);
  await register('register', '63000020');
  await register('change', '63000030');
  for (const part of engine.toReversed()) await instance.stack.process(part).start();
  await way.textsCame('registrationReceived', 'registrationChanged');
  await way.expectNext(null);
  expect(await breaches()).toEqual([]);
});
