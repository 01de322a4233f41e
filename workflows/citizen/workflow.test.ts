import { LedgerWorld, at, hour } from '../../test/builders/ledger-world';
import { TestEngine } from '../../test/support/engine';

jest.setTimeout(60_000);

test('smoke', async () => {
  const world = await LedgerWorld.create();
  await world.round();
  const t0 = Date.now();
  const engine = await TestEngine.start(world.ledger);
  console.log('started', Date.now() - t0);
  const personKey = await world.person();
  await world.contact(personKey);
  await world.invite(personKey);
  const clock = engine.clock();
  await clock.stepTo(at(3, 12 * hour)).catch((e) => console.log(e));
  console.log(Date.now() - t0);
  console.log(await world.ledger.db.selectFrom('text_message').select(['purpose', 'occasion', 'created_at', 'parameters']).execute());
  const h = await engine.temporal.client.workflow.getHandle(`citizen/${personKey}`);
  console.log(await h.describe().then((d) => [d.status, d.typedSearchAttributes, d.historyLength]));
  const { logged } = require('../../test/support/engine');
  console.log(logged.join(''));
  await engine.stop();
  await world.close();
});
