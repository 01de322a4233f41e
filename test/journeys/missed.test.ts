import {
  addDays,
  addMs,
  taipeiDateOf,
  taipeiInstant,
  type Instant,
} from '../../domain/civil-time/plain-date';
import { openInstance, type Instance } from '../../scripts/demo/instance';
import { releaseInvitations } from '../../scripts/demo/release-invitations';
import { walk } from '../../scripts/demo/walk';
import { Way } from '../../scripts/demo/way';
import { recordAttendance, wholeWay, type WayStep } from '../../scripts/demo/whole-way';
import { brokenInvariants } from '../../scripts/faults/invariants';
import { journeyPerson, loadJourneyRound } from './journey-round';

jest.setTimeout(120_000);

const minuteMs = 60_000;
const [absentee, latecomer] = [journeyPerson(1), journeyPerson(2)];
const people = [absentee, latecomer];

let instance: Instance;
let absent: Way;
let late: Way;
beforeAll(async () => {
  instance = await openInstance({
    loadData: (databaseUrl) =>
      loadJourneyRound(databaseUrl, new Date().toISOString(), { roundId: 'first', people }),
  });
  absent = new Way(instance, absentee);
  late = new Way(instance, latecomer);
});
afterAll(() => instance.close());

function steps(...names: readonly string[]): readonly WayStep[] {
  return names.map((name) => {
    const step = wholeWay.find((candidate) => candidate.name === name);
    if (!step) throw new Error(`there is no step "${name}"`);
    return step;
  });
}

const hoursOn = (day: string, hour: number): Instant => taipeiInstant(day, hour * 60);
const bookedDay = () => taipeiDateOf(absent.know('slot').startsAt);

// One life, told in parts: each goes on where the one before ended.
test('two people book the same window', async () => {
  await walk(absent, steps('sign in', 'register'));
  await walk(late, steps('sign in', 'register'));
  await walk(absent, steps('settlement', 'release of invitations', 'booking opens', 'book'));
  await late.textsCame('invitation');
  late.learn({ ...absent.places(), product: absent.know('product') });
  await walk(late, steps('book'));
  expect(late.know('slot').slotId).toBe(absent.know('slot').slotId);
});

test('whoever did not come is offered any other window of the same day', async () => {
  await instance.clock.stepTo(addMs(absent.know('slot').endsAt, 16 * minuteMs));
  for (const way of [absent, late]) {
    const texts = await way.textsCame('remindOfAppointment', 'offerSameDay');
    expect(texts.at(-1)?.body).toContain('當日');
  }
});

test('whoever comes later that day is recorded, and reads when the next dose is due', async () => {
  await instance.clock.stepTo(hoursOn(bookedDay(), 14));
  const receipt = await recordAttendance(late, late.know('appointmentNumber'));
  expect(receipt).toMatchObject({ doseNumber: 1, product: 'Moderna', givenOn: bookedDay() });
  const [text] = await late.textsCame('confirmDose');
  expect(text?.body).toContain('第1劑');
  await late.expectNext('remindNextDose');
});

test('whoever did not come at all is told in the morning, and that nothing needs to be done', async () => {
  await instance.clock.stepTo(hoursOn(addDays(bookedDay(), 1), 10));
  const [text] = await absent.textsCame('tellMissed');
  expect(text?.body).toContain('不需重新登記');
  const read = await absent.client.must<{ status: string }>(
    'GET',
    `/v1/appointments/${absent.know('appointmentNumber')}`,
  );
  expect(read.status).toBe('missed');
  // The kept appointment is untouched by the round's step.
  await late.textsCame();
});

test('the next round takes them over by itself, settles and invites them', async () => {
  const now = await instance.now();
  await loadJourneyRound(instance.stack.databaseUrl, now, { roundId: 'second', people });
  await instance.clock.untilRest();
  const carried = await absent.client.must('GET', '/v1/registration');
  expect(carried).toMatchObject({ roundId: 'second', carriedFrom: 'first', stage: 'registered' });
  await absent.textsCame();
  await instance.clock.stepTo(addMs(now, 45 * minuteMs));
  await absent.textsCame();
  await releaseInvitations(instance, 'second');
  await absent.textsCame('invitation');
  expect(await absent.client.must('GET', '/v1/invitation')).toMatchObject({
    rights: [{ roundId: 'second', doseNumber: 1 }],
  });
  await late.textsCame();
});

test('after the interval the next dose is reminded of, once', async () => {
  await instance.clock.stepTo(hoursOn(addDays(bookedDay(), 28), 20));
  const [text] = await late.textsCame('remindNextDose');
  expect(text?.body).toContain('第2劑');
  await instance.clock.stepTo(hoursOn(addDays(bookedDay(), 40), 20));
  await late.textsCame();
});

test('whoever lets the second round pass is reminded and told, and all invariants hold', async () => {
  await absent.textsCame('remindToBook', 'tellLapsed');
  const acknowledged = [
    ...absent.acknowledged,
    ...late.acknowledged,
    { act: 'attend' as const, appointmentNumber: late.know('appointmentNumber') },
  ];
  expect(
    await brokenInvariants(instance.ledger.db, { acknowledged, inbox: await instance.received() }),
  ).toEqual([]);
});
