import { addMs } from '../civil-time/plain-date';
import { applicationEnd, applicationStep } from './card-account';

const appliedAt = '2031-07-01T00:00:00.000Z';
const hours = (count: number) => addMs(appliedAt, count * 3_600_000);

test.each([
  ['at once', 0, false, { step: 'wait', until: hours(72) }],
  ['on the third day', 72, false, { step: 'remind' }],
  ['after the reminder', 72, true, { step: 'wait', until: hours(168) }],
  ['after a week', 168, true, { step: 'delete' }],
  ['after a week in which nobody was there to remind', 200, false, { step: 'delete' }],
] as const)('an unconfirmed application %s', (_when, after, reminded, step) => {
  expect(applicationStep({ appliedAt, reminded }, hours(after))).toEqual(step);
});

test('says when it will be gone', () => expect(applicationEnd(appliedAt)).toBe(hours(168)));
