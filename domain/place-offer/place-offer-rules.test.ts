import fc from 'fast-check';

import { addMs, taipeiDateOf, taipeiInstant } from '../civil-time/plain-date';
import { stages } from '../lifecycle/transitions';
import type { Round } from '../round/round';
import {
  answerWithinMs,
  mayJoinWaitingList,
  nextOfferTimes,
  shortestAnswerMs,
  travelMs,
} from './place-offer-rules';

const hour = 60;
const at = (day: number, minutes: number) =>
  taipeiInstant(`2031-07-${String(day).padStart(2, '0')}`, minutes);

describe('how long an offer stands', () => {
  test.each([
    [
      'two hours where the window is days away',
      at(5, 9 * hour),
      at(1, 10 * hour),
      at(1, 10 * hour),
      at(1, 12 * hour),
    ],
    [
      'made at 19:00, the rest of its time the next morning',
      at(5, 9 * hour),
      at(1, 19 * hour),
      at(1, 19 * hour),
      at(2, 10 * hour),
    ],
    [
      'of a place freed at night, from 09:00 on',
      at(5, 9 * hour),
      at(1, 23 * hour),
      at(2, 9 * hour),
      at(2, 11 * hour),
    ],
    [
      'half of what is left where the window is near',
      at(1, 16 * hour),
      at(1, 11 * hour),
      at(1, 11 * hour),
      at(1, 12.5 * hour),
    ],
    [
      'half an hour at the very least',
      at(1, 16 * hour),
      at(1, 13.25 * hour),
      at(1, 13.25 * hour),
      at(1, 13.75 * hour),
    ],
  ])('%s', (_what, startsAt, now, offerAt, expiresAt) => {
    expect(nextOfferTimes(startsAt, now)).toEqual({ offerAt, expiresAt });
  });

  test.each([
    ['two hours and less than half an hour before', at(1, 16 * hour), at(1, 13.75 * hour)],
    ['at night before a morning window', at(2, 9 * hour), at(1, 21 * hour)],
    ['after the window began', at(1, 9 * hour), at(1, 10 * hour)],
  ])('no place is offered %s', (_what, startsAt, now) => expect(nextOfferTimes(startsAt, now)).toBeNull());

  test('always in civil hours, never so long that who accepts could not get there, and somebody else gets a turn', () => {
    const ms = fc.integer({ min: 0, max: 6 * 86_400_000 });
    fc.assert(
      fc.property(ms, ms, (sinceStart, ahead) => {
        const now = addMs(at(1, 0), sinceStart);
        const startsAt = addMs(now, ahead);
        const times = nextOfferTimes(startsAt, now);
        if (times === null) return;
        const length = Date.parse(times.expiresAt) - Date.parse(times.offerAt);
        expect(Date.parse(times.offerAt)).toBeGreaterThanOrEqual(Date.parse(now));
        expect(Date.parse(times.expiresAt)).toBeLessThanOrEqual(Date.parse(startsAt) - travelMs);
        expect(length).toBeGreaterThanOrEqual(shortestAnswerMs);
        for (const instant of [times.offerAt, times.expiresAt]) {
          const minute = (Date.parse(instant) - Date.parse(taipeiInstant(taipeiDateOf(instant), 0))) / 60_000;
          expect(minute).toBeGreaterThanOrEqual(9 * hour);
          expect(minute).toBeLessThanOrEqual(20 * hour);
        }
        if (taipeiDateOf(times.offerAt) === taipeiDateOf(times.expiresAt)) {
          expect(length).toBeLessThanOrEqual(answerWithinMs);
        }
      }),
    );
  });
});

describe('who may ask for freed places', () => {
  const round = { kind: 'rankThenInvite', settlesAt: at(1, 0) } as Round;
  const answers = (settled: boolean) =>
    Object.fromEntries(
      [null, ...stages].map((stage) => {
        const outcome = mayJoinWaitingList(round, stage, settled);
        return [stage ?? 'nothing', outcome.ok ? 'joins' : outcome.refusal.code];
      }),
    );

  test('who registered and was not invited, after the settlement', () => {
    expect(answers(true)).toEqual({
      nothing: 'notRegistered',
      registered: 'joins',
      withdrawn: 'notRegistered',
      offered: 'joins',
      invited: 'waitingListNotNeeded',
      booked: 'waitingListNotNeeded',
      attended: 'alreadyAttended',
      missed: 'waitingListNotNeeded',
      lapsed: 'waitingListNotNeeded',
      carriedOver: 'notRegistered',
    });
  });

  test('nobody before it, so that asking early is worth nothing', () => {
    expect(answers(false)['registered']).toBe('waitingListNotOpenYet');
  });
});
