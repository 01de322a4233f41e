import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { addDays } from '../domain/civil-time/plain-date';
import { openObligations } from '../domain/lifecycle/obligations';
import type { Stage } from '../domain/lifecycle/transitions';
import { at, firstDay, hour, LedgerWorld } from '../test/builders/ledger-world';
import { readHistory } from './audit';
import { carryOver, carryOverInto } from './carry-over';
import { ledgerNow } from './clock';
import { register, readRegistration, withdraw } from './registration';
import { closeRound, lapseInvitations, markMissed } from './round-steps';
import { settleRound } from './settlement';
import { readSnapshots } from './snapshot';

let world: LedgerWorld;
const worlds: LedgerWorld[] = [];
/** From here on, tests see none of the rounds of those before. */
async function newWorld(): Promise<LedgerWorld> {
  world = await LedgerWorld.create();
  worlds.push(world);
  return world;
}
beforeAll(newWorld);
afterAll(() => Promise.all(worlds.map((one) => one.close())));
const db = () => world.ledger.db;

/** A round that ranks, `settled` when it has been; it registered `daysAgo`. */
async function round(settled: boolean, daysAgo = 9): Promise<string> {
  const roundId = `c-${randomUUID().slice(0, 12)}`;
  await world.round({ roundId, kind: 'rankThenInvite' });
  await sql`update round set registration_opens_at = ledger_now() - ${daysAgo} * interval '1 day',
    registration_ends_at = ledger_now() + interval '2 days', settles_at = ledger_now() + interval '2 days'
    where round_id = ${roundId}`.execute(db());
  if (settled) await settledAlready(roundId);
  return roundId;
}

async function settledAlready(roundId: string): Promise<void> {
  await sql`insert into settlement (round_id, rules_version, registrations, invited, completed_at)
    values (${roundId}, '1', 0, 0, ledger_now())`.execute(db());
}

/** Someone registered in `roundId` who then came to `stage`. */
async function personAt(
  roundId: string,
  stage: Stage,
  options: { groups?: number[]; products?: string[] } = {},
) {
  const personKey = await world.person({ groups: options.groups ?? [9] });
  const contactId = await world.contact(personKey);
  const ways: Partial<Record<Stage, [string, Stage][]>> = {
    registered: [],
    withdrawn: [['withdraw', 'withdrawn']],
    invited: [['invite', 'invited']],
    lapsed: [
      ['invite', 'invited'],
      ['lapse', 'lapsed'],
    ],
    missed: [
      ['invite', 'invited'],
      ['book', 'booked'],
      ['miss', 'missed'],
    ],
    attended: [
      ['invite', 'invited'],
      ['book', 'booked'],
      ['attend', 'attended'],
    ],
  };
  await sql`insert into participation (person_key, round_id, dose_number, stage, last_act)
    values (${personKey}::uuid, ${roundId}, 1, 'registered', 'register')`.execute(db());
  await sql`insert into registration
      (person_key, round_id, contact_id, county_code, district_code, products, priority_group, withdrawn_at)
    values (${personKey}::uuid, ${roundId}, ${contactId}::uuid, '63000', '63000030',
      ${options.products ?? ['AZ', 'Moderna']}::text[], 9, ${stage === 'withdrawn' ? new Date() : null})`.execute(
    db(),
  );
  if (stage !== 'registered' && stage !== 'withdrawn') {
    await sql`insert into invitation (person_key, round_id, product, dose_number, opens_at, closes_at)
      values (${personKey}::uuid, ${roundId}, 'AZ', 1, ${at(-3, 0)}, ${at(-1, 0)})`.execute(db());
  }
  for (const [act, to] of ways[stage] ?? []) {
    await sql`update participation set stage = ${to}, last_act = ${act}
      where person_key = ${personKey}::uuid and round_id = ${roundId}`.execute(db());
  }
  return personKey;
}

async function stageIn(roundId: string, personKey: string): Promise<string | undefined> {
  const row = await db()
    .selectFrom('participation')
    .select('stage')
    .where('person_key', '=', personKey)
    .where('round_id', '=', roundId)
    .executeTakeFirst();
  return row?.stage;
}

