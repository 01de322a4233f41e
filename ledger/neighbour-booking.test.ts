/** Two people of a family in neighbouring windows: both or neither, whoever else is about. */
import fc from 'fast-check';
import { sql } from 'kysely';

import type { Outcome } from '../domain/refusal/refusals';
import { parentOfBond, type BondInLedger } from '../test/builders/family-bonds';
import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { book, cancel } from './booking';
import { endFamilyBond } from './family-bond';
import { bookNeighbours } from './neighbour-booking';

const mobile = '0912345678';
const language = 'zh' as const;
const codeOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'booked' : outcome.refusal.code);

let world: LedgerWorld;

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await sql`insert into booking_window (round_id, product, age_from, age_to, opens_at, closes_at)
    select round_id, product, 0, 17, opens_at, closes_at from booking_window where age_from = 18`.execute(
    world.ledger.db,
  );
  await world.stepTo(at(0, 11 * hour));
});
afterAll(() => world.close());

let sites = 0;
/** Three windows in a row at a site of their own, and one at another. */
async function windows(capacities: readonly number[]): Promise<readonly number[]> {
  const siteId = await world.site(`N${String((sites += 1))}`);
  const slots: number[] = [];
  for (const [index, capacity] of capacities.entries()) {
    slots.push(await world.slot({ siteId, capacity, fromMinute: (9 + index) * hour }));
  }
  return slots;
}

type Family = BondInLedger;
const family = (): Promise<Family> => parentOfBond(world);

const both = ({ parentKey, forChild }: Family, [own, childs]: readonly number[], key?: string) =>
  bookNeighbours(world.ledger, [
    { context: world.acting(parentKey, key), slotId: own ?? 0, mobile, language },
    { context: { ...world.acting('', key), ...forChild }, slotId: childs ?? 0, mobile, language },
  ]);

const bookedBy = async ({ parentKey, childKey }: Family): Promise<readonly number[]> => {
  const { rows } = await sql<{ n: number }>`
    select (select count(*) from appointment a where a.person_key = who.key and a.status = 'booked') as n
    from unnest(${[parentKey, childKey]}::uuid[]) with ordinality as who (key, place) order by place
  `.execute(world.ledger.db);
  return rows.map(({ n }) => n);
};

test.each([
  ['the same window', [0, 0]],
  ['windows that follow each other', [0, 1]],
  ['whichever comes first', [1, 0]],
])(
  '%s: both are booked, each with a number and a text, and both histories name who did it',
  async (_, places) => {
    const slots = await windows([5, 5]);
    const one = await family();
    const outcome = await both(
      one,
      places.map((place) => slots[place] ?? 0),
    );
    expect(outcome).toMatchObject({
      ok: true,
      value: [{ slotId: slots[places[0] ?? 0] }, { slotId: slots[places[1] ?? 0] }],
    });
    expect(await bookedBy(one)).toEqual([1, 1]);
    const { rows } = await sql<{ act: string; channel: string; texts: number }>`
    select act, channel, (select count(*) from text_message t where t.person_key = e.person_key) as texts
    from audit_entry e where person_key = ${one.childKey}::uuid and act = 'book'
  `.execute(world.ledger.db);
    expect(rows).toEqual([{ act: 'book', channel: one.forChild.channel, texts: 1 }]);
    const { rows: mirrored } = await sql`select channel from audit_entry
    where person_key = ${one.parentKey}::uuid and channel like '%/for:%'`.execute(world.ledger.db);
    expect(mirrored).toHaveLength(1);
  },
);

test.each([
  ['one place is left and both want it', [1], [0, 0], 1],
  ['the second window is full', [5, 0], [0, 1], 1],
  ['the first window is full', [0, 5], [0, 1], 0],
])('%s: neither is booked, and no place is lost', async (_, capacities, places, who) => {
  const slots = await windows(capacities);
  const one = await family();
  const outcome = await both(
    one,
    places.map((place) => slots[place] ?? 0),
  );
  expect(outcome).toMatchObject({ refusal: { code: 'togetherRefused', place: who, because: 'slotFull' } });
  expect(await bookedBy(one)).toEqual([0, 0]);
  const { rows } = await sql<{
    booked: number;
  }>`select booked from slot where slot_id = any(${[...slots]}::bigint[])`.execute(world.ledger.db);
  expect(rows.every(({ booked }) => booked === 0)).toBe(true);
});

test('what stands against one stands against both, and says against whom', async () => {
  const slots = await windows([5, 5]);
  const one = await family();
  await book(world.ledger, one.forChild, { slotId: slots[0] ?? 0, mobile, language });
  expect(await both(one, slots)).toMatchObject({
    refusal: { code: 'togetherRefused', place: 1, because: 'alreadyBooked' },
  });
  expect(await bookedBy(one)).toEqual([0, 1]);
});

