import { findSettlement, settleRound } from '../../ledger/settlement';
import { book } from '../../ledger/booking';
import { register } from '../../ledger/registration';
import { LedgerWorld, at, hour } from '../../test/builders/ledger-world';
import { TestEngine } from '../../test/support/engine';
import { eventually } from '../../test/support/eventually';
import { ensureRound, tellRoundChanged } from '../../workers/workflow-starts';
import { roundOutlook, roundWorkflowId } from './messages';

jest.setTimeout(120_000);
/** Other tests share the machine: what is tried here is what happens, not how soon. */
const restWithinMs = 60_000;

let world: LedgerWorld;
let engine: TestEngine | undefined;
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.site('S1');
});
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  await world.close();
});

/** A round that ranks: registration from `day` on, settled two days later, booked from then until the day after. */
async function rankedRound(roundId: string, day: number, doses: number): Promise<void> {
  const { db } = world.ledger;
  await world.round({
    roundId,
    kind: 'rankThenInvite',
    opensAt: at(day + 2, 10 * hour),
    closesAt: at(day + 3, 12 * hour),
  });
  await db
    .updateTable('round')
    .set({
      registration_opens_at: at(day, 9 * hour),
      registration_ends_at: at(day + 1, 18 * hour),
      settles_at: at(day + 2, 9 * hour),
    })
    .where('round_id', '=', roundId)
    .execute();
  await db
    .insertInto('supply')
    .values({ round_id: roundId, product: 'Moderna', county_code: '63000', doses })
    .execute();
  await world.slot({ siteId: 'S1', capacity: 10, day: day + 4, roundId });
}

async function registeredPerson(roundId: string, birthDate: string): Promise<string> {
  const personKey = await world.person({ birthDate });
  const answer = await register(world.ledger, world.acting(personKey), {
    roundId,
    mobile: '0900000678',
    districtCode: '63000030',
    products: ['Moderna'],
    language: 'zh',
  });
  if (!answer.ok) throw new Error(answer.refusal.code);
  return personKey;
}

const stages = async (personKey: string) =>
  Object.fromEntries(
    (
      await world.ledger.db
        .selectFrom('participation')
        .select(['round_id', 'stage'])
        .where('person_key', '=', personKey)
        .execute()
    ).map(({ round_id, stage }) => [round_id, stage]),
  );
const outlook = (running: TestEngine, roundId: string) =>
  running.temporal.client.workflow.getHandle(roundWorkflowId(roundId)).query(roundOutlook);

test('a round settles, closes its windows, marks who did not come, and carries over who got nothing', async () => {
  await rankedRound('round-1', 1, 3);
  await rankedRound('round-2', 20, 10);
  engine = await TestEngine.start(world.ledger);
  const clock = engine.clock(restWithinMs);

  await clock.stepTo(at(1, 10 * hour));
  const [absent, idle, third, youngest] = [
    await registeredPerson('round-1', '1950-01-01'),
    await registeredPerson('round-1', '1960-01-01'),
    await registeredPerson('round-1', '1970-01-01'),
    await registeredPerson('round-1', '1990-01-01'),
  ];
  await clock.stepTo(at(2, 11 * hour));
  expect(await stages(absent)).toEqual({ 'round-1': 'registered' });
  await clock.stepTo(at(3, 11 * hour));
  expect(await stages(third)).toEqual({ 'round-1': 'invited' });
  expect(await stages(youngest)).toEqual({ 'round-1': 'registered' });

  const slot = await world.ledger.db
    .selectFrom('slot')
    .select('slot_id')
    .where('round_id', '=', 'round-1')
    .executeTakeFirstOrThrow();
  const booked = await book(world.ledger, world.acting(absent), {
    slotId: slot.slot_id,
    mobile: '0900000678',
    language: 'zh',
  });
  expect(booked.ok).toBe(true);

  await clock.stepTo(at(6, 12 * hour));
  expect(await stages(absent)).toEqual({ 'round-1': 'missed' });
  expect(await stages(idle)).toEqual({ 'round-1': 'lapsed' });
  expect(
    await engine.temporal.client.workflow.getHandle(roundWorkflowId('round-1')).result(),
  ).toBeUndefined();

  await clock.stepTo(at(22, 11 * hour));
  for (const personKey of [absent, idle, youngest]) {
    expect(await stages(personKey)).toEqual({ 'round-1': 'carriedOver', 'round-2': 'invited' });
  }
  const invitations = await world.ledger.db
    .selectFrom('text_message')
    .select(['person_key', 'occasion'])
    .where('purpose', '=', 'invitation')
    .execute();
  expect(invitations).toHaveLength(7);
});

test('a settlement that was cut off is gone on with, and ends the same', async () => {
  await rankedRound('round-1', 1, 30);
  await world.stepTo(at(1, 10 * hour));
  const people = [];
  for (let n = 0; n < 30; n += 1) people.push(await registeredPerson('round-1', '1970-01-01'));
  await world.stepTo(at(3, 9 * hour));
  const cut = settleRound(world.ledger, 'round-1', {
    batch: 10,
    lanes: 1,
    onProgress: () => {
      throw new Error('killed');
    },
  });
  await expect(cut).rejects.toThrow('killed');
  expect(await findSettlement(world.ledger.db, 'round-1')).toMatchObject({
    remaining: 20,
    completedAt: null,
  });
  engine = await TestEngine.start(world.ledger);
  await engine.clock(restWithinMs).untilRest();
  expect(await findSettlement(world.ledger.db, 'round-1')).toMatchObject({ invited: 30, remaining: 0 });
  for (const personKey of people) expect(await stages(personKey)).toEqual({ 'round-1': 'invited' });
});

test('a changed date is followed when the round’s workflow is told of it, and starting it again changes nothing', async () => {
  await rankedRound('round-1', 1, 3);
  const running = (engine = await TestEngine.start(world.ledger));
  const { client } = running.temporal;
  await ensureRound(client, running.place.taskQueue, 'round-1');
  await eventually(
    () => outlook(running, 'round-1'),
    ({ next }) => next?.at === at(1, 9 * hour),
  );
  await world.ledger.db
    .updateTable('round')
    .set({ registration_opens_at: at(0, 20 * hour) })
    .execute();
  await ensureRound(client, running.place.taskQueue, 'round-1');
  await tellRoundChanged(client, running.place.taskQueue, 'round-1');
  await eventually(
    () => outlook(running, 'round-1'),
    ({ next }) => next?.at === at(0, 20 * hour),
  );
});
