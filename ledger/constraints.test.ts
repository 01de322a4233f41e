import { randomUUID } from 'node:crypto';
import { sql, type RawBuilder } from 'kysely';

import { LedgerWorld } from '../test/builders/ledger-world';

let world: LedgerWorld;
let roundId: string;
let slotId: number;
let personKey: string;
let contactId: string;
beforeAll(async () => {
  world = await LedgerWorld.create();
  roundId = await world.round({ kind: 'rankThenInvite' });
  await world.site('K1');
  slotId = await world.slot({ siteId: 'K1', capacity: 2 });
  personKey = await world.person();
  contactId = await world.contact(personKey);
  await sql`insert into participation (person_key, round_id, dose_number, stage, last_act)
    values (${personKey}::uuid, ${roundId}, 1, 'registered', 'register')`.execute(world.ledger.db);
});
afterAll(() => world.close());

/** Does it, and takes it back: what the statements before the last one need stays possible for the next test. */
async function attempt(...statements: RawBuilder<unknown>[]): Promise<unknown> {
  return world.ledger.db
    .transaction()
    .execute(async (tx) => {
      for (const statement of statements) await statement.execute(tx);
      throw new Error('nothing hindered it');
    })
    .catch((error: unknown) => (error instanceof Error ? error.message : error));
}

const registration = (change: { products?: string[]; withdrawn?: boolean } = {}) => sql`
  insert into registration (person_key, round_id, contact_id, county_code, district_code, products, priority_group, withdrawn_at)
  values (${personKey}::uuid, ${roundId}, ${contactId}::uuid, '63000', '63000030', ${change.products ?? ['AZ']}::text[], 9,
    ${change.withdrawn ? new Date() : null})`;
const appointment = (status: string, doseNumber = 1) => sql`
  insert into appointment (person_key, round_id, dose_number, product, slot_id, contact_id, status, ended_at)
  values (${personKey}::uuid, ${roundId}, ${doseNumber}, 'Moderna', ${slotId}, ${contactId}::uuid, ${status},
    ${status === 'booked' ? null : new Date()})`;

describe('the database itself refuses', () => {
  test.each<[string, () => RawBuilder<unknown>[], string]>([
    [
      'a slot booked over its capacity (I1)',
      () => [sql`update slot set booked = 3 where slot_id = ${slotId}`],
      'slot_never_oversold',
    ],
    [
      'a place given back twice (I4)',
      () => [sql`update slot set booked = booked - 1 where slot_id = ${slotId}`],
      'slot_never_oversold',
    ],
    [
      'a capacity below what is booked',
      () => [
        sql`update slot set booked = 2 where slot_id = ${slotId}`,
        sql`update slot set capacity = 1 where slot_id = ${slotId}`,
      ],
      'slot_never_oversold',
    ],
    [
      'a slot to be deleted',
      () => [sql`delete from slot where slot_id = ${slotId}`],
      'slots are never deleted',
    ],
    [
      'the same window of a site twice',
      () => [
        sql`insert into slot (round_id, site_id, product, session_date, starts_at, ends_at, capacity)
      select round_id, site_id, product, session_date, starts_at, ends_at, 1 from slot`,
      ],
      'slot_once',
    ],
    [
      'a second live registration (I2)',
      () => [registration(), registration()],
      'registration_one_live_per_person',
    ],
    ['a registration for no product', () => [registration({ products: [] })], 'registration_names_a_product'],
    [
      'a second live appointment for a dose (I2)',
      () => [appointment('booked'), appointment('booked')],
      'appointment_one_live_per_person',
    ],
    [
      'an appointment beside one that was kept',
      () => [appointment('attended'), appointment('booked')],
      'appointment_one_live_per_person',
    ],
    [
      'a live appointment that has ended',
      () => [appointment('booked'), sql`update appointment set ended_at = ledger_now()`],
      'appointment_ends_when_no_longer_booked',
    ],
    [
      'the same dose twice',
      () =>
        [1, 1].map(
          (number) => sql`insert into dose (person_key, dose_number, product, given_on, source)
      values (${personKey}::uuid, ${number}, 'AZ', '2031-01-01', 'site')`,
        ),
      'dose_number_once_per_person',
    ],
    [
      'one number for two people (I6)',
      () =>
        [1, 2].map(
          () => sql`insert into person_number (person_number_id, person_key, kind, number_cipher, number_index)
      values (${randomUUID()}::uuid, ${personKey}::uuid, 'nationalId', '\\x00', '\\x01')`,
        ),
      'person_number_names_one_person',
    ],
    [
      'the same text twice',
      () =>
        [1, 2].map(
          () => sql`insert into text_message (person_key, purpose, occasion, contact_id)
      values (${personKey}::uuid, 'invitation', ${roundId}, ${contactId}::uuid)`,
        ),
      'text_message_once_per_occasion',
    ],
    [
      'a round that ranks without a settlement',
      () => [sql`update round set settles_at = null`],
      'round_ranked_has_registration',
    ],
    [
      'a registration that ends before it opens',
      () => [sql`update round set registration_ends_at = registration_opens_at`],
      'round_dates_in_order',
    ],
    [
      'a window that closes before it opens',
      () => [sql`update booking_window set closes_at = opens_at`],
      'booking_window_opens_before_it_closes',
    ],
    [
      'a participation without a person',
      () => [
        sql`insert into participation (person_key, round_id, dose_number, stage, last_act)
      values (${randomUUID()}::uuid, ${roundId}, 1, 'registered', 'register')`,
      ],
      'foreign key',
    ],
  ])('%s', async (_what, statements, message) => {
    expect(await attempt(...statements())).toContain(message);
  });
});

describe('and lets pass', () => {
  test.each<[string, () => RawBuilder<unknown>[]]>([
    [
      'a new registration after one that was withdrawn',
      () => [registration({ withdrawn: true }), registration()],
    ],
    [
      'a new appointment after one that was cancelled or missed',
      () => [appointment('cancelled'), appointment('missed'), appointment('booked')],
    ],
    ['appointments for different doses', () => [appointment('attended', 1), appointment('booked', 2)]],
    ['a slot filled to its capacity', () => [sql`update slot set booked = 2 where slot_id = ${slotId}`]],
  ])('%s', async (_what, statements) => {
    expect(await attempt(...statements())).toBe('nothing hindered it');
  });
});

test('numbers that people read aloud are ten digits, never repeat and do not count up', async () => {
  const { rows } = await sql<{ number: string }>`
    select public_number('1', n) as number from generate_series(1, 20000) n`.execute(world.ledger.db);
  const numbers = rows.map(({ number }) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.every((number) => /^1\d{9}$/.test(number))).toBe(true);
  const rising = numbers.filter((number, index) => index > 0 && number > (numbers[index - 1] ?? ''));
  expect(rising.length / numbers.length).toBeLessThan(0.8);
});
