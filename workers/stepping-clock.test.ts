import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { TestEngine } from '../test/support/engine';
import { ledgerNow } from '../ledger/clock';
import { SteppingClock } from './stepping-clock';

jest.setTimeout(60_000);

let world: LedgerWorld;
let engine: TestEngine;
beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
  engine = await TestEngine.start(world.ledger);
});
afterAll(async () => {
  await engine.stop();
  await world.close();
});

test('the stepping clock does not exist in production', () => {
  const { ledger, temporal } = engine;
  expect(() => new SteppingClock({ mode: 'production', ledger, temporal, taskQueue: 'q' })).toThrow(
    'The stepping clock does not exist in production.',
  );
});

test('it stops at everything that falls due, in order, and never goes back', async () => {
  const people = [];
  for (let n = 0; n < 3; n += 1) {
    const personKey = await world.person();
    await world.contact(personKey);
    await world.invite(personKey);
    people.push(personKey);
  }
  const clock = engine.clock();
  const stops = await clock.stepTo(at(1, 20 * hour));
  expect(stops).toHaveLength(3);
  expect(stops).toEqual([...stops].sort());
  const now = await ledgerNow(world.ledger.db);
  expect(Date.parse(now)).toBeGreaterThanOrEqual(Date.parse(at(1, 20 * hour)));
  expect(await clock.stepTo(at(0, 9 * hour))).toEqual([]);
  expect(Date.parse(await ledgerNow(world.ledger.db))).toBeGreaterThanOrEqual(Date.parse(now));
  const told = await world.ledger.db.selectFrom('text_message').select('person_key').execute();
  expect(told.map(({ person_key }) => String(person_key)).sort()).toEqual(people.sort());
});