describe('carry-over into the next round', () => {
  test.each([
    ['registered', 'carriedOver', 'registered'],
    ['lapsed', 'carriedOver', 'registered'],
    ['missed', 'carriedOver', 'registered'],
    ['withdrawn', 'withdrawn', undefined],
    ['invited', 'invited', undefined],
    ['attended', 'attended', undefined],
  ] as const)('of who is %s leaves %s there and %s here', async (stage, there, here) => {
    const [from, to] = [await round(true), await round(false, 0)];
    const personKey = await personAt(from, stage);
    expect(await carryOver(world.ledger, from, to)).toEqual({ answer: 'done', touched: here ? 1 : 0 });
    expect([await stageIn(from, personKey), await stageIn(to, personKey)]).toEqual([there, here]);
  });

  test("copies the registration under a new number, in the new round's order of products, and says from where", async () => {
    const [from, to] = [await round(true), await round(false, 0)];
    const personKey = await personAt(from, 'lapsed', { groups: [9, 5] });
    const before = await readRegistration(world.ledger, personKey, from);
    await carryOver(world.ledger, from, to);
    const after = await readRegistration(world.ledger, personKey, to);
    expect(after).toEqual({
      ...before,
      roundId: to,
      registrationNumber: expect.not.stringMatching(before?.registrationNumber ?? ''),
      registeredAt: expect.any(String),
      products: ['Moderna', 'AZ'],
      priorityGroup: 5,
      carriedFrom: from,
      stage: 'registered',
    });
  });

  test('again changes nothing', async () => {
    const [from, to] = [await round(true), await round(false, 0)];
    const personKey = await personAt(from, 'missed');
    await carryOver(world.ledger, from, to);
    const before = await readRegistration(world.ledger, personKey, to);
    expect(await carryOver(world.ledger, from, to)).toEqual({ answer: 'done', touched: 0 });
    expect(await readRegistration(world.ledger, personKey, to)).toEqual(before);
  });

  test('tells the engine of those who missed or lapsed, and of who was not invited nothing', async () => {
    const [from, to] = [await round(true), await round(false, 0)];
    const uninvited = await personAt(from, 'registered');
    const lapsed = await personAt(from, 'lapsed');
    await carryOver(world.ledger, from, to);
    const marked = async (personKey: string) =>
      db()
        .selectFrom('citizen_outbox')
        .select(['lane', 'version'])
        .where('person_key', '=', personKey)
        .execute();
    expect(await marked(uninvited)).toEqual([]);
    expect(await marked(lapsed)).toEqual([{ lane: 'mass', version: 1 }]);
    for (const personKey of [uninvited, lapsed]) {
      expect((await readHistory(db(), personKey)).map(({ act }) => act)).toEqual(['carryOver']);
    }
    const snapshot = (await readSnapshots(db(), [lapsed])).get(lapsed);
    const owed = snapshot && openObligations(lapsed, snapshot, await ledgerNow(db())).map(({ kind }) => kind);
    expect(owed).toEqual(['tellLapsed']);
    const { rows: texts } =
      await sql`select from text_message where person_key in (${uninvited}::uuid, ${lapsed}::uuid)`.execute(
        db(),
      );
    expect(texts).toEqual([]);
  });

  test('does not bring in who is in none of its groups, takes none of its products, or had the dose elsewhere', async () => {
    const [from, to] = [await round(true), await round(false, 0)];
    const otherGroup = await personAt(from, 'registered', { groups: [10] });
    const otherProduct = await personAt(from, 'registered', { products: ['BNT'] });
    const vaccinated = await personAt(from, 'registered');
    await world.dose(vaccinated, 1, 'AZ', addDays(firstDay, -3));
    expect(await carryOver(world.ledger, from, to)).toEqual({ answer: 'done', touched: 0 });
    for (const personKey of [otherGroup, otherProduct, vaccinated]) {
      expect(await stageIn(to, personKey)).toBeUndefined();
      expect(await stageIn(from, personKey)).toBe('registered');
    }
  });

  test('leaves those in who registered there by themselves, and out who withdrew there', async () => {
    const [from, to, third] = [await round(true), await round(false, 0), await round(false, -1)];
    const own = await personAt(from, 'missed');
    const gone = await personAt(from, 'missed');
    for (const personKey of [own, gone]) {
      const wish = {
        roundId: to,
        mobile: '0987654321',
        districtCode: '64000010',
        products: ['AZ'],
        language: 'zh',
      } as const;
      expect((await register(world.ledger, world.acting(personKey), wish)).ok).toBe(true);
    }
    expect((await withdraw(world.ledger, world.acting(gone), { roundId: to })).ok).toBe(true);
    await carryOver(world.ledger, from, to);
    expect(await readRegistration(world.ledger, own, to)).toMatchObject({
      mobile: '0987654321',
      carriedFrom: from,
    });
    expect([await stageIn(from, own), await stageIn(to, own)]).toEqual(['carriedOver', 'registered']);
    expect([await stageIn(from, gone), await stageIn(to, gone)]).toEqual(['carriedOver', 'withdrawn']);
    await carryOver(world.ledger, from, third);
    expect(await stageIn(third, gone)).toBeUndefined();
  });

  test("waits until the old round's settlement is carried out, and ends with the new one's", async () => {
    const [from, to] = [await round(false), await round(false, 0)];
    const personKey = await personAt(from, 'registered');
    await carryOver(world.ledger, from, to);
    expect(await stageIn(to, personKey)).toBeUndefined();
    await settledAlready(from);
    await settledAlready(to);
    await carryOver(world.ledger, from, to);
    expect(await stageIn(to, personKey)).toBeUndefined();
    const next = await round(false, -1);
    await carryOver(world.ledger, from, next);
    expect(await stageIn(next, personKey)).toBe('registered');
  });

  test('goes through everyone in batches, two at once and killed in between, each once', async () => {
    const [from, to] = [await round(true), await round(false, 0)];
    const stages = ['registered', 'lapsed', 'missed'] as const;
    const people = await Promise.all(
      Array.from({ length: 30 }, (_, index) => personAt(from, stages[index % 3] ?? 'registered')),
    );
    const dying = carryOver(world.ledger, from, to, {
      batch: 4,
      lanes: 1,
      onProgress: (touched) => {
        if (touched >= 8) throw new Error('killed');
      },
    });
    await expect(dying).rejects.toThrow('killed');
    await Promise.all([1, 2].map(() => carryOver(world.ledger, from, to, { batch: 3 })));
    for (const personKey of people) {
      expect([await stageIn(from, personKey), await stageIn(to, personKey)]).toEqual([
        'carriedOver',
        'registered',
      ]);
      expect((await readHistory(db(), personKey)).map(({ act }) => act)).toEqual(['carryOver']);
    }
    const { rows } = await sql`select from registration where round_id = ${to}`.execute(db());
    expect(rows).toHaveLength(30);
  });

  test('from several rounds takes each person once, from the newest', async () => {
    const own = await newWorld();
    const [oldest, newest, to] = [await round(true, 30), await round(true, 20), await round(false, 0)];
    const personKey = await personAt(newest, 'registered');
    await sql`insert into participation (person_key, round_id, dose_number, stage, last_act)
      values (${personKey}::uuid, ${oldest}, 1, 'registered', 'register')`.execute(db());
    await sql`insert into registration (person_key, round_id, contact_id, county_code, district_code, products, priority_group)
      select person_key, ${oldest}, contact_id, county_code, district_code, products, priority_group
      from registration where round_id = ${newest}`.execute(db());
    expect(await carryOverInto(own.ledger, to)).toEqual({ answer: 'done', touched: 2 });
    expect(await readRegistration(own.ledger, personKey, to)).toMatchObject({ carriedFrom: newest });
    expect([await stageIn(oldest, personKey), await stageIn(newest, personKey)]).toEqual([
      'carriedOver',
      'carriedOver',
    ]);
    expect(await carryOverInto(own.ledger, to)).toEqual({ answer: 'done', touched: 0 });
  });
});

