import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';

import { bookingWindowFor } from '../domain/booking/booking-rules';
import { ageOn } from '../domain/civil-time/plain-date';
import { openObligations, remindToBookAt } from '../domain/lifecycle/obligations';
import { renderText } from '../domain/text-message/templates';
import { at, firstDay, LedgerWorld } from '../test/builders/ledger-world';
import {
  counties,
  drafts,
  earlierRound,
  expected,
  populate,
  roundToSettle,
  supplies,
  type Draft,
} from '../test/builders/settlement-world';
import { eventually } from '../test/support/eventually';
import { readHistory } from './audit';
import { recordChanges } from './citizen-command';
import { ledgerNow } from './clock';
import { openLedger, type Ledger } from './database';
import { register } from './registration';
import { getRound } from './round';
import { beginSettlement, countOverdueSettlements, findSettlement, settleRound } from './settlement';
import { decideSettlement } from './settlement-decision';
import { readSnapshots } from './snapshot';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.site('S1');
});
afterAll(() => world.close());
const db = () => world.ledger.db;

const ageReckonedOn = firstDay;

async function invitationsOf(roundId: string) {
  const rows = await db()
    .selectFrom('invitation')
    .select(['person_key', 'product', 'rank', 'dose_number', 'opens_at', 'closes_at'])
    .where('round_id', '=', roundId)
    .execute();
  return rows.map((row) => ({ personKey: row.person_key, product: row.product, rank: row.rank, row }));
}

const byKey = (a: { personKey: string }, b: { personKey: string }): number =>
  a.personKey < b.personKey ? -1 : 1;

