import { sql } from 'kysely';

import { addDays } from '../domain/civil-time/plain-date';
import { obligationsOf, type ObligationKind } from '../domain/lifecycle/obligations';
import { LedgerWorld, at, firstDay, hour } from '../test/builders/ledger-world';
import { recordAttendance } from './attendance';
import { book, cancel, move } from './booking';
import { stepClockTo } from './clock';
import { claimUnsent } from './citizen-outbox';
import { meetObligation } from './obligation';
import { readSnapshots } from './snapshot';
import { readTextsOf } from './text-message';

let world: LedgerWorld;
let personKey: string;
let slotId: number;

beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round({ kind: 'rankThenInvite' });
  await world.site('A');
  slotId = await world.slot({ siteId: 'A', capacity: 2 });
  await world.slot({ siteId: 'A', capacity: 2, fromMinute: 16 * hour });
  personKey = await world.person();
  await world.contact(personKey, '0900000111');
  await world.invite(personKey);
  await world.stepTo(at(0, 11 * hour));
});
afterEach(() => world.close());

const booked = async () => {
  const wish = { slotId, mobile: '0900000222', language: 'zh' } as const;
  const outcome = await book(world.ledger, world.acting(personKey), wish);
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  return outcome.value.appointmentNumber;
};
const owed = async (kind: ObligationKind) => {
  const snapshot = (await readSnapshots(world.ledger.db, [personKey])).get(personKey);
  const found = snapshot && obligationsOf(personKey, snapshot).find((o) => o.kind === kind);
  if (!found) throw new Error(`${kind} is not owed`);
  return found;
};
const meet = (obligation: { kind: ObligationKind; occasion: string }) =>
  meetObligation(world.ledger, personKey, obligation);
const textsFor = async (purpose: ObligationKind) =>
  (await readTextsOf(world.ledger, personKey)).filter((text) => text.purpose === purpose);
const outbox = () =>
  world.ledger.db
    .selectFrom('citizen_outbox')
    .selectAll()
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();

test('asked too early it answers until when, and nothing is queued', async () => {
  const reminder = await owed('remindToBook');
  expect(await meet(reminder)).toEqual({ answer: 'notDue', until: reminder.dueAt });
  expect(await textsFor('remindToBook')).toEqual([]);
});

test('asked when it is due, by many at once, it is met once and brings the next version', async () => {
  const reminder = await owed('remindToBook');
  const { version } = await outbox();
  await world.stepTo(reminder.dueAt);
  const answers = await Promise.all(Array.from({ length: 6 }, () => meet(reminder)));
  expect(answers.filter(({ answer }) => answer === 'done')).toHaveLength(1);
  expect(answers.filter(({ answer }) => answer === 'alreadyDone')).toHaveLength(5);
  expect(await textsFor('remindToBook')).toEqual([expect.objectContaining({ mobile: '0900000111' })]);
  expect(await outbox()).toMatchObject({ version: version + 1, next_due_at: null });
  const snapshot = (await readSnapshots(world.ledger.db, [personKey])).get(personKey);
  expect(snapshot?.met).toEqual([reminder.occasion]);
});

test('what was met is told by the answer, so that the relay has nothing to carry', async () => {
  const reminder = await owed('remindToBook');
  await world.stepTo(reminder.dueAt);
  const carriedBefore = await claimUnsent(world.ledger.db, { limit: 10, leaseMs: 0 });
  expect(carriedBefore).toHaveLength(1);
  const first = await meet(reminder);
  const { version } = await outbox();
  expect(first).toMatchObject({ answer: 'done', snapshot: { version, met: [reminder.occasion] } });
  expect(await claimUnsent(world.ledger.db, { limit: 10, leaseMs: 0 })).toEqual([]);
  // A worker that lost the answer asks again and learns as much.
  expect(await meet(reminder)).toMatchObject({ answer: 'alreadyDone', snapshot: { version } });
});

test('who booked in the meantime is not reminded to', async () => {
  const reminder = await owed('remindToBook');
  await booked();
  await world.stepTo(reminder.dueAt);
  expect(await meet(reminder)).toEqual({ answer: 'notOwed' });
});

test('what has lapsed is owed no more', async () => {
  const reminder = await owed('remindToBook');
  await world.stepTo(reminder.lapsesAt);
  expect(await meet(reminder)).toEqual({ answer: 'notOwed' });
});

