import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { sql } from 'kysely';

import { openObligations } from '../domain/lifecycle/obligations';
import type { Outcome } from '../domain/refusal/refusals';
import { Wire } from '../scripts/faults/wire';
import { LedgerWorld, at, hour, patientWaitMs } from '../test/builders/ledger-world';
import { book, bookAndShow } from './booking';
import { bookingBatchCounts } from './booking-batch';
import { ledgerNow } from './clock';
import type { CommandContext } from './citizen-command';
import { openLedger, type Ledger, type LedgerTx } from './database';
import { endSession } from './session';
import { readSnapshots } from './snapshot';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
  await world.site('A');
  await world.stepTo(at(0, 11 * hour));
});
afterAll(() => world.close());

let serial = 0;
/** A window at a time of its own. */
const newSlot = async (capacity: number) =>
  world.slot({ siteId: 'A', capacity, day: 5, fromMinute: 8 * hour + (serial += 1) });
const people = (count: number) => Promise.all(Array.from({ length: count }, () => world.person()));
const wish = (slotId: number) => ({ slotId, mobile: '0912345678', language: 'zh' }) as const;
const codeOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'booked' : outcome.refusal.code);
const count = (outcomes: readonly Outcome<unknown>[], code: string) =>
  outcomes.filter((outcome) => codeOf(outcome) === code).length;

/** Another process on the same database. */
const anotherLedger = (settings: { url?: string; bookingLanes?: number } = {}): Ledger =>
  openLedger({
    databaseUrl: settings.url ?? world.databaseUrl,
    keys: world.ledger.keys,
    connectionWaitMs: patientWaitMs,
    ...(settings.bookingLanes !== undefined && { bookingLanes: settings.bookingLanes }),
  });

/** Places counted, live appointments, and whether each has all that a booking brings. */
async function stateOf(slotId: number): Promise<{ booked: number; appointments: number; whole: number }> {
  const { rows } = await sql<{ booked: number; appointments: number; whole: number }>`
    select s.booked, count(a.*) as appointments, count(a.*) filter (where
      exists (select from text_message t where t.person_key = a.person_key and t.occasion = a.appointment_number)
      and exists (select from audit_entry e where e.person_key = a.person_key and e.act = 'book')
      and exists (select from participation p where p.person_key = a.person_key and p.stage = 'booked')
      and exists (select from citizen_outbox o join person using (person_key)
        where o.person_key = a.person_key and o.version = person.version)) as whole
    from slot s left join appointment a on a.slot_id = s.slot_id and a.status = 'booked'
    where s.slot_id = ${slotId} group by s.slot_id
  `.execute(world.ledger.db);
  return rows[0] ?? { booked: -1, appointments: -1, whole: -1 };
}