describe('from round to round', () => {
  test('who got nothing is invited before who joins later, at the same age and group', async () => {
    const first = await round(false, 5);
    const waiting = await personAt(first, 'registered', { products: ['AZ'] });
    await sql`update round set settles_at = ledger_now(), registration_ends_at = ledger_now() - interval '1 minute'
      where round_id = ${first}`.execute(db());
    expect(await settleRound(world.ledger, first)).toEqual({ answer: 'done', touched: 0 });
    const second = await round(false, 0.1);
    await carryOverInto(world.ledger, second);
    const later = await Promise.all(
      Array.from({ length: 8 }, () => personAt(second, 'registered', { products: ['AZ'] })),
    );
    await sql`insert into supply values (${second}, 'AZ', '63000', 1)`.execute(db());
    await sql`update round set settles_at = ledger_now(), registration_ends_at = ledger_now() - interval '1 minute'
      where round_id = ${second}`.execute(db());
    expect(await settleRound(world.ledger, second)).toEqual({ answer: 'done', touched: 1 });
    expect(await stageIn(second, waiting)).toBe('invited');
    for (const personKey of later) expect(await stageIn(second, personKey)).toBe('registered');
  });
});

describe('the close of windows, days and rounds', () => {
  test('ends the right to book of those whose window closed, and of nobody else', async () => {
    const own = await newWorld();
    const roundId = await world.round({ kind: 'rankThenInvite' });
    const [early, late, booked] = [await world.person(), await world.person(), await world.person()];
    for (const personKey of [early, late, booked]) await world.invite(personKey);
    await sql`update invitation set closes_at = ${at(2, 0)} where person_key in (${early}::uuid, ${booked}::uuid)`.execute(
      db(),
    );
    await sql`update participation set stage = 'booked', last_act = 'book' where person_key = ${booked}::uuid`.execute(
      db(),
    );
    expect(await lapseInvitations(own.ledger, roundId, at(2, 0))).toEqual({
      answer: 'notDue',
      until: at(2, 0),
    });
    await own.stepTo(at(2, 0));
    expect(await lapseInvitations(own.ledger, roundId, at(2, 0), { batch: 1 })).toEqual({
      answer: 'done',
      touched: 1,
    });
    expect(await Promise.all([early, late, booked].map((personKey) => stageIn(roundId, personKey)))).toEqual([
      'lapsed',
      'invited',
      'booked',
    ]);
    expect((await readHistory(db(), early))[0]).toMatchObject({ act: 'lapse', version: 2 });
    expect(await lapseInvitations(own.ledger, roundId, at(2, 0))).toEqual({ answer: 'done', touched: 0 });
  });

  test("marks who did not come, after midnight in Taipei, and leaves the slot's count as it is", async () => {
    const own = await newWorld();
    const roundId = await world.round({ kind: 'rankThenInvite' });
    const siteId = await world.site('M1');
    const days = [3, 4];
    const slots = await Promise.all(days.map((day) => world.slot({ siteId, capacity: 2, day, roundId })));
    const people = [await world.person(), await world.person()];
    for (const [index, personKey] of people.entries()) {
      await world.invite(personKey);
      const contactId = await world.contact(personKey);
      await sql`insert into appointment (person_key, round_id, dose_number, product, slot_id, contact_id, status)
        values (${personKey}::uuid, ${roundId}, 1, 'Moderna', ${slots[index]}, ${contactId}::uuid, 'booked')`.execute(
        db(),
      );
      await sql`update slot set booked = 1 where slot_id = ${slots[index]}`.execute(db());
      await sql`update participation set stage = 'booked', last_act = 'book' where person_key = ${personKey}::uuid`.execute(
        db(),
      );
    }
    await own.stepTo(at(3, 23 * hour + 59));
    const midnight = at(4, 0);
    const throughDate = addDays(firstDay, 3);
    expect(await markMissed(own.ledger, roundId, throughDate)).toEqual({ answer: 'notDue', until: midnight });
    await own.stepTo(midnight);
    expect(await markMissed(own.ledger, roundId, throughDate)).toEqual({ answer: 'done', touched: 1 });
    expect(await Promise.all(people.map((personKey) => stageIn(roundId, personKey)))).toEqual([
      'missed',
      'booked',
    ]);
    const { rows } = await sql`select a.status, a.ended_at is not null as ended, s.booked
      from appointment a join slot s using (slot_id) order by s.session_date`.execute(db());
    expect(rows).toEqual([
      { status: 'missed', ended: true, booked: 1 },
      { status: 'booked', ended: false, booked: 1 },
    ]);
    expect(await markMissed(own.ledger, roundId, throughDate)).toEqual({ answer: 'done', touched: 0 });
  });

  test('closes a round once', async () => {
    const roundId = await world.round({ roundId: 'to-close', kind: 'bookIfEligible' });
    expect(await closeRound(world.ledger, roundId)).toEqual({ answer: 'done', touched: 1 });
    expect(await closeRound(world.ledger, roundId)).toEqual({ answer: 'done', touched: 0 });
  });
});