describe('a settlement', () => {
  test('comes to what the pure rule says, for any people, doses and supply', async () => {
    const from = await earlierRound(world);
    await fc.assert(
      fc.asyncProperty(drafts, supplies, async (people, doses) => {
        const roundId = await roundToSettle(world, doses);
        const population = await populate(world, roundId, from, people);
        await settleRound(world.ledger, roundId, { batch: 7 });
        const invited = await invitationsOf(roundId);
        const wanted = await expected(world, roundId, population, doses);
        expect(invited.map(({ row: _row, ...invitation }) => invitation).sort(byKey)).toEqual(
          [...wanted].sort(byKey),
        );
        const round = await getRound(db(), roundId);
        for (const { personKey, product, row } of invited) {
          const draft = population.get(personKey);
          const window = bookingWindowFor(round, product, ageOn(draft?.birthDate ?? '', ageReckonedOn));
          expect([row.opens_at.toISOString(), row.closes_at.toISOString()]).toEqual([
            window?.opensAt,
            window?.closesAt,
          ]);
          expect(row.dose_number).toBe((draft?.lastDose?.number ?? 0) + 1);
        }
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  const twelve = Array.from({ length: 12 }, (_, index): Draft => ({
    countyCode: '63000',
    priorityGroup: index % 2 ? 5 : 9,
    birthDate: `19${String(40 + index)}-03-01`,
    products: ['Moderna', 'AZ'],
    lastDose: null,
    waitedFor: [],
    mixedIntent: false,
    consents: [],
  }));

  test('counts the consents that stood when it began, however late it is decided', async () => {
    const roundId = await roundToSettle(world, [9, 0, 0, 0]);
    const people = [[null], []].map((consents): Draft => ({
      ...twelve[0]!,
      birthDate: '2016-03-01',
      products: ['Moderna'],
      consents,
    }));
    const [consented = '', asked = ''] = [...(await populate(world, roundId, '', people)).keys()];
    await beginSettlement(world.ledger, roundId);
    await sql`update parental_consent set revoked_at = ledger_now() where person_key = ${consented}::uuid`.execute(
      db(),
    );
    await sql`insert into parental_consent (person_key, consented_on, recorded_by)
      values (${asked}::uuid, ${firstDay}::date, 'operator:test')`.execute(db());
    await decideSettlement(world.ledger, roundId);
    expect((await invitationsOf(roundId)).map(({ personKey }) => personKey)).toEqual([consented]);
  });

  test('invites by one text each, tells the engine of the invited alone, and leaves a history', async () => {
    const roundId = await roundToSettle(world, [5, 0, 3, 0]);
    const population = await populate(world, roundId, '', twelve);
    expect(await settleRound(world.ledger, roundId)).toEqual({ answer: 'done', touched: 8 });
    const invited = new Set((await invitationsOf(roundId)).map(({ personKey }) => personKey));
    expect(invited.size).toBe(8);
    for (const personKey of population.keys()) {
      const texts = await db()
        .selectFrom('text_message')
        .selectAll()
        .where('person_key', '=', personKey)
        .execute();
      const mark = await db()
        .selectFrom('citizen_outbox')
        .selectAll()
        .where('person_key', '=', personKey)
        .executeTakeFirst();
      const history = await readHistory(db(), personKey);
      const { stage } = await db()
        .selectFrom('participation')
        .select('stage')
        .where('person_key', '=', personKey)
        .executeTakeFirstOrThrow();
      if (!invited.has(personKey)) {
        expect({ texts, mark, history, stage }).toEqual({
          texts: [],
          mark: undefined,
          history: [],
          stage: 'registered',
        });
        continue;
      }
      expect(stage).toBe('invited');
      expect(texts).toHaveLength(1);
      expect(texts[0]).toMatchObject({ purpose: 'invitation', occasion: roundId, lane: 'mass' });
      expect(mark).toMatchObject({ version: 1, lane: 'mass' });
      expect(history).toMatchObject([{ act: 'invite', actor: 'system', version: 1, detail: { roundId } }]);
    }
    expect(await findSettlement(db(), roundId)).toMatchObject({
      registrations: 12,
      invited: 8,
      remaining: 0,
    });
  });

  test("texts what the template can say, with the times of the person's own window", async () => {
    const roundId = await roundToSettle(world, [1, 0, 0, 0]);
    await populate(world, roundId, '', twelve.slice(0, 1));
    await settleRound(world.ledger, roundId);
    const [invitation] = await invitationsOf(roundId);
    const { parameters } = await db()
      .selectFrom('text_message')
      .select('parameters')
      .where('occasion', '=', roundId)
      .executeTakeFirstOrThrow();
    expect(parameters).toEqual({
      roundId,
      product: 'Moderna',
      opensAt: invitation?.row.opens_at.toISOString(),
      closesAt: invitation?.row.closes_at.toISOString(),
    });
    const names = {
      site: () => ({ zh: '', en: '' }),
      product: () => ({ zh: '莫德納', en: 'Moderna' }),
      round: () => ({ zh: '', en: '' }),
    };
    const text = renderText('invitation', parameters as never, {
      mobileLastThree: '678',
      language: 'zh',
      names,
    });
    expect(text).toContain('莫德納');
  });

  test('marks from when on anything can be owed, never later than the domain says', async () => {
    const roundId = await roundToSettle(world, [12, 0, 0, 0]);
    const population = await populate(world, roundId, '', twelve);
    await settleRound(world.ledger, roundId);
    const now = await ledgerNow(db());
    const snapshots = await readSnapshots(db(), [...population.keys()]);
    for (const { personKey, row } of await invitationsOf(roundId)) {
      const snapshot = snapshots.get(personKey);
      const mark = await db()
        .selectFrom('citizen_outbox')
        .select('next_due_at')
        .where('person_key', '=', personKey)
        .executeTakeFirstOrThrow();
      const dueAt = snapshot && openObligations(personKey, snapshot, now)[0]?.dueAt;
      expect(mark.next_due_at?.toISOString()).toBe(row.opens_at.toISOString());
      expect(Date.parse(dueAt ?? '')).toBeGreaterThanOrEqual(row.opens_at.getTime());
      const invitation = {
        opensAt: row.opens_at.toISOString(),
        closesAt: row.closes_at.toISOString(),
        givenAt: now,
      };
      expect(Date.parse(dueAt ?? '')).toBeLessThanOrEqual(Date.parse(remindToBookAt(invitation, 1)));
    }
  });

  test("waits for its time by the ledger's clock", async () => {
    const roundId = await roundToSettle(world, [1, 0, 0, 0]);
    await sql`update round set settles_at = ${at(2, 0)} where round_id = ${roundId}`.execute(db());
    await populate(world, roundId, '', twelve.slice(0, 1));
    expect(await settleRound(world.ledger, roundId)).toEqual({ answer: 'notDue', until: at(2, 0) });
    expect(await invitationsOf(roundId)).toEqual([]);
    expect(await findSettlement(db(), roundId)).toBeUndefined();
  });

  test('is overdue from its time on until it is carried out', async () => {
    const before = await countOverdueSettlements(db(), 0);
    const roundId = await roundToSettle(world, [5, 0, 3, 0]);
    expect(await countOverdueSettlements(db(), 0)).toBe(before + 1);
    expect(await countOverdueSettlements(db(), 365 * 24 * 3_600_000)).toBe(0);
    await settleRound(world.ledger, roundId);
    expect(await countOverdueSettlements(db(), 0)).toBe(before);
  });

  test('is not made for a round without ranking', async () => {
    const roundId = await world.round({ roundId: `b-${randomUUID().slice(0, 8)}`, kind: 'bookIfEligible' });
    await expect(settleRound(world.ledger, roundId)).rejects.toThrow('is none that settles');
  });

  test('waits for a registration that was accepted before the end and is still being written', async () => {
    const roundId = await roundToSettle(world, [1, 0, 0, 0]);
    const personKey = await world.person({ birthDate: '1935-01-01' });
    const contactId = await world.contact(personKey);
    let settling: Promise<unknown> = Promise.resolve();
    await db()
      .transaction()
      .execute(async (tx) => {
        await sql`select from round where round_id = ${roundId} for key share`.execute(tx);
        settling = settleRound(world.ledger, roundId);
        await untilSomeoneWaits();
        await sql`insert into participation (person_key, round_id, dose_number, stage, last_act)
          values (${personKey}::uuid, ${roundId}, 1, 'registered', 'register')`.execute(tx);
        await sql`insert into registration
          (person_key, round_id, contact_id, county_code, district_code, products, priority_group)
          values (${personKey}::uuid, ${roundId}, ${contactId}::uuid, '63000', '63000030', '{Moderna}', 9)`.execute(
          tx,
        );
      });
    expect(await settling).toEqual({ answer: 'done', touched: 1 });
  });

  test('that is under way keeps registrations out', async () => {
    const roundId = await roundToSettle(world, [1, 0, 0, 0]);
    await sql`update round set registration_ends_at = ${at(50, 0)}, settles_at = ${at(50, 0)} where round_id = ${roundId}`.execute(
      db(),
    );
    const personKey = await world.person();
    let registering: Promise<unknown> = Promise.resolve();
    await db()
      .transaction()
      .execute(async (tx) => {
        await sql`select from round where round_id = ${roundId} for update`.execute(tx);
        await sql`insert into settlement (round_id, rules_version, registrations, invited) values (${roundId}, '1', 0, 0)`.execute(
          tx,
        );
        registering = register(world.ledger, world.acting(personKey), {
          roundId,
          mobile: '0912345678',
          districtCode: '63000030',
          products: ['Moderna'],
          language: 'zh',
        });
        await untilSomeoneWaits();
      });
    expect(await registering).toEqual({ ok: false, refusal: { code: 'alreadySettled' } });
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

describe('a settlement that is killed and run again', () => {
  const many = Array.from({ length: 40 }, (_, index): Draft => ({
    countyCode: counties[index % 2] ?? '63000',
    priorityGroup: index % 3 ? 9 : 5,
    birthDate: '1950-01-01',
    products: index % 4 ? ['Moderna', 'AZ'] : ['AZ'],
    lastDose: null,
    waitedFor: [],
    mixedIntent: false,
    consents: [],
  }));
  const doses = [9, 6, 5, 7];

  async function everyoneOnce(roundId: string, population: ReadonlyMap<string, Draft>): Promise<void> {
    const invited = await invitationsOf(roundId);
    const wanted = await expected(world, roundId, population, doses);
    expect(invited.map(({ row: _row, ...invitation }) => invitation).sort(byKey)).toEqual(
      [...wanted].sort(byKey),
    );
    for (const { personKey } of invited) {
      const { rows } = await sql`select
        (select count(*) from text_message where person_key = ${personKey}::uuid and purpose = 'invitation') as texts,
        (select count(*) from audit_entry where person_key = ${personKey}::uuid and act = 'invite') as acts,
        (select version from person where person_key = ${personKey}::uuid) as version,
        (select stage from participation where person_key = ${personKey}::uuid) as stage`.execute(db());
      expect(rows).toEqual([{ texts: 1, acts: 1, version: 1, stage: 'invited' }]);
    }
    expect(await findSettlement(db(), roundId)).toMatchObject({
      invited: invited.length,
      remaining: 0,
      completedAt: expect.any(String),
    });
  }

  test('after any batch goes on where it stopped', async () => {
    const roundId = await roundToSettle(world, doses);
    const population = await populate(world, roundId, '', many);
    const dying = settleRound(world.ledger, roundId, {
      batch: 4,
      lanes: 1,
      onProgress: () => {
        throw new Error('killed');
      },
    });
    await expect(dying).rejects.toThrow('killed');
    expect(await findSettlement(db(), roundId)).toMatchObject({ remaining: 23, completedAt: null });
    await settleRound(world.ledger, roundId, { batch: 4 });
    await everyoneOnce(roundId, population);
    expect(await settleRound(world.ledger, roundId)).toEqual({ answer: 'done', touched: 0 });
    await everyoneOnce(roundId, population);
  });

  test('with its connection cut again and again comes to the same', async () => {
    const roundId = await roundToSettle(world, doses);
    const population = await populate(world, roundId, '', many);
    const settler = settlerOf(world.ledger);
    let cuts = 0;
    const cut = async () => {
      const { rows } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'settler' and datname = current_database()`.execute(db());
      cuts += rows.length;
    };
    // Once for certain in the middle of a statement; after that wherever it hits.
    const holder = await world.ledger.pool.connect();
    await holder.query('begin');
    await holder.query('lock table invitation in share mode');
    const held = settleRound(settler, roundId, { batch: 2 });
    held.catch(() => undefined);
    await eventually(
      () =>
        sql`select from pg_stat_activity where application_name = 'settler' and wait_event_type = 'Lock'
          and datname = current_database()`.execute(db()),
      ({ rows }) => rows.length > 0,
    );
    await cut();
    await holder.query('rollback');
    holder.release();
    await expect(held).rejects.toThrow(/terminat/i);
    for (let attempt = 0; ; attempt += 1) {
      const cutting = attempt < 25 ? pauseThen(attempt, cut) : Promise.resolve();
      const settled = await settleRound(settler, roundId, { batch: 2 }).then(
        () => true,
        () => false,
      );
      await cutting;
      if (settled && attempt >= 25) break;
    }
    await settler.close();
    expect(cuts).toBeGreaterThan(0);
    await everyoneOnce(roundId, population);
  }, 60_000);

  test('by two at once invites everyone once', async () => {
    const roundId = await roundToSettle(world, doses);
    const population = await populate(world, roundId, '', many);
    const both = await Promise.all([
      settleRound(world.ledger, roundId, { batch: 3 }),
      settleRound(world.ledger, roundId, { batch: 3 }),
    ]);
    expect(both.map(({ answer }) => answer)).toEqual(['done', 'done']);
    await everyoneOnce(roundId, population);
  });
});

function settlerOf(ledger: Ledger): Ledger {
  const { connectionString } = ledger.pool.options;
  return openLedger({ databaseUrl: connectionString ?? '', keys: ledger.keys, applicationName: 'settler' });
}

async function pauseThen(ms: number, act: () => Promise<void>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  await act();
}

test('a change of a thousand people is recorded in one go', async () => {
  const people = await Promise.all(Array.from({ length: 1_000 }, () => world.person()));
  await db()
    .transaction()
    .execute((tx) =>
      recordChanges(tx, { actor: 'system', channel: 'test', lane: 'mass' }, people, 'invite', {}),
    );
  const { rows } =
    await sql`select count(*) as n from citizen_outbox where person_key = any(${people}::uuid[])`.execute(
      db(),
    );
  expect(rows).toEqual([{ n: 1_000 }]);
}, 30_000);
