import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { openObligations } from '../domain/lifecycle/obligations';
import { at, hour, LedgerWorld } from '../test/builders/ledger-world';
import { readHistory } from './audit';
import { changeStage, citizenCommand, recordChange, recordChanges, type Decision } from './citizen-command';
import { ledgerNow } from './clock';
import type { LedgerTx } from './database';
import { endSession } from './session';
import { readSnapshots } from './snapshot';

let world: LedgerWorld;
let roundId: string;
beforeAll(async () => {
  world = await LedgerWorld.create();
  roundId = await world.round();
});
afterAll(() => world.close());

const db = () => world.ledger.db;

/** A command that puts the person into the round: something is written in several tables. */
const join =
  (personKey: string) =>
  async (tx: LedgerTx): Promise<Decision<{ joined: number }>> => {
    await sql`insert into participation (person_key, round_id, dose_number, stage, last_act)
      values (${personKey}::uuid, ${roundId}, 1, 'registered', 'register')`.execute(tx);
    return { outcome: { joined: Date.now() }, act: 'register', detail: { roundId } };
  };

async function countsOf(personKey: string): Promise<Record<string, number>> {
  const { rows } = await sql<Record<string, number>>`
    select
      (select count(*) from participation where person_key = ${personKey}::uuid) as participations,
      (select count(*) from audit_entry where person_key = ${personKey}::uuid) as audited,
      (select count(*) from citizen_outbox where person_key = ${personKey}::uuid) as marked,
      (select count(*) from idempotent_answer where person_key = ${personKey}::uuid) as answers,
      (select version from person where person_key = ${personKey}::uuid) as version
  `.execute(db());
  return rows[0] ?? {};
}
const nothing = { participations: 0, audited: 0, marked: 0, answers: 0, version: 0 };
const once = { participations: 1, audited: 1, marked: 1, answers: 1, version: 1 };

