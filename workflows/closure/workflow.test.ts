import { book } from '../../ledger/booking';
import { findClosure } from '../../ledger/closure';
import { at, hour, LedgerWorld } from '../../test/builders/ledger-world';
import { closeTaipei } from '../../test/builders/typhoon-day';
import { TestEngine } from '../../test/support/engine';
import { eventually } from '../../test/support/eventually';
import { closureWorkflowId } from './messages';

jest.setTimeout(60_000);

let world: LedgerWorld;
let engine: TestEngine | undefined;
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.site('A');
});
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  await world.close();
});

test('a closure that was confirmed while the engine was away is carried out when it is back', async () => {
  const slotId = await world.slot({ siteId: 'A', capacity: 3 });
  await world.slot({ siteId: 'A', capacity: 3, day: 8 });
  await world.stepTo(at(0, 11 * hour));
  const people = [await world.person(), await world.person()];
  for (const personKey of people) {
    await book(world.ledger, world.acting(personKey), { slotId, mobile: '0900000678', language: 'zh' });
  }
  await closeTaipei(world, 5);

  const running = (engine = await TestEngine.start(world.ledger));
  const { closure } = await eventually(
    async () => (await findClosure(world.ledger.db, 'typhoon')) ?? { closure: undefined },
    (found) => found.closure?.state === 'carriedOut',
  );
  expect(closure).toMatchObject({ cancelled: 2, toCancel: 0 });
  const run = running.temporal.client.workflow.getHandle(closureWorkflowId('typhoon'));
  await eventually(
    () => run.describe(),
    ({ status }) => status.name === 'COMPLETED',
  );
  // Each of them is reminded to book again, as after a cancellation of their own.
  await running.clock().untilRest();
  const { status } = await running.temporal.client.workflow
    .getHandle(`citizen/${people[0] ?? ''}`)
    .describe();
  expect(status.name).toBe('RUNNING');
});
