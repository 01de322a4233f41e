import fc from 'fast-check';

import { addMs } from '../civil-time/plain-date';
import { mayRest } from './rest';
import type { CitizenSnapshot, ParticipationFacts } from './snapshot';

const personKey = '0b3f2c9e-51d4-4c3c-9c5c-0e8b1f6f7a10';
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = '2031-07-01T04:00:00.000Z';
const later = (ms: number) => addMs(now, ms);

const registered: ParticipationFacts = {
  roundId: 'round-1',
  stage: 'registered',
  stageSince: now,
  doseNumber: 1,
  invitation: null,
  appointment: null,
};
const invited = (opensAt: string, closesAt: string): ParticipationFacts => ({
  ...registered,
  stage: 'invited',
  invitation: { product: 'BNT', opensAt, closesAt, givenAt: now },
});
const booked = (startsAt: string): ParticipationFacts => ({
  ...registered,
  stage: 'booked',
  appointment: {
    appointmentNumber: 'A1',
    status: 'booked',
    startsAt,
    endsAt: addMs(startsAt, hourMs),
    arrangedAt: now,
    dayEndsAt: addMs(startsAt, 4 * hourMs),
  },
});
const snapshot = (...participations: ParticipationFacts[]): CitizenSnapshot => ({
  version: 1,
  clockOffsetMs: 0,
  takenAt: now,
  participations,
  nextDose: null,
  met: [],
});

describe('a run', () => {
  test('ends when the person only waits for settlement', () => {
    expect(mayRest(personKey, snapshot(registered), now)).toBe(true);
  });

  test('ends when the appointment is far away, and waits when it is near', () => {
    expect(mayRest(personKey, snapshot(booked(later(9 * dayMs))), now)).toBe(true);
    expect(mayRest(personKey, snapshot(booked(later(2 * dayMs))), now)).toBe(false);
  });

  test('waits for who may book, reminded or not', () => {
    const open = snapshot(invited(now, later(6 * dayMs)));
    expect(mayRest(personKey, open, now)).toBe(false);
    const reminded = { ...open, met: [`remindToBook/round-1/${now}`] };
    expect(mayRest(personKey, reminded, now)).toBe(false);
  });

  test('ends when the booking window opens late or closes in weeks and nothing is due', () => {
    expect(mayRest(personKey, snapshot(invited(later(5 * dayMs), later(8 * dayMs))), now)).toBe(true);
    const long = { ...snapshot(invited(now, later(40 * dayMs))), met: [`remindToBook/round-1/${now}`] };
    expect(mayRest(personKey, long, now)).toBe(true);
  });

  test('that ended is not needed before what is due next', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 * 24 }), (hours) => {
        const far = snapshot(booked(later(hours * hourMs)));
        if (!mayRest(personKey, far, now)) return;
        // Three days on, the same facts have to keep somebody awake or still be far away.
        expect(hours).toBeGreaterThan(3 * 24);
      }),
    );
  });
});
