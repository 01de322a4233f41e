import { sql } from 'kysely';

import type { Outcome } from '../domain/refusal/refusals';
import { LedgerWorld, at, hour, patientWaitMs } from '../test/builders/ledger-world';
import { book, cancel, type AppointmentReceipt } from './booking';
import { openLedger } from './database';

const clients = 200;
const places = 50;

let world: LedgerWorld;
let slotId: number;
let people: string[];

beforeEach(async () => {
  world = await LedgerWorld.create({ maxConnections: 16 });
  await world.round();
  await world.site('A');
  slotId = await world.slot({ siteId: 'A', capacity: places });
  await world.slot({ siteId: 'A', capacity: 1000, day: 6 });
  await world.stepTo(at(0, 11 * hour));
  people = await Promise.all(Array.from({ length: clients }, () => world.person()));
});
afterEach(() => world.close());

const wish = () => ({ slotId, mobile: '0912345678', language: 'zh' }) as const;
const codes = (outcomes: readonly Outcome<unknown>[]) => {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const code = outcome.ok ? 'booked' : outcome.refusal.code;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
};
const live = async () => {
  const { rows } = await sql<{ appointments: number; booked: number }>`
    select count(a.*) as appointments, max(s.booked) as booked
    from slot s left join appointment a on a.slot_id = s.slot_id and a.status = 'booked' where s.slot_id = ${slotId}
  `.execute(world.ledger.db);
  return rows[0];
};

test('200 people at once for 50 places: 50 appointments, 150 clear refusals with another window, nothing else', async () => {
  const outcomes = await Promise.all(
    people.map((personKey) => book(world.ledger, world.acting(personKey), wish())),
  );
  expect(codes(outcomes)).toEqual({ booked: places, slotFull: clients - places });
  expect(await live()).toEqual({ appointments: places, booked: places });
  const offered = outcomes.flatMap((outcome) =>
    !outcome.ok && outcome.refusal.code === 'slotFull' ? [outcome.refusal.alternatives.length] : [],
  );
  expect(offered).toEqual(Array.from({ length: clients - places }, () => 1));
});

test('the same from two processes, each client asking twice with its own key, ends the same', async () => {
  const { connectionString } = world.ledger.pool.options;
  const second = openLedger({
    databaseUrl: connectionString ?? '',
    keys: world.ledger.keys,
    connectionWaitMs: patientWaitMs,
  });
  try {
    const outcomes = await Promise.all(
      people.flatMap((personKey) =>
        [world.ledger, second].map((ledger) =>
          book(ledger, world.acting(personKey, `key-${personKey}`), wish()),
        ),
      ),
    );
    expect(codes(outcomes)).toEqual({ booked: 2 * places, slotFull: 2 * (clients - places) });
    expect(await live()).toEqual({ appointments: places, booked: places });
    const numbers = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value.appointmentNumber] : []));
    expect(new Set(numbers).size).toBe(places);
  } finally {
    await second.close();
  }
});

test('places that are given back while others wait are taken again, never twice', async () => {
  const holders = people.slice(0, places);
  const booked = await Promise.all(
    holders.map(async (personKey) => ({
      personKey,
      outcome: await book(world.ledger, world.acting(personKey), wish()),
    })),
  );
  const giving = booked.slice(0, 20).flatMap(({ personKey, outcome }) =>
    outcome.ok
      ? Array.from({ length: 3 }, () =>
          cancel(world.ledger, world.acting(personKey), {
            appointmentNumber: outcome.value.appointmentNumber,
          }),
        )
      : [],
  );
  const taking = people.slice(places).map((personKey) => book(world.ledger, world.acting(personKey), wish()));
  const [cancelled, taken] = await Promise.all([
    Promise.all(giving),
    Promise.all<Outcome<AppointmentReceipt>>(taking),
  ]);
  expect(codes(cancelled)).toEqual({ booked: 20, appointmentNotLive: 40 });
  const won = taken.filter(({ ok }) => ok).length;
  expect(won).toBeLessThanOrEqual(20);
  expect(await live()).toEqual({ appointments: places - 20 + won, booked: places - 20 + won });
});

test('control: counting first and inserting then does oversell, so that this check can fail', async () => {
  const { db } = world.ledger;
  await sql`create table naive_appointment (slot_id bigint not null, person_key uuid not null)`.execute(db);
  await Promise.all(
    people.map((personKey) =>
      db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ taken: number }>`
          select count(*) as taken from naive_appointment where slot_id = ${slotId}`.execute(tx);
        if ((rows[0]?.taken ?? 0) < places) {
          await sql`insert into naive_appointment values (${slotId}, ${personKey}::uuid)`.execute(tx);
        }
      }),
    ),
  );
  const { rows } = await sql<{ taken: number }>`select count(*) as taken from naive_appointment`.execute(db);
  expect(rows[0]?.taken).toBeGreaterThan(places);
});