describe('wishes that come together', () => {
  test('are written together, and each is answered by itself', async () => {
    const ledger = anotherLedger();
    const slotId = await newSlot(100);
    const crowd = await people(60);
    const outcomes = await Promise.all(crowd.map((one) => book(ledger, world.acting(one), wish(slotId))));
    expect(count(outcomes, 'booked')).toBe(60);
    expect(bookingBatchCounts(ledger)).toMatchObject({ wishes: 60, batches: 1, waiting: 0 });
    expect(await stateOf(slotId)).toEqual({ booked: 60, appointments: 60, whole: 60 });
    await ledger.close();
  });

  test('are answered with the appointment that can be read afterwards', async () => {
    const [personKey = ''] = await people(1);
    const slotId = await newSlot(1);
    const ask = () => bookAndShow(world.ledger, world.acting(personKey, 'k'), wish(slotId));
    const outcome = await ask();
    expect(outcome).toMatchObject({ ok: true, value: { appointment: { slotId, status: 'booked' } } });
    // Repeated, it is read.
    expect(await ask()).toEqual(outcome);
  });

  test('a wish that the database refuses fails alone', async () => {
    const ledger = anotherLedger();
    const slotId = await newSlot(100);
    const crowd = await people(9);
    const outcomes = await Promise.allSettled(
      crowd.map((one, index) => {
        const context: CommandContext = { ...world.acting(one), ...(index === 4 && { channel: 'no\0text' }) };
        return book(ledger, context, wish(slotId));
      }),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(
      crowd.map((_, index) => (index === 4 ? 'rejected' : 'fulfilled')),
    );
    expect(await stateOf(slotId)).toEqual({ booked: 8, appointments: 8, whole: 8 });
    await ledger.close();
  });

  test('no place is lost to someone who cannot have it', async () => {
    const slotId = await newSlot(3);
    const elsewhere = await newSlot(9);
    const crowd = await people(4);
    const [holder = '', ...others] = crowd;
    expect(codeOf(await book(world.ledger, world.acting(holder), wish(elsewhere)))).toBe('booked');
    const outcomes = await Promise.all(
      [holder, ...others].map((one) => book(world.ledger, world.acting(one), wish(slotId))),
    );
    expect(outcomes.map(codeOf)).toEqual(['alreadyBooked', 'booked', 'booked', 'booked']);
  });
});

/** What is asked in one breath. */
interface Asked {
  readonly person: number;
  readonly slot: number;
  readonly key: number | null;
}
const capacities = [1, 2, 5];
const asked: fc.Arbitrary<Asked> = fc.record({
  person: fc.nat({ max: 5 }),
  slot: fc.nat({ max: capacities.length - 1 }),
  key: fc.option(fc.nat({ max: 1 })),
});

/** The simplest booking office: one wish after the other, the second of one person after the first of everybody. */
function officeAnswers(wishes: readonly Asked[]): readonly string[] {
  const left = [...capacities];
  const appointments = new Map<number, string>();
  const kept = new Map<string, string>();
  const answers: string[] = [];
  let waiting = wishes.map((one, index) => ({ ...one, index }));
  while (waiting.length > 0) {
    const seen = new Set<number>();
    const [now, later] = [[] as typeof waiting, [] as typeof waiting];
    for (const one of waiting) {
      (seen.has(one.person) ? later : now).push(one);
      seen.add(one.person);
    }
    for (const { person, slot, key, index } of now) {
      const keyName = key === null ? null : `${String(person)}/${String(key)}`;
      const before = keyName === null ? undefined : kept.get(keyName);
      const held = appointments.get(person);
      if (before !== undefined) answers[index] = before;
      else if (held !== undefined) answers[index] = `alreadyBooked ${held}`;
      else if (left[slot] === 0) answers[index] = 'slotFull';
      else {
        left[slot] = (left[slot] ?? 0) - 1;
        answers[index] = `booked by ${String(index)}`;
        appointments.set(person, `by ${String(index)}`);
        if (keyName !== null) kept.set(keyName, answers[index] ?? '');
      }
    }
    waiting = later;
  }
  return answers;
}

test('a breath of wishes is answered as by an office that takes one after the other', async () => {
  // With one lane the order of asking is that of deciding.
  const ledger = anotherLedger({ bookingLanes: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 14 }), async (wishes) => {
      const crowd = await people(6);
      const slots: number[] = [];
      for (const capacity of capacities) slots.push(await newSlot(capacity));
      const outcomes = await Promise.all(
        wishes.map(({ person, slot, key }) =>
          book(
            ledger,
            world.acting(crowd[person] ?? '', key === null ? undefined : `key-${String(key)}`),
            wish(slots[slot] ?? 0),
          ),
        ),
      );
      const firstWith = new Map<string, number>();
      outcomes.forEach((outcome, index) => {
        if (outcome.ok && !firstWith.has(outcome.value.appointmentNumber)) {
          firstWith.set(outcome.value.appointmentNumber, index);
        }
      });
      const by = (number: string) => `by ${String(firstWith.get(number))}`;
      const told = outcomes.map((outcome) => {
        if (outcome.ok) return `booked ${by(outcome.value.appointmentNumber)}`;
        const { refusal } = outcome;
        return refusal.code === 'alreadyBooked'
          ? `alreadyBooked ${by(refusal.appointmentNumber)}`
          : refusal.code;
      });
      expect(told).toEqual(officeAnswers(wishes));
    }),
    { numRuns: 25 },
  );
  await ledger.close();
});

