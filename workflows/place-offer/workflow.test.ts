import { sql } from 'kysely';

import { book, cancel } from '../../ledger/booking';
import { acceptOffer, declineOffer, readOffers } from '../../ledger/place-offer-answer';
import { LedgerWorld, at, hour } from '../../test/builders/ledger-world';
import { settledRound, waitingPerson } from '../../test/builders/waiting-people';
import { TestEngine } from '../../test/support/engine';
import { eventually } from '../../test/support/eventually';
import { placeOfferWorkflowId } from './messages';

jest.setTimeout(60_000);

let world: LedgerWorld;
let engine: TestEngine | undefined;
let slotId: number;
let holder: string;
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
  await world.site('A');
  await settledRound(world);
  slotId = await world.slot({ siteId: 'A', capacity: 1 });
  await world.stepTo(at(0, 11 * hour));
  holder = await world.person();
  await world.invite(holder);
});
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  await world.close();
});

async function freeAPlace(): Promise<string> {
  const booked = await book(world.ledger, world.acting(holder), {
    slotId,
    mobile: '0900000678',
    language: 'zh',
  });
  if (!booked.ok) throw new Error(booked.refusal.code);
  await cancel(world.ledger, world.acting(holder), booked.value);
  const { rows } = await sql<{ freed_place_id: string }>`
    select freed_place_id from freed_place order by freed_at desc limit 1`.execute(world.ledger.db);
  return rows[0]?.freed_place_id ?? '';
}

const offerOf = async (personKey: string) => (await readOffers(world.ledger, personKey))[0];
const endedAs = async (freedPlaceId: string) => {
  const { ended_as } = await world.ledger.db
    .selectFrom('freed_place')
    .select('ended_as')
    .where('freed_place_id', '=', freedPlaceId)
    .executeTakeFirstOrThrow();
  return ended_as;
};
const runOf = (freedPlaceId: string, running: TestEngine) =>
  running.temporal.client.workflow.getHandle(placeOfferWorkflowId(freedPlaceId)).describe();

test('a place goes down the list by deadline, by answer, and to who takes it, by a worker that remembers nothing', async () => {
  const running = (engine = await TestEngine.start(world.ledger, { worker: false }));
  await running.startWorker({ maxCachedWorkflows: 1 });
  const [silent, unwilling, glad] = [
    await waitingPerson(world, { birthDate: '1940-01-01' }),
    await waitingPerson(world, { birthDate: '1950-01-01' }),
    await waitingPerson(world, { birthDate: '1960-01-01' }),
  ];
  const freedPlaceId = await freeAPlace();
  const clock = running.clock();
  await clock.untilRest();
  expect((await offerOf(silent))?.status).toBe('open');
  await clock.stepTo((await offerOf(silent))?.expiresAt ?? '');
  expect((await offerOf(silent))?.status).toBe('expired');
  const { placeOfferId = '' } = (await offerOf(unwilling)) ?? {};
  await declineOffer(world.ledger, world.acting(unwilling), { placeOfferId });
  const offer = await eventually(
    () => offerOf(glad),
    (found) => found?.status === 'open',
  );
  const wish = { placeOfferId: offer?.placeOfferId ?? '', mobile: '0900000678', language: 'zh' } as const;
  expect((await acceptOffer(world.ledger, world.acting(glad), wish)).ok).toBe(true);
  await eventually(
    () => runOf(freedPlaceId, running),
    ({ status }) => status.name === 'COMPLETED',
  );
  expect(await endedAs(freedPlaceId)).toBe('taken');
});

test('a cancellation while the engine is away is found when it is back; with nobody left the place is everybody’s', async () => {
  const person = await waitingPerson(world);
  const freedPlaceId = await freeAPlace();
  const running = (engine = await TestEngine.start(world.ledger));
  const clock = running.clock();
  await clock.untilRest();
  expect((await offerOf(person))?.status).toBe('open');
  await running.stopWorker();
  await running.temporal.client.workflow.getHandle(placeOfferWorkflowId(freedPlaceId)).terminate('lost');
  await running.startWorker();
  await clock.stepTo(at(1, 12 * hour));
  expect(await endedAs(freedPlaceId)).toBe('givenBack');
  const { booked } = await world.ledger.db
    .selectFrom('slot')
    .select('booked')
    .where('slot_id', '=', slotId)
    .executeTakeFirstOrThrow();
  expect(booked).toBe(0);
});
