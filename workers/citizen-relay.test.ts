/** The relay while Temporal is away, and what it leaves in Temporal. */
import { randomUUID } from 'node:crypto';

import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { Wire } from '../scripts/faults/wire';
import { TestEngine, logged } from '../test/support/engine';
import { eventually } from '../test/support/eventually';
import { openTemporalClient } from './temporal-client';
import { signalCitizen } from './workflow-starts';

jest.setTimeout(60_000);

let world: LedgerWorld;
let engine: TestEngine | undefined;
let wire: Wire | undefined;
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.site('S1');
});
afterEach(async () => {
  await engine?.stop();
  await wire?.close();
  wire = undefined;
  engine = undefined;
  await world.close();
});

async function invitedPerson(): Promise<string> {
  const personKey = await world.person();
  await world.contact(personKey);
  await world.invite(personKey);
  return personKey;
}
const unsent = async () =>
  (await world.ledger.db.selectFrom('citizen_outbox').selectAll().execute()).filter(
    ({ version, sent_version }) => version > sent_version,
  ).length;

test('while Temporal is away changes are kept, and all of them reach it afterwards', async () => {
  const running = (engine = await TestEngine.start(world.ledger, { relay: false }));
  wire = await Wire.to(running.place.address);
  const overTheWire = openTemporalClient({ ...running.place, address: wire.address });
  running.startRelay({ leaseMs: 1_000, temporal: overTheWire });
  const people = [await invitedPerson()];
  await eventually(unsent, (count) => count === 0);
  logged.length = 0;
  wire.cut();
  for (let n = 0; n < 5; n += 1) people.push(await invitedPerson());
  await eventually(
    () => logged.filter((line) => line.includes('Temporal is away')).length,
    (count) => count === 1,
  );
  expect(await unsent()).toBe(5);
  wire.mend();
  await eventually(unsent, (count) => count === 0, 30_000);
  expect(logged.filter((line) => line.includes('Temporal is away'))).toHaveLength(1);
  await running.clock().stepTo(at(2, 20 * hour));
  const told = await world.ledger.db.selectFrom('text_message').select(['person_key', 'purpose']).execute();
  expect(told.map(({ person_key }) => String(person_key)).sort()).toEqual([...people].sort());
  await running.stopRelays();
  await overTheWire.close();
});

test('a run is found by kind, round and stage', async () => {
  const running = (engine = await TestEngine.start(world.ledger));
  const personKey = await invitedPerson();
  await eventually(unsent, (count) => count === 0);
  const { client } = running.temporal;
  const query = `YiyueWorkflowKind = 'citizen' AND YiyueRound = 'round-1' AND YiyueStage = 'invited'`;
  const found = await eventually(
    async () => {
      const ids = [];
      for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
      return ids;
    },
    (ids) => ids.length > 0,
  );
  expect(found).toEqual([`citizen/${personKey}`]);
});

/** Everything that Temporal keeps of a run, as it is kept and with its payloads opened. */
async function stored(running: TestEngine, workflowId: string): Promise<string> {
  const handle = running.temporal.client.workflow.getHandle(workflowId);
  const kept = JSON.stringify([await handle.fetchHistory(), (await handle.describe()).raw]);
  const opened = [...kept.matchAll(/"data":"([^"]+)"/g)].map(([, data]) =>
    Buffer.from(data ?? '', 'base64').toString(),
  );
  return [kept, ...opened].join('\n');
}

test('nothing personal reaches Temporal; what is planted there would be found', async () => {
  const running = (engine = await TestEngine.start(world.ledger));
  const personKey = await invitedPerson();
  await running.clock().stepTo(at(2, 20 * hour));
  const personal = /甄健康|0900000678/;
  const kept = await stored(running, `citizen/${personKey}`);
  expect(kept).toContain('remindToBook');
  expect(kept).not.toMatch(personal);
  expect(await stored(running, 'round/round-1')).not.toMatch(personal);

  const planted = { version: 1, clockOffsetMs: 0, participations: [], nextDose: null, met: ['0900000678'] };
  const nobody = randomUUID();
  await signalCitizen(running.temporal.client, running.place.taskQueue, nobody, planted);
  expect(await stored(running, `citizen/${nobody}`)).toMatch(personal);
});