describe("a citizen's act", () => {
  test('is one transaction: change, version, audit row, mark for the relay and the answer', async () => {
    const personKey = await world.person();
    const outcome = await citizenCommand(world.ledger, world.acting(personKey, 'k'), [], join(personKey));
    expect(outcome.ok).toBe(true);
    expect(await countsOf(personKey)).toEqual(once);
    expect(await readHistory(db(), personKey)).toEqual([
      {
        at: expect.any(String),
        version: 1,
        act: 'register',
        actor: 'citizen',
        channel: 'web',
        detail: { roundId },
      },
    ]);
  });

  test('that is refused writes nothing, whatever was done before the refusal', async () => {
    const personKey = await world.person();
    const outcome = await citizenCommand(
      world.ledger,
      world.acting(personKey, 'k'),
      [],
      async (tx, person) => {
        await join(personKey)(tx);
        await recordChange(tx, { ...person, actor: 'citizen', channel: 'web' }, 'register', {});
        return { refusal: { code: 'notInvited' } };
      },
    );
    expect(outcome).toEqual({ ok: false, refusal: { code: 'notInvited' } });
    expect(await countsOf(personKey)).toEqual(nothing);
  });

  test('that fails in the middle writes nothing', async () => {
    const personKey = await world.person();
    const failing = citizenCommand(world.ledger, world.acting(personKey, 'k'), [], async (tx) => {
      await join(personKey)(tx);
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(await countsOf(personKey)).toEqual(nothing);
  });

  test('that changes nothing brings no version', async () => {
    const personKey = await world.person();
    const outcome = await citizenCommand(world.ledger, world.acting(personKey, 'k'), [], () =>
      Promise.resolve({ outcome: { same: 1 } }),
    );
    expect(outcome).toEqual({ ok: true, value: { same: 1 } });
    expect(await countsOf(personKey)).toEqual({ ...nothing, answers: 1 });
  });

  test('of a person whom the ledger does not know is refused', async () => {
    const outcome = await citizenCommand(world.ledger, world.acting(randomUUID()), [], () =>
      Promise.resolve({ outcome: null }),
    );
    expect(outcome).toEqual({ ok: false, refusal: { code: 'sessionRequired' } });
  });
});

describe('a repeated request', () => {
  test('brings the same answer and does nothing again', async () => {
    const personKey = await world.person();
    const ask = () => citizenCommand(world.ledger, world.acting(personKey, 'k'), [], join(personKey));
    const first = await ask();
    expect(await ask()).toEqual(first);
    expect(await countsOf(personKey)).toEqual(once);
  });

  test('sent twenty times at once is done once, and all get the same answer', async () => {
    const personKey = await world.person();
    const ask = () => citizenCommand(world.ledger, world.acting(personKey, 'k'), [], join(personKey));
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await countsOf(personKey)).toEqual(once);
  });

  test('under the key of another request is refused', async () => {
    const personKey = await world.person();
    const context = world.acting(personKey, 'k');
    await citizenCommand(world.ledger, context, [], join(personKey));
    const other = { ...context, idempotency: { key: 'k', requestHash: Buffer.from('other') } };
    const outcome = await citizenCommand(world.ledger, other, [], join(personKey));
    expect(outcome).toEqual({ ok: false, refusal: { code: 'idempotencyKeyReused' } });
    expect(await countsOf(personKey)).toEqual(once);
  });

  test('after a refusal is decided anew: a refusal is not kept', async () => {
    const personKey = await world.person();
    const context = world.acting(personKey, 'k');
    await citizenCommand(world.ledger, context, [], () =>
      Promise.resolve({ refusal: { code: 'notInvited' } as const }),
    );
    expect((await citizenCommand(world.ledger, context, [], join(personKey))).ok).toBe(true);
    expect(await countsOf(personKey)).toEqual(once);
  });

  test('under the same key of another person is their own', async () => {
    const [a, b] = [await world.person(), await world.person()];
    for (const personKey of [a, b])
      await citizenCommand(world.ledger, world.acting(personKey, 'k'), [], join(personKey));
    expect([await countsOf(a), await countsOf(b)]).toEqual([once, once]);
  });
});

describe('a session that was ended', () => {
  test('does nothing any more', async () => {
    const personKey = await world.person();
    const sessionId = randomUUID();
    const context = { ...world.acting(personKey, 'k'), sessionId };
    await endSession(world.ledger, sessionId);
    const outcome = await citizenCommand(world.ledger, context, [], join(personKey));
    expect(outcome).toEqual({ ok: false, refusal: { code: 'sessionEnded' } });
    expect(await countsOf(personKey)).toEqual(nothing);
  });

  test('while the command waited for the person does nothing either', async () => {
    const personKey = await world.person();
    const sessionId = randomUUID();
    let waiting: Promise<unknown> = Promise.resolve();
    await db()
      .transaction()
      .execute(async (tx) => {
        await sql`select from person where person_key = ${personKey}::uuid for update`.execute(tx);
        waiting = citizenCommand(
          world.ledger,
          { ...world.acting(personKey), sessionId },
          [],
          join(personKey),
        );
        await untilSomeoneWaits();
        await endSession(world.ledger, sessionId);
      });
    expect(await waiting).toEqual({ ok: false, refusal: { code: 'sessionEnded' } });
    expect(await countsOf(personKey)).toEqual(nothing);
  });
});

async function untilSomeoneWaits(): Promise<void> {
  for (;;) {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    `.execute(db());
    if (rows.length > 0) return;
  }
}

describe('time', () => {
  test('is that of the decision, not of the wait before it', async () => {
    const own = await LedgerWorld.create();
    const personKey = await own.person();
    let waiting: Promise<unknown> = Promise.resolve();
    let decidedAt = '';
    await own.ledger.db.transaction().execute(async (tx) => {
      await sql`select from person where person_key = ${personKey}::uuid for update`.execute(tx);
      waiting = citizenCommand(own.ledger, own.acting(personKey), [], (_tx, person) => {
        decidedAt = person.now;
        return Promise.resolve({ outcome: null });
      });
      for (;;) {
        const { rows } = await sql`select from pg_stat_activity where datname = current_database()
          and wait_event_type = 'Lock'`.execute(own.ledger.db);
        if (rows.length > 0) break;
      }
      await own.stepTo(at(3, 0));
    });
    await waiting;
    expect(Date.parse(decidedAt)).toBeGreaterThanOrEqual(Date.parse(at(3, 0)));
    await own.close();
  });
});

describe('locks', () => {
  test('a deadlock is tried again and both acts are done', async () => {
    const [a, b] = [await world.person(), await world.person()];
    const bothInside = barrier(2);
    let runs = 0;
    // Each locks its own person, then writes the other's row: a circle, the first time.
    const crossed = (own: string, other: string) =>
      citizenCommand(world.ledger, world.acting(own), [], async (tx): Promise<Decision<null>> => {
        runs += 1;
        await bothInside();
        await sql`update person set birth_date = birth_date where person_key = ${other}::uuid`.execute(tx);
        return { outcome: null, act: 'register' };
      });
    const outcomes = await Promise.all([crossed(a, b), crossed(b, a)]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true]);
    expect(runs).toBeGreaterThan(2);
    expect([(await countsOf(a))['version'], (await countsOf(b))['version']]).toEqual([1, 1]);
  }, 20_000);

  test('a deadlock without end is reported, not hidden', async () => {
    const personKey = await world.person();
    let runs = 0;
    const failing = citizenCommand(world.ledger, world.acting(personKey), [], async (tx) => {
      runs += 1;
      await sql`do $$ begin raise exception 'circle' using errcode = '40P01'; end $$`.execute(tx);
      return { outcome: null };
    });
    await expect(failing).rejects.toThrow('circle');
    expect(runs).toBe(4);
  });

  test('slots are taken in the order of their ids, whatever order they are named in', async () => {
    const siteId = await world.site('L1');
    const slots = [
      await world.slot({ siteId, capacity: 1, day: 5 }),
      await world.slot({ siteId, capacity: 1, day: 6 }),
    ];
    const people = await Promise.all(Array.from({ length: 12 }, () => world.person()));
    const outcomes = await Promise.all(
      people.map((personKey, index) =>
        citizenCommand(world.ledger, world.acting(personKey), index % 2 ? slots : [...slots].reverse(), () =>
          Promise.resolve({ outcome: null }),
        ),
      ),
    );
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
  });
});

/** A gate that opens when `size` have come, and stays open. */
function barrier(size: number): () => Promise<void> {
  let come = 0;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return () => {
    come += 1;
    if (come >= size) open();
    return opened;
  };
}

describe('the mark for the relay', () => {
  const markOf = (personKey: string) =>
    db()
      .selectFrom('citizen_outbox')
      .selectAll()
      .where('person_key', '=', personKey)
      .executeTakeFirstOrThrow();

  test('holds the instant that the domain works out from the snapshot', async () => {
    const personKey = await world.person();
    await world.invite(personKey);
    const snapshot = (await readSnapshots(db(), [personKey])).get(personKey);
    if (!snapshot) throw new Error('no snapshot');
    const [first] = openObligations(personKey, snapshot, await ledgerNow(db()));
    const mark = await markOf(personKey);
    expect(first?.kind).toBe('remindToBook');
    expect(mark.next_due_at?.toISOString()).toBe(first?.dueAt);
    expect(mark).toMatchObject({ version: 1, sent_version: 0, lane: 'personal' });
  });

  test('wakes a sleeper, and a mass step does not push a waiting personal change back', async () => {
    const personKey = await world.person();
    await citizenCommand(world.ledger, world.acting(personKey), [], join(personKey));
    const mass = () =>
      db()
        .transaction()
        .execute((tx) =>
          recordChanges(tx, { actor: 'system', channel: 'test', lane: 'mass' }, [personKey], 'invite', {}),
        );
    await mass();
    expect(await markOf(personKey)).toMatchObject({ version: 2, lane: 'personal' });
    await sql`update citizen_outbox set sent_version = version, asleep = true, pokes = 2
      where person_key = ${personKey}::uuid`.execute(db());
    await mass();
    expect(await markOf(personKey)).toMatchObject({
      version: 3,
      sent_version: 2,
      lane: 'mass',
      asleep: false,
      pokes: 0,
    });
  });

  test('is made for many people at once as for each alone', async () => {
    const people = await Promise.all(Array.from({ length: 30 }, () => world.person()));
    await db()
      .transaction()
      .execute((tx) =>
        recordChanges(tx, { actor: 'system', channel: 'test', lane: 'mass' }, people, 'invite', { roundId }),
      );
    for (const personKey of people) {
      expect(await countsOf(personKey)).toEqual({ ...nothing, audited: 1, marked: 1, version: 1 });
    }
  });

  test('is not made for people whom the ledger does not know', async () => {
    const recording = db()
      .transaction()
      .execute((tx) =>
        recordChange(tx, { personKey: randomUUID(), actor: 'system', channel: 'test' }, 'invite', {}),
      );
    await expect(recording).rejects.toThrow('unknown person');
  });
});

test('a stage changes only along the table, and the refusal rolls everything back', async () => {
  const personKey = await world.person();
  await citizenCommand(world.ledger, world.acting(personKey), [], join(personKey));
  const booking = citizenCommand(world.ledger, world.acting(personKey), [], async (tx) => {
    await changeStage(tx, personKey, roundId, 'book', 'booked');
    return { outcome: null, act: 'book' };
  });
  await expect(booking).rejects.toThrow('no transition from registered by book to booked');
  expect((await countsOf(personKey))['version']).toBe(1);
});

test('the clock of the world stands where the builder put it', async () => {
  expect(Date.parse(await ledgerNow(db()))).toBeGreaterThanOrEqual(Date.parse(at(0, 8 * hour)));
});
