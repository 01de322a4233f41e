import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { addDays } from '../domain/civil-time/plain-date';
import { obligationsOf } from '../domain/lifecycle/obligations';
import { at, firstDay, hour, LedgerWorld } from '../test/builders/ledger-world';
import { clockOffsetMs, ledgerNow, stepClockTo } from './clock';
import { readSnapshots, readSnapshotsAt } from './snapshot';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
  await world.site('N1');
});
afterAll(() => world.close());
const db = () => world.ledger.db;

async function snapshotOf(personKey: string) {
  const snapshot = (await readSnapshots(db(), [personKey])).get(personKey);
  if (!snapshot) throw new Error('no snapshot');
  return snapshot;
}

describe('a snapshot', () => {
  test('holds version, stage, dates and codes', async () => {
    const personKey = await world.person();
    await world.invite(personKey);
    expect(await snapshotOf(personKey)).toEqual({
      version: 1,
      clockOffsetMs: await clockOffsetMs(db()),
      takenAt: expect.any(String) as string,
      participations: [
        {
          roundId: 'round-1',
          stage: 'invited',
          stageSince: expect.any(String),
          doseNumber: 1,
          invitation: {
            product: 'Moderna',
            opensAt: at(0, 10 * hour),
            closesAt: at(10, 12 * hour),
            givenAt: expect.any(String),
          },
          appointment: null,
        },
      ],
      nextDose: null,
      met: [],
    });
  });

  test("has the live appointment, or else the newest, with the end of the site's day", async () => {
    const personKey = await world.person();
    await world.invite(personKey);
    const contactId = await world.contact(personKey);
    const morning = await world.slot({ siteId: 'N1', capacity: 1, day: 4 });
    await world.slot({ siteId: 'N1', capacity: 1, day: 4, fromMinute: 15 * hour });
    const add = (status: string, minute: number) =>
      sql`
      insert into appointment (person_key, round_id, dose_number, product, slot_id, contact_id, status, booked_at, ended_at)
      values (${personKey}::uuid, 'round-1', 1, 'Moderna', ${morning}, ${contactId}::uuid, ${status}, ${at(1, minute)},
        ${status === 'booked' ? null : at(2, 0)}) returning appointment_number`.execute(db());
    await add('cancelled', 1);
    await add('cancelled', 3);
    const newest = async () => (await snapshotOf(personKey)).participations[0]?.appointment;
    expect(await newest()).toMatchObject({ status: 'cancelled' });
    await add('booked', 2);
    expect(await newest()).toMatchObject({
      status: 'booked',
      startsAt: at(4, 9 * hour),
      endsAt: at(4, 10 * hour),
      dayEndsAt: at(4, 16 * hour),
    });
  });

  test('carries what was met, so that it is owed no more', async () => {
    const personKey = await world.person();
    await world.invite(personKey);
    const [reminder] = obligationsOf(personKey, await snapshotOf(personKey));
    const contactId = await world.contact(personKey);
    await sql`insert into text_message (person_key, purpose, occasion, contact_id)
      values (${personKey}::uuid, ${reminder?.kind}, ${reminder?.occasion}, ${contactId}::uuid),
        (${personKey}::uuid, 'invitation', 'round-1', ${contactId}::uuid)`.execute(db());
    const snapshot = await snapshotOf(personKey);
    expect(snapshot.met).toEqual([reminder?.occasion]);
    expect(obligationsOf(personKey, snapshot)).toEqual([]);
  });

  test.each([
    ['no dose', [], null],
    ['one Moderna', ['Moderna'], { doseNumber: 2, dueOn: addDays(firstDay, 18) }],
    ['two Moderna: the booster', ['Moderna', 'Moderna'], { doseNumber: 3, dueOn: addDays(firstDay, 74) }],
    ['three Moderna: the series is complete', ['Moderna', 'Moderna', 'Moderna'], null],
    ['two AZ: no round continues it', ['AZ', 'AZ'], null],
    ['a vaccine that no round knows', ['Other'], null],
  ])('foresees the next dose after %s', async (_what, doses, nextDose) => {
    const personKey = await world.person();
    await world.contact(personKey);
    for (const [index, product] of doses.entries()) {
      await world.dose(personKey, index + 1, product, addDays(firstDay, -10));
    }
    expect((await snapshotOf(personKey)).nextDose).toEqual(nextDose);
  });

  test('foresees no dose for who never gave a mobile', async () => {
    const personKey = await world.person();
    await world.dose(personKey, 1, 'Moderna', firstDay);
    expect((await snapshotOf(personKey)).nextDose).toBeNull();
  });

  test('shows every round that concerns the person, and forgets those closed long ago', async () => {
    const personKey = await world.person();
    for (const roundId of ['open-now', 'closed-lately', 'closed-long-ago']) {
      await world.round({ roundId, kind: 'rankThenInvite' });
      await world.invite(personKey, { roundId });
    }
    await sql`update round set closed_at = ledger_now() - interval '59 days' where round_id = 'closed-lately'`.execute(
      db(),
    );
    await sql`update round set closed_at = ledger_now() - interval '61 days' where round_id = 'closed-long-ago'`.execute(
      db(),
    );
    expect((await snapshotOf(personKey)).participations.map(({ roundId }) => roundId)).toEqual([
      'closed-lately',
      'open-now',
    ]);
  });

  test('of the interval takes the rule of the round loaded last', async () => {
    await world.round({ roundId: 'newest', kind: 'bookIfEligible' });
    await sql`update round set loaded_at = loaded_at + interval '1 hour' where round_id = 'newest'`.execute(
      db(),
    );
    await sql`update dose_interval set interval_days = 21
      where round_id = 'newest' and from_product = 'Moderna' and dose_number = 2`.execute(db());
    const personKey = await world.person();
    await world.contact(personKey);
    await world.dose(personKey, 1, 'Moderna', firstDay);
    expect((await snapshotOf(personKey)).nextDose).toEqual({ doseNumber: 2, dueOn: addDays(firstDay, 21) });
    await sql`update round set loaded_at = loaded_at - interval '2 hours' where round_id = 'newest'`.execute(
      db(),
    );
    expect((await snapshotOf(personKey)).nextDose).toEqual({ doseNumber: 2, dueOn: addDays(firstDay, 28) });
  });

  test('of many people is the same as of each alone, and unknown keys are left out', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, () => world.person()));
    for (const personKey of people) await world.invite(personKey);
    const together = await readSnapshots(db(), [...people, randomUUID()]);
    expect(together.size).toBe(5);
    for (const personKey of people) {
      const alone = await snapshotOf(personKey);
      expect(together.get(personKey)).toEqual({ ...alone, takenAt: together.get(personKey)?.takenAt });
    }
    expect(await readSnapshotsAt(db(), [randomUUID()])).toEqual({ now: undefined, snapshots: new Map() });
  });

  test('holds nothing personal', async () => {
    const personKey = await world.person({ birthDate: '1950-12-24' });
    await world.invite(personKey);
    await world.contact(personKey, '0955443322');
    const text = JSON.stringify(await snapshotOf(personKey));
    for (const personal of ['1950', '0955443322', '甄', personKey]) expect(text).not.toContain(personal);
  });
});

test('the clock steps to an instant, never short of it', async () => {
  for (let minute = 0; minute < 50; minute += 1) {
    await stepClockTo(db(), at(15, minute));
    const { rows } = await sql<{
      reached: boolean;
    }>`select ledger_now() >= ${at(15, minute)}::timestamptz as reached`.execute(db());
    expect(rows).toEqual([{ reached: true }]);
  }
});

test('the clock steps forward and never back', async () => {
  await stepClockTo(db(), at(20, 0));
  const far = Date.parse(await ledgerNow(db()));
  expect(far).toBeGreaterThanOrEqual(Date.parse(at(20, 0)));
  await stepClockTo(db(), at(5, 0));
  expect(Date.parse(await ledgerNow(db()))).toBeGreaterThanOrEqual(far);
  expect(await clockOffsetMs(db())).toBeGreaterThan(0);
});
