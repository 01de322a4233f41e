import { confirmByLink, deleteApplication } from '../../ledger/card-account-application';
import { readAccount } from '../../ledger/card-account';
import { anApplication, mailedToken } from '../../test/builders/card-accounts';
import { at, LedgerWorld } from '../../test/builders/ledger-world';
import { TestEngine } from '../../test/support/engine';
import { eventually } from '../../test/support/eventually';
import { cardAccountWorkflowId } from './messages';

jest.setTimeout(60_000);

let world: LedgerWorld;
let engine: TestEngine;
beforeAll(async () => {
  world = await LedgerWorld.create();
  engine = await TestEngine.start(world.ledger, { worker: false, relay: false });
  await engine.startCasework();
});
afterAll(async () => {
  await engine.stop();
  await world.close();
});

const run = (personKey: string) =>
  engine.temporal.client.workflow.getHandle(cardAccountWorkflowId(personKey));
const stateOf = async (personKey: string) => (await readAccount(world.ledger, personKey))?.state;
const mailsTo = async (personKey: string) => {
  const rows = await world.ledger.db
    .selectFrom('mail_message')
    .select('purpose')
    .where('person_key', '=', personKey)
    .orderBy('created_at')
    .execute();
  return rows.map(({ purpose }) => purpose);
};
const ended = (personKey: string) =>
  eventually(
    () => run(personKey).describe(),
    ({ status }) => status.name === 'COMPLETED',
  );

test('an application waits for its owner, ends when it is confirmed or given up, and is deleted when neither comes', async () => {
  const [confirming, withdrawing, silent] = [
    await anApplication(world),
    await anApplication(world),
    await anApplication(world),
  ];
  const clock = engine.clock();
  await clock.untilRest();
  await confirmByLink(world.ledger, await mailedToken(world, confirming));
  await deleteApplication(world.ledger, world.acting(withdrawing));
  await ended(confirming);
  await ended(withdrawing);

  // The engine goes away with the run of the one who says nothing, and the carrier starts it anew.
  await engine.stopCasework();
  await run(silent).terminate('lost');
  await engine.startCasework();
  await clock.stepTo(at(4, 0));
  expect(await mailsTo(silent)).toEqual(['confirmApplication', 'remindApplication']);
  const reminded = await mailedToken(world, silent);
  expect(await stateOf(silent)).toBe('awaitingConfirmation');
  await clock.stepTo(at(8, 0));
  expect(await stateOf(silent)).toBeUndefined();
  expect(await confirmByLink(world.ledger, reminded)).toMatchObject({
    refusal: { code: 'confirmationOvertaken' },
  });
  await ended(silent);
  expect(await mailsTo(silent)).toHaveLength(2);
  expect(await stateOf(confirming)).toBe('active');

  // Whoever applies again has a new run under the same id, and nothing personal is in it.
  await world.ledger.pool.query(`update mail_message set created_at = created_at - interval '1 hour'`);
  await anApplication(world, withdrawing);
  await clock.untilRest();
  const description = await run(withdrawing).describe();
  expect(description.status.name).toBe('RUNNING');
  const told = JSON.stringify(await run(withdrawing).fetchHistory());
  expect(told).not.toContain(Buffer.from('jianguo').toString('base64').slice(0, 8));
  expect(told).not.toMatch(/jianguo|0900000678/);
});
