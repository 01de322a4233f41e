import { sql } from 'kysely';

import { book } from '../../ledger/booking';
import { LedgerWorld, at, hour } from '../../test/builders/ledger-world';
import { breachesOfRecord, type ActOutcome, type RecordedAct } from './record';

let world: LedgerWorld;
let slotId: number;
let personKey: string;
let number: string;

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'bookIfEligible' });
  await world.site('S1');
  slotId = await world.slot({ siteId: 'S1', capacity: 1 });
  personKey = await world.person();
  await world.stepTo(at(0, 11 * hour));
  const outcome = await book(world.ledger, world.acting(personKey), {
    ...{ slotId, mobile: '0900000678', language: 'zh' },
  });
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  number = outcome.value.appointmentNumber;
});
afterAll(() => world.close());

const booking = (outcome: ActOutcome): RecordedAct => ({
  ...{ client: 1, personKey, act: 'book', key: 'k', slotId, calledAt: 1, returnedAt: 2, tries: 1, lost: 0 },
  outcome,
});
const told = async (...acts: readonly RecordedAct[]) =>
  (await breachesOfRecord(world.ledger.db, acts)).map(({ invariant }) => invariant);

test('what was acknowledged and is there is well', async () => {
  expect(await told(booking({ kind: 'acknowledged', number }))).toEqual([]);
});

test('what was acknowledged and is not there is lost', async () => {
  const acts = [booking({ kind: 'acknowledged', number }), booking({ kind: 'acknowledged', number: '2' })];
  expect(await told(...acts)).toEqual(['I3']);
});

test('what nobody asked for, and what was refused for certain, must not be there', async () => {
  expect(await told(booking({ kind: 'refused', code: 'slotFull', doubtful: false }))).toEqual(['I8']);
});

test.each<ActOutcome>([{ kind: 'unknown' }, { kind: 'refused', code: 'slotFull', doubtful: true }])(
  'what was left open by %j may be there',
  async (outcome) => {
    expect(await told(booking(outcome))).toEqual([]);
  },
);

test('one act is not there twice', async () => {
  await sql`insert into audit_entry (person_key, version, act, actor, channel, detail)
    select person_key, version + 1, act, actor, channel, detail from audit_entry where act = 'book'`.execute(
    world.ledger.db,
  );
  expect(await told(booking({ kind: 'acknowledged', number }))).toEqual(['I8']);
});