test('a person who is not in this ledger is owed nothing', async () => {
  const stranger = '00000000-0000-4000-8000-000000000000';
  expect(await meetObligation(world.ledger, stranger, { kind: 'remindToBook', occasion: 'x' })).toEqual({
    answer: 'notOwed',
  });
});

test('after a move the reminder of the old window is owed no more, that of the new one is', async () => {
  const appointmentNumber = await booked();
  const old = await owed('remindOfAppointment');
  const other = await world.slot({ siteId: 'A', capacity: 1, day: 7 });
  await move(world.ledger, world.acting(personKey), { appointmentNumber, slotId: other });
  const renewed = await owed('remindOfAppointment');
  await world.stepTo(old.dueAt);
  expect(await meet(old)).toEqual({ answer: 'notOwed' });
  expect(await meet(renewed)).toEqual({ answer: 'notDue', until: renewed.dueAt });
  await world.stepTo(renewed.dueAt);
  expect(await meet(renewed)).toMatchObject({ answer: 'done' });
  const [text] = await textsFor('remindOfAppointment');
  expect(text).toMatchObject({ mobile: '0900000222' });
  expect(text?.body).toContain('2031/07/08 09:00~10:00');
});

test('after a cancellation the person is owed a reminder to book anew', async () => {
  const first = await owed('remindToBook');
  const appointmentNumber = await booked();
  await world.stepTo(at(1, 12 * hour));
  await cancel(world.ledger, world.acting(personKey), { appointmentNumber });
  const again = await owed('remindToBook');
  expect(again.occasion).not.toBe(first.occasion);
  expect(Date.parse(again.dueAt)).toBeGreaterThan(Date.parse(at(1, 12 * hour)));
});

test('whoever misses the window is offered the rest of the day', async () => {
  await booked();
  const offer = await owed('offerSameDay');
  await world.stepTo(offer.dueAt);
  expect(await meet(offer)).toMatchObject({ answer: 'done' });
  expect((await textsFor('offerSameDay'))[0]?.body).toContain('當日17:00前仍可至');
});

test('who did not come, and who did not book, are told that the next round comes by itself', async () => {
  await booked();
  await world.stepTo(at(6, 0));
  await sql`update appointment set status = 'missed', ended_at = ledger_now()`.execute(world.ledger.db);
  await sql`update participation set stage = 'missed', last_act = 'miss', stage_since = ledger_now()`.execute(
    world.ledger.db,
  );
  const told = await owed('tellMissed');
  await world.stepTo(told.dueAt);
  expect(await meet(told)).toMatchObject({ answer: 'done' });
  expect((await textsFor('tellMissed'))[0]).toMatchObject({ mobile: '0900000222' });
});

test('a dose is confirmed with the day of the next one, which is then reminded of', async () => {
  const appointmentNumber = await booked();
  await world.stepTo(at(5, 9 * hour));
  await recordAttendance(
    world.ledger,
    { actor: 'station', channel: 'station' },
    { stationSiteId: 'A', appointmentNumber },
  );
  const confirmation = await owed('confirmDose');
  await world.stepTo(confirmation.dueAt);
  expect(await meet(confirmation)).toMatchObject({ answer: 'done' });
  const [text] = await textsFor('confirmDose');
  expect(text?.body).toContain('您已於2031/07/06接種莫德納第1劑。下一劑最早為2031/08/03');
  const next = await owed('remindNextDose');
  expect(next.dueAt.slice(0, 10)).toBe(addDays(firstDay, 33));
  await stepClockTo(world.ledger.db, next.dueAt);
  expect(await meet(next)).toMatchObject({ answer: 'done' });
});

test('who never gave a mobile is owed no reminder of the next dose', async () => {
  const silent = await world.person();
  await world.dose(silent, 1, 'Moderna', firstDay);
  const before = (await readSnapshots(world.ledger.db, [silent])).get(silent);
  expect(before?.nextDose).toBeNull();
  await world.contact(silent);
  const after = (await readSnapshots(world.ledger.db, [silent])).get(silent);
  expect(after?.nextDose).toEqual({ doseNumber: 2, dueOn: addDays(firstDay, 28) });
});
