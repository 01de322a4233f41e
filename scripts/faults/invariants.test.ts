import { sql } from 'kysely';

import type { InboxMessage } from '../../gateways/sms/simulator';
import { book } from '../../ledger/booking';
import type { AcknowledgedWrite } from '../demo/way';
import { LedgerWorld, at, hour } from '../../test/builders/ledger-world';
import { brokenInvariants } from './invariants';

let world: LedgerWorld;
let slotId: number;
let personKey: string;
let booked: AcknowledgedWrite;

beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'bookIfEligible' });
  await world.site('S1');
  slotId = await world.slot({ siteId: 'S1', capacity: 1 });
  personKey = await world.person();
  await world.stepTo(at(0, 11 * hour));
  const outcome = await book(world.ledger, world.acting(personKey), {
    slotId,
    mobile: '0900000678',
    language: 'zh',
  });
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  booked = { act: 'book', appointmentNumber: outcome.value.appointmentNumber, slotId };
});
afterEach(() => world.close());

/** What phones hold when every text of the ledger came once. */
async function inboxAsQueued(): Promise<InboxMessage[]> {
  const rows = await world.ledger.db.selectFrom('text_message').select('text_message_id').execute();
  return rows.map(({ text_message_id }, index) => ({
    sequence: index + 1,
    messageId: String(index),
    textMessageId: text_message_id,
    mobile: '0900000678',
    body: '',
    segments: 1,
    receivedAt: '',
    channel: 'smpp',
  }));
}

const breaches = async (changed: { acknowledged?: AcknowledgedWrite[]; inbox?: InboxMessage[] } = {}) =>
  brokenInvariants(world.ledger.db, {
    acknowledged: changed.acknowledged ?? [booked],
    inbox: changed.inbox ?? (await inboxAsQueued()),
  });

const execute = (statement: ReturnType<typeof sql>) => statement.execute(world.ledger.db);

test('a ledger on which nothing went wrong breaks no invariant', async () => {
  expect(await breaches()).toEqual([]);
});

describe('the check finds', () => {
  test('an acknowledged booking that is not there', async () => {
    const invented: AcknowledgedWrite = { act: 'book', appointmentNumber: '2000000000', slotId };
    expect(await breaches({ acknowledged: [booked, invented] })).toEqual([
      expect.stringContaining('what was acknowledged is there: book'),
      expect.stringContaining('appointment 2000000000 is not there'),
    ]);
  });

  test('an acknowledged registration that is not there', async () => {
    const invented: AcknowledgedWrite = { act: 'register', registrationNumber: '1000000000' };
    expect(await breaches({ acknowledged: [booked, invented] })).toHaveLength(1);
  });

  test('an acknowledged cancellation that did not stay', async () => {
    const { appointmentNumber = '' } = booked;
    const found = await breaches({ acknowledged: [booked, { act: 'cancel', appointmentNumber, slotId }] });
    expect(found).toContainEqual(expect.stringContaining('is not as after cancel'));
  });

  test('a slot that says more than it has, and one over its capacity', async () => {
    await execute(sql`alter table slot drop constraint slot_never_oversold`);
    await execute(sql`update slot set booked = 2 where slot_id = ${slotId}`);
    expect(await breaches()).toEqual([
      expect.stringContaining('gives 2 of 1'),
      expect.stringContaining('says 2 and has 1'),
    ]);
  });

  test('two live appointments of one person', async () => {
    await execute(sql`drop index appointment_one_live_per_person`);
    await execute(sql`update slot set capacity = 2, booked = 2 where slot_id = ${slotId}`);
    await execute(sql`insert into appointment (person_key, round_id, dose_number, product, slot_id, contact_id, status)
      select person_key, round_id, dose_number, product, slot_id, contact_id, status from appointment`);
    expect(await breaches()).toEqual([expect.stringContaining('2 live appointments of one person')]);
  });

  test('a text that came twice, never, or from nowhere', async () => {
    const inbox = await inboxAsQueued();
    const [first] = inbox;
    if (!first) throw new Error('a booking is acknowledged by text');
    expect(await breaches({ inbox: [first, first] })).toEqual([expect.stringContaining('came 2 times')]);
    expect(await breaches({ inbox: [] })).toEqual([expect.stringContaining('came 0 times')]);
    expect(await breaches({ inbox: [first, { ...first, textMessageId: crypto.randomUUID() }] })).toEqual([
      expect.stringContaining('does not know'),
    ]);
  });
});
