import { openObligations } from '../domain/lifecycle/obligations';
import { LedgerWorld, at, hour } from '../test/builders/ledger-world';
import { recordChange } from './citizen-command';
import {
  claimUnsent,
  fallAsleep,
  markSent,
  outboxLag,
  pokeOverdue,
  releaseClaims,
  wakeSleepers,
} from './citizen-outbox';
import { meetObligation } from './obligation';
import { readSnapshots } from './snapshot';

let world: LedgerWorld;
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
});
afterEach(() => world.close());

const invited = async () => {
  const personKey = await world.person();
  await world.contact(personKey);
  await world.invite(personKey);
  return personKey;
};
const change = (personKey: string) =>
  world.ledger.db
    .transaction()
    .execute((tx) => recordChange(tx, { personKey, actor: 'system', channel: 'test' }, 'identify', {}));
const claim = (leaseMs = 60_000) => claimUnsent(world.ledger.db, { limit: 10, leaseMs });
const sendAll = async () => {
  const claimed = await claim();
  await markSent(world.ledger.db, claimed);
  return claimed;
};
const row = (personKey: string) =>
  world.ledger.db
    .selectFrom('citizen_outbox')
    .selectAll()
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();

const invitedAt = async (personKey: string) => {
  const { invited_at } = await world.ledger.db
    .selectFrom('invitation')
    .select('invited_at')
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();
  return invited_at.toISOString();
};

test('a change is claimed once with its snapshot, and no more once it is marked sent', async () => {
  const personKey = await invited();
  const claimed = await claim();
  expect(claimed).toMatchObject([{ personKey, version: 1, snapshot: { version: 1 } }]);
  expect(claimed[0]?.snapshot.participations[0]?.stage).toBe('invited');
  expect(await claim()).toEqual([]);
  await markSent(world.ledger.db, claimed);
  expect(await claim()).toEqual([]);
  expect(await outboxLag(world.ledger.db)).toMatchObject({ unsent: 0, oldestSeconds: 0 });
});

test('who was claimed and not marked comes again when the lease ends', async () => {
  await invited();
  await claim(0);
  expect(await claim()).toHaveLength(1);
});

test('who was let go is free at once, and who was marked or changed meanwhile stays as it is', async () => {
  const [left, marked] = [await invited(), await invited()];
  const claimed = await claim();
  await markSent(
    world.ledger.db,
    claimed.filter(({ personKey }) => personKey === marked),
  );
  await releaseClaims(world.ledger.db, [left, marked]);
  expect((await claim()).map((c) => c.personKey)).toEqual([left]);
});

test('the lag is told by lane', async () => {
  await invited();
  await world.ledger.db.updateTable('citizen_outbox').set({ lane: 'mass' }).execute();
  await invited();
  await invited();
  const lag = await outboxLag(world.ledger.db);
  expect(lag).toMatchObject({ unsent: 3, lanes: { personal: { unsent: 2 }, mass: { unsent: 1 } } });
  expect(lag.oldestSeconds).toBe(lag.lanes.mass.oldestSeconds);
});

test('a change made while the earlier one was on its way is sent after it, and nothing goes back', async () => {
  const personKey = await invited();
  const earlier = await claim();
  await change(personKey);
  await markSent(world.ledger.db, earlier);
  const later = await claim();
  expect(later.map(({ version }) => version)).toEqual([2]);
  await markSent(world.ledger.db, later);
  await markSent(world.ledger.db, earlier);
  expect((await row(personKey)).sent_version).toBe(2);
});

test('what was carried twice and is marked late leaves whoever was poked since to be carried again', async () => {
  const personKey = await invited();
  const slow = await claim(0);
  await sendAll();
  await world.stepTo(at(2, 10 * hour));
  expect(await pokeOverdue(world.ledger.db, { graceMs: 0 })).toMatchObject({ poked: 1 });
  await markSent(world.ledger.db, slow);
  expect(await claim()).toMatchObject([{ personKey, version: 1 }]);
});

test('a citizen’s own change passes those of a whole round', async () => {
  const first = await invited();
  await world.ledger.db.updateTable('citizen_outbox').set({ lane: 'mass' }).execute();
  const second = await invited();
  expect((await claim()).map((c) => c.personKey)).toEqual([second, first]);
});

test('several relays never claim the same person', async () => {
  for (let n = 0; n < 30; n += 1) await invited();
  const claimed = (await Promise.all(Array.from({ length: 6 }, () => claim()))).flat();
  expect(new Set(claimed.map((c) => c.personKey)).size).toBe(claimed.length);
});

test('a run falls asleep only on the newest version, which by then was given to the engine', async () => {
  const personKey = await invited();
  await claim();
  expect(await fallAsleep(world.ledger.db, personKey, 1, null)).toBe(true);
  expect(await fallAsleep(world.ledger.db, personKey, 1, null)).toBe(true);
  expect(await row(personKey)).toMatchObject({ asleep: true, sent_version: 1 });
  await change(personKey);
  expect(await row(personKey)).toMatchObject({ asleep: false });
  expect(await fallAsleep(world.ledger.db, personKey, 1, null)).toBe(false);
});

