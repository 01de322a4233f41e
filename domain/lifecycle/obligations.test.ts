import fc from 'fast-check';

import { addMs, taipeiDateOf, taipeiInstant } from '../civil-time/plain-date';
import {
  atCivilHour,
  jitterOf,
  obligationsOf,
  openObligations,
  remindToBookAt,
  type ObligationKind,
} from './obligations';
import type { CitizenSnapshot, ParticipationFacts } from './snapshot';
import { stages } from './transitions';

const key = '7e1c0f7e-5b0a-4d43-9a54-0d4f0c1f6f11';
const day = 86_400_000;

const invitation = {
  product: 'AZ',
  opensAt: taipeiInstant('2021-07-20', 600),
  closesAt: taipeiInstant('2021-07-22', 720),
  givenAt: taipeiInstant('2021-07-19', 60),
};
const appointment = {
  appointmentNumber: '2000000001',
  status: 'booked',
  startsAt: taipeiInstant('2021-07-25', 540),
  endsAt: taipeiInstant('2021-07-25', 600),
  arrangedAt: taipeiInstant('2021-07-20', 610),
  dayEndsAt: taipeiInstant('2021-07-25', 1020),
} as const;
const participation = (facts: Partial<ParticipationFacts>): ParticipationFacts => ({
  roundId: 'july',
  stage: 'invited',
  stageSince: taipeiInstant('2021-07-26', 0),
  doseNumber: 1,
  invitation,
  appointment: null,
  ...facts,
});
const snapshot = (facts: Partial<CitizenSnapshot>): CitizenSnapshot => ({
  version: 1,
  clockOffsetMs: 0,
  participations: [],
  nextDose: null,
  met: [],
  ...facts,
});
const owed = (facts: Partial<CitizenSnapshot>): ObligationKind[] =>
  obligationsOf(key, snapshot(facts)).map(({ kind }) => kind);

const instants = fc
  .integer({ min: Date.parse('2021-01-01'), max: Date.parse('2022-01-01') })
  .map((ms) => new Date(ms).toISOString());
const minuteOfDay = (instant: string): number =>
  (Date.parse(instant) - Date.parse(taipeiInstant(taipeiDateOf(instant), 0))) / 60_000;

describe('what is owed by stage', () => {
  const kept = { ...appointment, status: 'attended' } as const;
  const missed = { ...appointment, status: 'missed' } as const;
  const cancelled = { ...appointment, status: 'cancelled' } as const;
  test.each([
    ['who waits for settlement: nothing', { stage: 'registered', invitation: null }, []],
    ['who is offered a place: nothing beside the offer', { stage: 'offered', invitation: null }, []],
    ['who withdrew: nothing', { stage: 'withdrawn', invitation: null }, []],
    ['who may book: a reminder to', {}, ['remindToBook']],
    ['who cancelled: the same again', { appointment: cancelled }, ['remindToBook']],
    [
      'who booked: the day before, and on the day',
      { stage: 'booked', appointment },
      ['remindOfAppointment', 'offerSameDay'],
    ],
    ['who came: what comes next', { stage: 'attended', appointment: kept }, ['confirmDose']],
    [
      'who did not come: that the next round comes by itself',
      { stage: 'missed', appointment: missed },
      ['tellMissed'],
    ],
    ['who let the window pass: the same', { stage: 'lapsed' }, ['tellLapsed']],
    [
      'who was carried over before being told of missing',
      { stage: 'carriedOver', appointment: missed },
      ['tellMissed'],
    ],
    ['who was carried over before being told of the window', { stage: 'carriedOver' }, ['tellLapsed']],
    [
      'who cancelled, let the window pass and was carried over',
      { stage: 'carriedOver', appointment: cancelled },
      ['tellLapsed'],
    ],
    ['who was not invited and carried over: nothing', { stage: 'carriedOver', invitation: null }, []],
  ] as const)('%s', (_what, facts, kinds) => {
    expect(owed({ participations: [participation(facts)] })).toEqual(kinds);
  });

  test('being carried over does not tell the same a second time', () => {
    const before = obligationsOf(key, snapshot({ participations: [participation({ stage: 'lapsed' })] }));
    const after = obligationsOf(key, snapshot({ participations: [participation({ stage: 'carriedOver' })] }));
    expect(after.map(({ occasion }) => occasion)).toEqual(before.map(({ occasion }) => occasion));
  });

  test('what was met is owed no more', () => {
    const participations = [participation({ stage: 'booked', appointment })];
    for (const { occasion } of obligationsOf(key, snapshot({ participations }))) {
      expect(obligationsOf(key, snapshot({ participations, met: [occasion] }))).not.toContainEqual(
        expect.objectContaining({ occasion }),
      );
    }
  });

  test('a move to another window brings its own reminder', () => {
    const moved = {
      ...appointment,
      startsAt: addMs(appointment.startsAt, day),
      endsAt: addMs(appointment.endsAt, day),
    };
    const occasions = [appointment, moved].map(
      (arranged) =>
        obligationsOf(
          key,
          snapshot({ participations: [participation({ stage: 'booked', appointment: arranged })] }),
        )[0]?.occasion,
    );
    expect(new Set(occasions).size).toBe(2);
  });

  test('each round is owed its own, the earliest first', () => {
    const both = [
      participation({ stage: 'booked', appointment }),
      participation({ roundId: 'august', stage: 'lapsed' }),
    ];
    const list = obligationsOf(key, snapshot({ participations: both }));
    expect(list.map(({ roundId }) => roundId)).toEqual(['july', 'july', 'august']);
    expect(new Set(list.map(({ occasion }) => occasion)).size).toBe(3);
  });
});

