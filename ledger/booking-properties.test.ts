import fc from 'fast-check';
import { sql } from 'kysely';

import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { recordAttendance } from './attendance';
import { book, cancel, move } from './booking';

/** Few people on few slots of few places, so that nearly every act meets another. */
const peopleCount = 4;
const capacities = [1, 2, 1];

type Step =
  | { readonly act: 'book'; readonly person: number; readonly slot: number; readonly key: number | null }
  | { readonly act: 'move'; readonly person: number; readonly slot: number }
  | { readonly act: 'cancel'; readonly person: number }
  | { readonly act: 'attend'; readonly person: number }
  | { readonly act: 'miss'; readonly person: number };

const person = fc.nat({ max: peopleCount - 1 });
const slot = fc.nat({ max: capacities.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('book' as const),
      person,
      slot,
      key: fc.option(fc.nat({ max: 1 })),
    }),
  },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('move' as const), person, slot }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('cancel' as const), person }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('attend' as const), person }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('miss' as const), person }) },
);

let world: LedgerWorld;

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.site('A');
  await world.stepTo(at(0, 11 * hour));
});
afterAll(() => world.close());

interface Scene {
  readonly people: readonly string[];
  readonly slots: readonly number[];
}

let hourOfScene = 0;
/** New people and new slots, all of today so that attendance can be recorded at once; the round is the same. */
async function scene(): Promise<Scene> {
  const people = await Promise.all(Array.from({ length: peopleCount }, () => world.person()));
  const siteId = await world.site(`S${String((hourOfScene += 1))}`);
  const slots: number[] = [];
  for (const [index, capacity] of capacities.entries()) {
    slots.push(await world.slot({ siteId, capacity, day: 0, fromMinute: (13 + index) * hour }));
  }
  return { people, slots };
}

async function take(step: Step, { people, slots }: Scene): Promise<void> {
  const personKey = people[step.person] ?? '';
  const newest = await world.ledger.db
    .selectFrom('appointment')
    .innerJoin('slot', 'slot.slot_id', 'appointment.slot_id')
    .select(['appointment_number', 'site_id'])
    .where('person_key', '=', personKey)
    .orderBy('booked_at', 'desc')
    .executeTakeFirst();
  const appointmentNumber = newest?.appointment_number ?? '2000000000';
  switch (step.act) {
    case 'book': {
      const wish = { slotId: slots[step.slot] ?? 0, mobile: '0912345678', language: 'zh' } as const;
      const key = step.key === null ? undefined : `key-${String(step.slot)}-${String(step.key)}`;
      const outcome = await book(world.ledger, world.acting(personKey, key), wish);
      if (!outcome.ok || key === undefined) return;
      const repeated = await book(world.ledger, world.acting(personKey, key), wish);
      if (JSON.stringify(repeated) !== JSON.stringify(outcome)) {
        throw new Error('a repeated request was answered differently');
      }
      return;
    }
    case 'move':
      await move(world.ledger, world.acting(personKey), { appointmentNumber, slotId: slots[step.slot] ?? 0 });
      return;
    case 'cancel':
      await cancel(world.ledger, world.acting(personKey), { appointmentNumber });
      return;
    case 'attend':
      await recordAttendance(
        world.ledger,
        { actor: 'station', channel: 'station' },
        { stationSiteId: newest?.site_id ?? '', appointmentNumber },
      );
      return;
    case 'miss':
      await world.ledger.db.transaction().execute(async (tx) => {
        await sql`select from person where person_key = ${personKey}::uuid for no key update`.execute(tx);
        await sql`with missed as (
            update appointment set status = 'missed', ended_at = ledger_now()
            where person_key = ${personKey}::uuid and status = 'booked' returning person_key, round_id
          )
          update participation p set stage = 'missed', last_act = 'miss' from missed m
          where p.person_key = m.person_key and p.round_id = m.round_id`.execute(tx);
      });
      return;
  }
}

/** What must hold after every history, whoever acted and however it was interleaved. */
async function expectInvariants({ people, slots }: Scene): Promise<void> {
  const { rows: counts } = await sql<{ slot_id: number; capacity: number; booked: number; used: number }>`
    select s.slot_id, s.capacity, s.booked,
      (select count(*) from appointment a where a.slot_id = s.slot_id and a.status <> 'cancelled') as used
    from slot s where s.slot_id = any(${[...slots]}::bigint[])
  `.execute(world.ledger.db);
  for (const { capacity, booked, used } of counts) {
    expect(booked).toBeLessThanOrEqual(capacity); // I1
    expect(booked).toBe(used); // I4
  }
  const { rows: doubles } = await sql`
    select person_key from appointment where person_key = any(${[...people]}::uuid[])
      and status in ('booked', 'attended')
    group by person_key, round_id, dose_number having count(*) > 1
  `.execute(world.ledger.db);
  expect(doubles).toEqual([]); // I2
  const { rows: odd } = await sql`
    select p.person_key, p.stage, a.statuses, d.doses, t.texts from participation p
    cross join lateral (select array_agg(status) as statuses,
      count(*) filter (where status = 'booked') as booked,
      count(*) filter (where status = 'attended') as attended,
      count(*) as made, count(*) filter (where status = 'cancelled') as cancelled
      from appointment a where a.person_key = p.person_key and a.round_id = p.round_id) a
    cross join lateral (select count(*) as doses from dose d where d.person_key = p.person_key) d
    cross join lateral (select count(*) filter (where purpose = 'appointmentBooked') as texts,
      count(*) filter (where purpose = 'appointmentCancelled') as cancellations
      from text_message m where m.person_key = p.person_key) t
    cross join lateral (select max(version) as audited from audit_entry e where e.person_key = p.person_key) e
    join person using (person_key) join citizen_outbox o using (person_key)
    where p.person_key = any(${[...people]}::uuid[]) and (
      (p.stage = 'booked') <> (a.booked = 1) or (p.stage = 'attended') <> (a.attended = 1)
      or d.doses <> a.attended or t.texts <> a.made or t.cancellations <> a.cancelled
      or o.version <> person.version or e.audited <> person.version)
  `.execute(world.ledger.db);
  expect(odd).toEqual([]);
}

test('any history of booking, moving, cancelling, attending and missing keeps I1, I2 and I4', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const here = await scene();
      for (const one of steps) await take(one, here);
      await expectInvariants(here);
    }),
    { numRuns: 40 },
  );
});

test('the same when everybody acts at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 6 }),
      async (actors) => {
        const here = await scene();
        await Promise.all(
          actors.map(async (steps) => {
            for (const one of steps) await take(one, here);
          }),
        );
        await expectInvariants(here);
      },
    ),
    { numRuns: 40 },
  );
});

test('control: a place given back twice, or one never given back, is noticed', async () => {
  const here = await scene();
  await take({ act: 'book', person: 0, slot: 1, key: null }, here);
  await expectInvariants(here);
  await sql`update slot set booked = booked - 1 where slot_id = ${here.slots[1]}`.execute(world.ledger.db);
  await expect(expectInvariants(here)).rejects.toThrow('toBe(expected)');
  await sql`update slot set booked = booked + 2 where slot_id = ${here.slots[1]}`.execute(world.ledger.db);
  await expect(expectInvariants(here)).rejects.toThrow('toBe(expected)');
});