test('windows that are no neighbours, unknown ones and a wrong mobile are refused', async () => {
  const one = await family();
  const [first = 0, , third = 0] = await windows([5, 5, 5]);
  const [elsewhere = 0] = await windows([5]);
  expect(codeOf(await both(one, [first, third]))).toBe('windowsNotNeighbours');
  expect(codeOf(await both(one, [first, elsewhere]))).toBe('windowsNotNeighbours');
  expect(codeOf(await both(one, [first, 999_999]))).toBe('slotUnknown');
  const wish = { context: world.acting(one.parentKey), slotId: first, mobile: '123', language };
  expect(codeOf(await bookNeighbours(world.ledger, [wish, wish]))).toBe('mobileInvalid');
  expect(await bookedBy(one)).toEqual([0, 0]);
});

test('a repeated request is answered again, and the key asks for nothing else', async () => {
  const slots = await windows([5, 5]);
  const one = await family();
  const first = await both(one, slots, 'key-1');
  expect(first.ok).toBe(true);
  expect(await both(one, slots, 'key-1')).toEqual(first);
  expect(await bookedBy(one)).toEqual([1, 1]);
});

test('once the bond has ended, neither is booked', async () => {
  const slots = await windows([5, 5]);
  const one = await family();
  await endFamilyBond(world.ledger, world.acting(one.childKey), { familyBondId: one.familyBondId });
  expect(codeOf(await both(one, slots))).toBe('familyBondEnded');
  expect(await bookedBy(one)).toEqual([0, 0]);
  // Booking for the child alone goes by the batch, and is held by the same ledger.
  const alone = await book(world.ledger, one.forChild, { slotId: slots[0] ?? 0, mobile, language });
  expect(codeOf(alone)).toBe('familyBondEnded');
  expect(await bookedBy(one)).toEqual([0, 0]);
});

test('families and single people who all want the same few places: never one of a pair, never one place too many', async () => {
  const step = fc.record({
    act: fc.constantFrom('both' as const, 'alone' as const, 'cancel' as const),
    family: fc.nat({ max: 2 }),
    slots: fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 5 }),
      async (actors) => {
        const slots = await windows([1, 2, 1]);
        const families = [await family(), await family(), await family()];
        /** By each pair that was told to be booked, its two numbers; by each that was not, nothing may stand. */
        const numbers = new Map<string, readonly string[]>();
        await Promise.all(
          actors.map(async (steps) => {
            for (const { act, family: which, slots: wanted } of steps) {
              const one = families[which];
              if (!one) continue;
              const pair = wanted.map((place) => slots[place] ?? 0);
              if (act === 'both') {
                const outcome = await both(one, pair);
                if (outcome.ok) {
                  const told = outcome.value.map(({ appointmentNumber }) => appointmentNumber);
                  numbers.set(told.join(), told);
                }
              } else if (act === 'alone') {
                await book(world.ledger, world.acting(await world.person()), {
                  slotId: pair[0] ?? 0,
                  mobile,
                  language,
                });
              } else {
                const [newest] = [...numbers.values()].at(-1) ?? [];
                if (newest !== undefined) await cancelAnybodys(newest);
              }
            }
          }),
        );
        const { rows: slotRows } = await sql<{ capacity: number; booked: number; used: number }>`
          select capacity, booked, (select count(*) from appointment a
            where a.slot_id = s.slot_id and a.status = 'booked') as used
          from slot s where slot_id = any(${[...slots]}::bigint[])`.execute(world.ledger.db);
        for (const { capacity, booked, used } of slotRows) {
          expect(booked).toBeLessThanOrEqual(capacity);
          expect(booked).toBe(used);
        }
        // Every appointment of these people was told to somebody as one of a pair.
        const people = families.flatMap(({ parentKey, childKey }) => [parentKey, childKey]);
        const { rows: made } = await sql<{ appointment_number: string }>`
          select appointment_number from appointment where person_key = any(${people}::uuid[])`.execute(
          world.ledger.db,
        );
        expect(made.map(({ appointment_number }) => appointment_number).sort()).toEqual(
          [...numbers.values()].flat().sort(),
        );
      },
    ),
    { numRuns: 15 },
  );
});

async function cancelAnybodys(appointmentNumber: string): Promise<void> {
  const { rows } = await sql<{ person_key: string }>`
    select person_key from appointment where appointment_number = ${appointmentNumber}`.execute(
    world.ledger.db,
  );
  await cancel(world.ledger, world.acting(rows[0]?.person_key ?? ''), { appointmentNumber });
}