test('a sleeper is woken when something falls due, not before', async () => {
  const personKey = await invited();
  await sendAll();
  await fallAsleep(world.ledger.db, personKey, 1, at(2, 9 * hour));
  expect(await wakeSleepers(world.ledger.db, 10)).toBe(0);
  await world.stepTo(at(2, 10 * hour));
  expect(await wakeSleepers(world.ledger.db, 10)).toBe(1);
  expect(await wakeSleepers(world.ledger.db, 10)).toBe(0);
  expect((await claim())[0]).toMatchObject({ personKey, version: 1 });
});

test('what stays overdue is poked with the same version, and alarms when pokes do not help', async () => {
  const personKey = await invited();
  await sendAll();
  expect(await pokeOverdue(world.ledger.db, { graceMs: 60_000 })).toEqual({
    poked: 0,
    persistent: 0,
    unsent: 0,
  });
  await world.stepTo(at(2, 10 * hour));
  for (const persistent of [0, 0, 1]) {
    expect(await pokeOverdue(world.ledger.db, { graceMs: 60_000 })).toMatchObject({ poked: 1, persistent });
    expect(await sendAll()).toEqual([expect.objectContaining({ personKey, version: 1 })]);
  }
  const occasion = `remindToBook/round-1/${await invitedAt(personKey)}`;
  expect(await meetObligation(world.ledger, personKey, { kind: 'remindToBook', occasion })).toMatchObject({
    answer: 'done',
    snapshot: { version: 2, met: [occasion] },
  });
  expect(await row(personKey)).toMatchObject({ next_due_at: null, pokes: 0, version: 2 });
  await sendAll();
  expect(await pokeOverdue(world.ledger.db, { graceMs: 60_000 })).toEqual({
    poked: 0,
    persistent: 0,
    unsent: 0,
  });
});

test('an obligation that lapsed unmet wakes and pokes nobody', async () => {
  const personKey = await invited();
  await sendAll();
  await world.stepTo(at(11, 0));
  expect(await pokeOverdue(world.ledger.db, { graceMs: 60_000 })).toMatchObject({ poked: 0, persistent: 0 });
  expect((await row(personKey)).next_due_at).toBeNull();
  expect(await wakeSleepers(world.ledger.db, 10)).toBe(0);
});

describe('a bound earlier than what is owed', () => {
  const bound = (dueAt: string | null) =>
    world.ledger.db.updateTable('citizen_outbox').set({ next_due_at: dueAt }).execute();
  const dueAt = async (personKey: string) => (await row(personKey)).next_due_at?.toISOString() ?? null;
  const exactly = async (personKey: string) => {
    const snapshot = (await readSnapshots(world.ledger.db, [personKey])).get(personKey);
    return snapshot && openObligations(personKey, snapshot, at(0, 0))[0]?.dueAt;
  };

  test('is made exact by the relay when it has sent the person', async () => {
    const personKey = await invited();
    await bound(at(0, 0));
    const [claimed] = await sendAll();
    expect(claimed?.nextDueAt).toBe(await exactly(personKey));
    expect(await dueAt(personKey)).toBe(claimed?.nextDueAt);
  });

  test('stays with who changed again while the earlier version was on its way', async () => {
    const personKey = await invited();
    const claimed = await claim();
    await change(personKey);
    await bound(at(0, 0));
    await markSent(world.ledger.db, claimed);
    expect(await dueAt(personKey)).toBe(at(0, 0));
  });

  test('pokes nobody, is looked at once and hides nobody who is overdue', async () => {
    const people = await Promise.all(Array.from({ length: 3 }, invited));
    await sendAll();
    await bound(at(0, 0));
    await world.stepTo(at(0, 12 * hour));
    expect(await pokeOverdue(world.ledger.db, { graceMs: 60_000 })).toMatchObject({
      poked: 0,
      persistent: 0,
    });
    for (const personKey of people) expect(await dueAt(personKey)).toBe(await exactly(personKey));
    expect(await claim()).toEqual([]);
  });

  test('wakes no sleeper, not even in front of one who has to be woken', async () => {
    const [early, due] = [await invited(), await invited()];
    await sendAll();
    await world.stepTo(at(2, 10 * hour));
    await fallAsleep(world.ledger.db, due, 1, at(2, 9 * hour));
    await fallAsleep(world.ledger.db, early, 1, at(0, 0));
    await world.ledger.db
      .updateTable('invitation')
      .set({ reopened_at: at(2, 10 * hour) })
      .where('person_key', '=', early)
      .execute();
    expect(await wakeSleepers(world.ledger.db, 1)).toBe(1);
    expect((await claim()).map((c) => c.personKey)).toEqual([due]);
    expect(await row(early)).toMatchObject({ asleep: true });
  });
});

test('changes that the relay does not carry are counted once they are older than the grace', async () => {
  await invited();
  expect((await pokeOverdue(world.ledger.db, { graceMs: 0 })).unsent).toBe(1);
  expect((await pokeOverdue(world.ledger.db, { graceMs: 60_000 })).unsent).toBe(0);
  expect((await outboxLag(world.ledger.db)).unsent).toBe(1);
});

test('who is locked by a change under way holds nobody else up', async () => {
  const [busy, free] = [await invited(), await invited()];
  await world.ledger.db.transaction().execute(async (tx) => {
    await tx.updateTable('citizen_outbox').set({ pokes: 0 }).where('person_key', '=', busy).execute();
    expect((await claim()).map((c) => c.personKey)).toEqual([free]);
  });
  expect((await claim()).map((c) => c.personKey)).toEqual([busy]);
});