describe('the next dose', () => {
  const nextDose = { doseNumber: 2, dueOn: '2021-09-14' };

  test('is reminded of when its interval is over', () => {
    const [reminder] = obligationsOf(key, snapshot({ nextDose }));
    expect(reminder).toMatchObject({ kind: 'remindNextDose', roundId: null });
    expect(taipeiDateOf(reminder?.dueAt ?? '')).toBe('2021-09-14');
  });

  test('is not foreseen when the series is complete', () => expect(owed({ nextDose: null })).toEqual([]));

  test.each(stages)('is reminded of or not, for who is at the stage %s of a round for it', (stage) => {
    const kinds = owed({
      nextDose,
      participations: [participation({ stage, doseNumber: 2, invitation: null })],
    });
    expect(kinds.includes('remindNextDose')).toBe(
      !['registered', 'offered', 'invited', 'booked'].includes(stage),
    );
  });
});

describe('the time of day', () => {
  test('nobody is told between 20:00 and 09:00, and nobody is told earlier than asked', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        const told = atCivilHour(instant);
        expect(Date.parse(told)).toBeGreaterThanOrEqual(Date.parse(instant));
        expect(Date.parse(told) - Date.parse(instant)).toBeLessThan(13 * 3_600_000 + 1);
        expect(minuteOfDay(told)).toBeGreaterThanOrEqual(9 * 60);
        expect(minuteOfDay(told)).toBeLessThan(20 * 60);
      }),
    );
  });

  test('the reminder to book falls after one can book, a day later at the earliest where the window is long', () => {
    fc.assert(
      fc.property(
        instants,
        fc.integer({ min: 1, max: 20 * day }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (opensAt, length, jitter) => {
          const window = { opensAt, closesAt: addMs(opensAt, length), givenAt: addMs(opensAt, -day) };
          const at = Date.parse(remindToBookAt(window, jitter));
          expect(at).toBeGreaterThanOrEqual(Date.parse(opensAt) + Math.floor(Math.min(day, length / 2)));
        },
      ),
    );
  });

  test('the day-before reminder falls on the day before, in civil hours, for everyone', () => {
    fc.assert(
      fc.property(fc.uuid(), (personKey) => {
        const [reminder] = obligationsOf(
          personKey,
          snapshot({ participations: [participation({ stage: 'booked', appointment })] }),
        );
        expect(taipeiDateOf(reminder?.dueAt ?? '')).toBe('2021-07-24');
        expect(minuteOfDay(reminder?.dueAt ?? '')).toBeGreaterThanOrEqual(10 * 60);
        expect(minuteOfDay(reminder?.dueAt ?? '')).toBeLessThanOrEqual(18 * 60);
      }),
    );
  });

  test('who booked after the reminder would have come is not reminded of what they just read', () => {
    const late = { ...appointment, arrangedAt: taipeiInstant('2021-07-24', 19 * 60) };
    expect(owed({ participations: [participation({ stage: 'booked', appointment: late })] })).toEqual([
      'offerSameDay',
    ]);
  });

  test('no same-day offer is owed in the last session of the day', () => {
    const last = { ...appointment, dayEndsAt: appointment.endsAt };
    expect(owed({ participations: [participation({ stage: 'booked', appointment: last })] })).toEqual([
      'remindOfAppointment',
    ]);
  });

  test('nothing is ever owed that would fall due after it helps anybody, at whatever stage', () => {
    const anyParticipation = fc.record({
      stage: fc.constantFrom(...stages),
      stageSince: instants,
      invitation: fc.option(
        fc
          .tuple(instants, fc.integer({ min: 1, max: 5 * day }), instants)
          .map(([opensAt, length, givenAt]) => ({
            product: 'AZ',
            opensAt,
            closesAt: addMs(opensAt, length),
            givenAt,
          })),
      ),
      appointment: fc.option(
        fc.tuple(instants, instants).map(([startsAt, arrangedAt]) => ({
          ...appointment,
          startsAt,
          endsAt: addMs(startsAt, 3_600_000),
          arrangedAt,
          dayEndsAt: addMs(startsAt, 3_600_000),
        })),
      ),
    });
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.array(anyParticipation, { maxLength: 3 }),
        instants,
        (personKey, list, now) => {
          const participations = list.map((facts, index) =>
            participation({ ...facts, roundId: `r${String(index)}` }),
          );
          const open = openObligations(personKey, snapshot({ participations }), now);
          for (const { dueAt, lapsesAt } of open) {
            expect(Date.parse(dueAt)).toBeLessThan(Date.parse(lapsesAt));
            expect(Date.parse(lapsesAt)).toBeGreaterThan(Date.parse(now));
          }
          expect(open.map(({ dueAt }) => Date.parse(dueAt))).toEqual(
            open.map(({ dueAt }) => Date.parse(dueAt)).sort((a, b) => a - b),
          );
        },
      ),
    );
  });

  test('people are spread evenly, and each always the same', () => {
    const jitters = Array.from({ length: 2_000 }, (_, index) => jitterOf(`person-${String(index)}`));
    const mean = jitters.reduce((sum, jitter) => sum + jitter, 0) / jitters.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
    expect(Math.min(...jitters)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...jitters)).toBeLessThan(1);
    expect(jitterOf(key)).toBe(jitterOf(key));
  });
});
