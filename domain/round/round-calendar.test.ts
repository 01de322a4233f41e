import fc from 'fast-check';

import { roundCalendar, stepKey, type RoundCalendarFacts } from './round-calendar';

const ranked: RoundCalendarFacts = {
  registrationOpensAt: '2021-07-06T02:00:00.000Z',
  registrationEndsAt: '2021-07-12T04:00:00.000Z',
  settlesAt: '2021-07-12T09:00:00.000Z',
  windowsCloseAt: ['2021-07-18T04:00:00.000Z', '2021-07-16T04:00:00.000Z', '2021-07-18T04:00:00.000Z'],
  sessionDates: ['2021-07-21', '2021-07-20', '2021-07-20'],
};
const named = (facts: RoundCalendarFacts) => roundCalendar(facts).map(stepKey);

describe('a round’s calendar', () => {
  test('goes from registration to the close of the last session day', () => {
    expect(named(ranked)).toEqual([
      'carryOver/2021-07-06T02:00:00.000Z',
      'carryOver/2021-07-12T04:00:00.000Z',
      'carryOver/2021-07-12T09:00:00.000Z',
      'settle/2021-07-12T09:00:00.000Z',
      'lapseInvitations/2021-07-16T04:00:00.000Z',
      'lapseInvitations/2021-07-18T04:00:00.000Z',
      'markMissed/2021-07-20T16:00:00.000Z',
      'markMissed/2021-07-21T16:00:00.000Z',
      'closeRound/2021-07-21T16:00:00.000Z',
    ]);
  });

  test('has neither registration nor settlement where whoever is eligible books', () => {
    const steps = named({ ...ranked, registrationOpensAt: null, registrationEndsAt: null, settlesAt: null });
    expect(steps.filter((step) => /^(carryOver|settle)/.test(step))).toEqual([]);
    expect(steps.at(-1)).toBe('closeRound/2021-07-21T16:00:00.000Z');
  });

  test('closes no round whose sessions have not been given yet', () => {
    expect(named({ ...ranked, sessionDates: [] })).not.toContainEqual(expect.stringContaining('closeRound'));
  });

  test('is in order of time, closes last, and does not depend on the order of what it is given', () => {
    const instant = fc
      .date({ min: new Date('2021-01-01'), max: new Date('2022-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString());
    const facts = fc.record({
      registrationOpensAt: fc.constant(null),
      settlesAt: fc.option(instant),
      windowsCloseAt: fc.array(instant),
      sessionDates: fc.array(
        instant.map((at) => at.slice(0, 10)),
        { minLength: 1 },
      ),
    });
    fc.assert(
      fc.property(facts, (given) => {
        const steps = roundCalendar(given);
        const instants = steps.map(({ at }) => Date.parse(at));
        expect(instants).toEqual([...instants].sort((a, b) => a - b));
        expect(steps.at(-1)?.step).toBe('closeRound');
        expect(new Set(steps.map(stepKey)).size).toBe(steps.length);
        const turned = {
          ...given,
          windowsCloseAt: [...given.windowsCloseAt].reverse(),
          sessionDates: [...given.sessionDates].reverse(),
        };
        expect(roundCalendar(turned)).toEqual(steps);
      }),
    );
  });
});
