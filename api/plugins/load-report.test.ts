import fastify, { type FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

import { readApiLoad } from '../../ledger/api-load';
import { LedgerWorld } from '../../test/builders/ledger-world';
import { eventually } from '../../test/support/eventually';
import { loadReportPlugin } from './load-report';

let world: LedgerWorld;
let app: FastifyInstance;
beforeEach(async () => {
  world = await LedgerWorld.create();
  app = fastify();
  const ledger = fp(async (each) => void each.decorate('ledger', world.ledger), { name: 'ledger' });
  await app.register(ledger);
  await app.register(loadReportPlugin);
  app.post('/v1/appointments', async () => ({}));
  app.post('/v1/sessions', async () => ({}));
  app.get('/v1/registration', async () => ({}));
  await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  await app.close();
  await world.close();
});

const load = () => readApiLoad(world.ledger.db, 60_000);

test('what people do is reported while they do it, and silence afterwards', async () => {
  await Promise.all([
    ...['/v1/appointments', '/v1/appointments', '/v1/sessions'].map((url) =>
      app.inject({ method: 'POST', url }),
    ),
    app.inject({ method: 'GET', url: '/v1/registration' }),
  ]);
  const seen = await eventually(load, (found) => found !== null);
  expect(seen?.acts).toBe(2);
  expect(seen?.slowMs).toBeGreaterThan(0);
  await eventually(load, (found) => found === null);
});

test('several processes count together, and the slowest of them is the one to give way to', async () => {
  const report = (process: number, acts: number, slow: number) =>
    world.ledger.db
      .insertInto('api_load')
      .values({ process_id: `00000000-0000-4000-8000-00000000000${String(process)}`, acts, slow_ms: slow })
      .execute();
  await report(1, 10, 5);
  await report(2, 4, 50);
  await report(3, 0, 900);
  expect(await load()).toEqual({ acts: 14, slowMs: 50 });
});