test('three processes fill three windows to the last place and give nobody two', async () => {
  const ledgers = [world.ledger, anotherLedger(), anotherLedger({ bookingLanes: 3 })];
  const crowd = await people(80);
  const slots = [await newSlot(11), await newSlot(23), await newSlot(200)];
  const outcomes = await Promise.all(
    crowd.flatMap((one, index) =>
      // Each person asks every process at once, for different windows.
      ledgers.map((ledger, process) =>
        book(ledger, world.acting(one), wish(slots[(index + process) % slots.length] ?? 0)),
      ),
    ),
  );
  const booked = count(outcomes, 'booked');
  expect(booked).toBe(80);
  expect(count(outcomes, 'alreadyBooked') + count(outcomes, 'slotFull') + booked).toBe(240);
  const states = await Promise.all(slots.map(stateOf));
  for (const [index, state] of states.entries()) {
    expect(state.booked).toBeLessThanOrEqual([11, 23, 200][index] ?? 0);
    expect(state).toEqual({ booked: state.booked, appointments: state.booked, whole: state.booked });
  }
  expect(states.reduce((sum, state) => sum + state.booked, 0)).toBe(80);
  await Promise.all(ledgers.slice(1).map((ledger) => ledger.close()));
});

describe('what happens while a batch waits for its locks', () => {
  /** Holds the window while `meanwhile` happens and the wish waits for it. */
  async function bookWhile(
    context: CommandContext,
    slotId: number,
    meanwhile: (holding: LedgerTx) => Promise<unknown>,
  ): Promise<Outcome<unknown>> {
    let booking: Promise<Outcome<unknown>> | undefined;
    await world.ledger.db.transaction().execute(async (tx) => {
      await sql`select from slot where slot_id = ${slotId} for update`.execute(tx);
      booking = book(world.ledger, context, wish(slotId));
      for (;;) {
        const { rows } = await sql`select from pg_stat_activity where datname = current_database()
          and wait_event_type = 'Lock'`.execute(world.ledger.db);
        if (rows.length > 0) break;
      }
      await meanwhile(tx);
    });
    if (!booking) throw new Error('the wish was not asked');
    return booking;
  }

  test('an ended session books nothing any more', async () => {
    const [personKey = ''] = await people(1);
    const [slotId, sessionId] = [await newSlot(1), randomUUID()];
    const outcome = await bookWhile({ ...world.acting(personKey), sessionId }, slotId, () =>
      endSession(world.ledger, sessionId),
    );
    expect(codeOf(outcome)).toBe('sessionEnded');
    expect(await stateOf(slotId)).toMatchObject({ booked: 0, appointments: 0 });
  });

  test('a dose recorded meanwhile counts', async () => {
    const [personKey = ''] = await people(1);
    const slotId = await newSlot(1);
    const outcome = await bookWhile(world.acting(personKey), slotId, async () => {
      await world.dose(personKey, 1, 'Moderna', '2031-07-01');
      await sql`update person set version = version + 1 where person_key = ${personKey}::uuid`.execute(
        world.ledger.db,
      );
    });
    expect(outcome).toMatchObject({ refusal: { code: 'doseIntervalNotReached', earliestOn: '2031-07-29' } });
  });

  test('the last place may go to another', async () => {
    const [personKey = ''] = await people(1);
    const slotId = await newSlot(1);
    const outcome = await bookWhile(world.acting(personKey), slotId, (tx) =>
      sql`update slot set booked = capacity where slot_id = ${slotId}`.execute(tx),
    );
    expect(codeOf(outcome)).toBe('slotFull');
  });
});

