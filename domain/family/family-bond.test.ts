import { ageOn, addDays } from '../civil-time/plain-date';
import { areNeighbours, fifteenthBirthday, standingOfBond, type FamilyBondTimes } from './family-bond';

const now = '2031-07-01T00:00:00.000Z';
const today = '2031-07-01';
const request: FamilyBondTimes = {
  answerUntil: '2031-07-10T00:00:00.000Z',
  agreedAt: null,
  endsOn: null,
  ending: null,
};
const child: FamilyBondTimes = { answerUntil: null, agreedAt: now, endsOn: '2031-07-02', ending: null };

test.each([
  ['a request waits for the elder’s word', request, 'waiting'],
  ['one that nobody answered in time is over', { ...request, answerUntil: now }, 'expired'],
  ['an elder’s word makes it stand', { ...request, agreedAt: now }, 'stands'],
  [
    'however long ago it was given',
    { ...request, answerUntil: now, agreedAt: '2031-06-01T00:00:00.000Z' },
    'stands',
  ],
  ['a parent acts until the day before the fifteenth birthday', child, 'stands'],
  ['and no longer', { ...child, endsOn: today }, 'grownUp'],
  ['what was ended stays so', { ...child, ending: 'endedByActor' as const }, 'endedByActor'],
  ['a declined one too', { ...request, ending: 'declined' as const }, 'declined'],
])('%s', (_, bond: FamilyBondTimes, standing) => {
  expect(standingOfBond(bond, now, today)).toBe(standing);
});

test.each(['2016-07-01', '2016-02-29', '2020-02-29', '2017-12-31', '2018-01-01'])(
  'born on %s: fifteen from that day on, and not a day before',
  (birthDate) => {
    const birthday = fifteenthBirthday(birthDate);
    expect([ageOn(birthDate, addDays(birthday, -1)), ageOn(birthDate, birthday)]).toEqual([14, 15]);
  },
);

describe('windows are neighbours', () => {
  const window = (from: number, siteId = 'S1') => ({
    siteId,
    startsAt: `2031-07-05T0${String(from)}:00:00.000Z`,
    endsAt: `2031-07-05T0${String(from + 1)}:00:00.000Z`,
  });
  test.each([
    ['the same one', window(1), window(1), true],
    ['the next', window(1), window(2), true],
    ['the one before', window(2), window(1), true],
    ['not with an hour between', window(1), window(3), false],
    ['not at another site', window(1), window(1, 'S2'), false],
  ])('%s', (_, one, other, expected) => {
    expect(areNeighbours(one, other)).toBe(expected);
  });
});