describe('when the connection breaks between the commit and its answer', () => {
  test('the wish is asked again and finds itself booked, with a key and without', async () => {
    const url = new URL(world.databaseUrl);
    const wire = await Wire.to(url.host);
    url.host = wire.address;
    const ledger = anotherLedger({ url: url.toString() });
    const slotId = await newSlot(100);
    const crowd = await people(20);
    wire.loseReplies(Buffer.from('COMMIT\0'), 1);
    const outcomes = await Promise.all(
      crowd.map((one, index) => book(ledger, world.acting(one, index % 2 ? 'k' : undefined), wish(slotId))),
    );
    expect(wire.disturbed).toBe(1);
    expect(count(outcomes, 'booked')).toBe(20);
    expect(await stateOf(slotId)).toEqual({ booked: 20, appointments: 20, whole: 20 });
    await ledger.close();
    await wire.close();
  });

  test('and the ledger stays away, the wishes fail, and asked again under their keys they are booked once', async () => {
    const url = new URL(world.databaseUrl);
    const wire = await Wire.to(url.host);
    url.host = wire.address;
    const ledger = anotherLedger({ url: url.toString() });
    const slotId = await newSlot(100);
    const crowd = await people(10);
    const ask = () =>
      Promise.allSettled(crowd.map((one) => book(ledger, world.acting(one, 'k'), wish(slotId))));
    await ask().then((first) => expect(first.every(({ status }) => status === 'fulfilled')).toBe(true));
    wire.cut();
    const away = await ask();
    expect(away.every(({ status }) => status === 'rejected')).toBe(true);
    wire.mend();
    const back = await ask();
    expect(back.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await stateOf(slotId)).toEqual({ booked: 10, appointments: 10, whole: 10 });
    await ledger.close();
    await wire.close();
  });
});

test('nothing is owed before the bound that a booking leaves for the relay', async () => {
  const [personKey = ''] = await people(1);
  await book(world.ledger, world.acting(personKey), wish(await newSlot(1)));
  const snapshot = (await readSnapshots(world.ledger.db, [personKey])).get(personKey);
  if (!snapshot) throw new Error('no snapshot');
  const [first] = openObligations(personKey, snapshot, await ledgerNow(world.ledger.db));
  const mark = await world.ledger.db
    .selectFrom('citizen_outbox')
    .select('next_due_at')
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();
  expect(first?.kind).toBe('remindOfAppointment');
  expect(mark.next_due_at?.getTime()).toBeLessThanOrEqual(Date.parse(first?.dueAt ?? ''));
});

test('a batch planned while everything was empty reads no more than its own people once the tables are full', async () => {
  const empty = await LedgerWorld.create();
  const own = openLedger({ databaseUrl: empty.databaseUrl, keys: empty.ledger.keys, bookingLanes: 1 });
  try {
    await empty.round();
    await empty.site('A');
    const slotId = await empty.slot({ siteId: 'A', capacity: 9 });
    // What makes any index look as good as another: known to be empty.
    await sql`analyze participation, registration, appointment, invitation`.execute(empty.ledger.db);
    const context = { personKey: randomUUID(), actor: 'citizen', channel: 'web' } as const;
    expect(codeOf(await bookAndShow(own, context, wish(slotId)))).not.toBe('booked');
    await sql`
      with everybody as (select gen_random_uuid() as key from generate_series(1, 20000)),
      person as (insert into person (person_key, registry_person_id, name_cipher, birth_date)
        select key, gen_random_uuid(), '', '1950-01-01' from everybody),
      slot as (select round_id, slot_id from slot where slot_id = ${slotId})
      insert into participation (person_key, round_id, dose_number, stage, last_act)
        select key, round_id, 1, 'registered', 'register' from everybody, slot
    `.execute(empty.ledger.db);
    await pause(1_100);
    expect(codeOf(await bookAndShow(own, { ...context, personKey: randomUUID() }, wish(slotId)))).not.toBe(
      'booked',
    );
    const client = await own.batchPool.connect();
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain execute "booking-wishes" ('{}', '{}', '{}', '{}')`,
    );
    client.release();
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/participation_pkey/);
    expect(plan).not.toMatch(/participation_by_stage/);
  } finally {
    await own.close();
    await empty.close();
  }
});
