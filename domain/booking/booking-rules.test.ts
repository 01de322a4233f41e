import fc from 'fast-check';

import { addDays } from '../civil-time/plain-date';
import type { Round } from '../round/round';
import {
  ageInRound,
  bookingWindowFor,
  chooseProducts,
  lastDoseOf,
  mayBook,
  mayRegister,
  permittedProducts,
  type DoseGiven,
} from './booking-rules';

/** A round with the figures of July 2021: AZ for 65 and over, Moderna from 18 on by age band. */
const round: Round = {
  roundId: 'july',
  kind: 'rankThenInvite',
  nameZh: '第一期',
  nameEn: 'Round 1',
  openGroups: [5, 8, 9],
  allProductsPreselected: true,
  registrationOpensAt: '2021-07-13T02:00:00.000Z',
  registrationEndsAt: '2021-07-19T09:00:00.000Z',
  settlesAt: '2021-07-19T16:00:00.000Z',
  ageReckonedOn: '2021-07-20',
  products: [
    { product: 'AZ', nameZh: 'AZ', nameEn: 'AZ' },
    { product: 'Moderna', nameZh: '莫德納', nameEn: 'Moderna' },
    { product: 'BNT', nameZh: 'BNT', nameEn: 'BNT' },
  ],
  doseIntervals: [
    { fromProduct: 'AZ', toProduct: 'AZ', doseNumber: 2, intervalDays: 56, needsMixedIntent: false },
    {
      fromProduct: 'Moderna',
      toProduct: 'Moderna',
      doseNumber: 2,
      intervalDays: 28,
      needsMixedIntent: false,
    },
    {
      fromProduct: 'Moderna',
      toProduct: 'Moderna',
      doseNumber: 3,
      intervalDays: 84,
      needsMixedIntent: false,
    },
    { fromProduct: 'Moderna', toProduct: 'BNT', doseNumber: 3, intervalDays: 84, needsMixedIntent: false },
    { fromProduct: 'AZ', toProduct: 'BNT', doseNumber: 2, intervalDays: 70, needsMixedIntent: true },
  ],
  bookingWindows: [
    {
      product: 'AZ',
      ageFrom: 65,
      ageTo: 150,
      opensAt: '2021-07-20T02:00:00.000Z',
      closesAt: '2021-07-22T04:00:00.000Z',
    },
    {
      product: 'Moderna',
      ageFrom: 50,
      ageTo: 150,
      opensAt: '2021-07-20T02:00:00.000Z',
      closesAt: '2021-07-22T04:00:00.000Z',
    },
    {
      product: 'Moderna',
      ageFrom: 18,
      ageTo: 49,
      opensAt: '2021-07-20T06:00:00.000Z',
      closesAt: '2021-07-22T04:00:00.000Z',
    },
  ],
};
const eligible: Round = {
  ...round,
  roundId: 'walk-up',
  kind: 'bookIfEligible',
  registrationOpensAt: null,
  registrationEndsAt: null,
  settlesAt: null,
};
const whileOpen = '2021-07-14T00:00:00.000Z';
const person = { birthDate: '1950-05-01', priorityGroups: [9, 5] };
const dose = (doseNumber: number, product: string, givenOn: string): DoseGiven => ({
  doseNumber,
  product,
  givenOn,
});

describe('who may register', () => {
  test('someone in an open group, under the most urgent of theirs', () => {
    expect(mayRegister(round, person, whileOpen)).toEqual({ ok: true, value: { priorityGroup: 5 } });
  });

  test.each([
    [
      'a moment before the opening',
      '2021-07-13T01:59:59.999Z',
      { code: 'registrationNotOpenYet', opensAt: round.registrationOpensAt },
    ],
    [
      'at the end',
      '2021-07-19T09:00:00.000Z',
      { code: 'registrationClosed', endedAt: round.registrationEndsAt },
    ],
    [
      'a month later',
      '2021-08-19T09:00:00.000Z',
      { code: 'registrationClosed', endedAt: round.registrationEndsAt },
    ],
  ])('nobody %s', (_when, now, refusal) => {
    expect(mayRegister(round, person, now)).toEqual({ ok: false, refusal });
  });

  test.each([
    ['at the opening', '2021-07-13T02:00:00.000Z'],
    ['a moment before the end', '2021-07-19T08:59:59.999Z'],
  ])('anyone in a group %s', (_when, now) => expect(mayRegister(round, person, now).ok).toBe(true));

  test('not someone whose groups are not open', () => {
    expect(mayRegister(round, { ...person, priorityGroups: [10] }, whileOpen)).toEqual({
      ok: false,
      refusal: { code: 'notInOpenGroup' },
    });
  });

  test('nobody in a round that takes no registrations', () => {
    expect(mayRegister(eligible, person, whileOpen)).toEqual({ ok: false, refusal: { code: 'noOpenRound' } });
  });
});

describe('what may be given next', () => {
  test.each([
    ['without a dose, everything of the round', null, { AZ: null, Moderna: null, BNT: null }],
    [
      'after AZ, AZ after 56 days and, by a mixed intent, BNT after 70',
      dose(1, 'AZ', '2021-06-01'),
      { AZ: '2021-07-27', BNT: '2021-08-10' },
    ],
    ['after one Moderna, Moderna after 28 days', dose(1, 'Moderna', '2021-06-01'), { Moderna: '2021-06-29' }],
    [
      'after two, a booster of either after 84',
      dose(2, 'Moderna', '2021-06-01'),
      { Moderna: '2021-08-24', BNT: '2021-08-24' },
    ],
    ['after two AZ, nothing: no round continues the series', dose(2, 'AZ', '2021-06-01'), {}],
    ['after a vaccine that the round does not know, nothing', dose(1, 'Other', '2021-06-01'), {}],
  ])('%s', (_what, last, expected) => {
    const permitted = permittedProducts(round, last);
    expect(Object.fromEntries(permitted.map(({ product, earliestOn }) => [product, earliestOn]))).toEqual(
      expected,
    );
  });

  test('the last dose is that of the highest number, in whatever order they are read', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4], { minLength: 1 }), (numbers) => {
        const last = lastDoseOf(numbers.map((number) => dose(number, 'AZ', '2021-06-01')));
        expect(last?.doseNumber).toBe(Math.max(...numbers));
      }),
    );
    expect(lastDoseOf([])).toBeNull();
  });
});

describe('the products of a registration', () => {
  const sessions = new Map([
    ['AZ', '2021-07-26'],
    ['Moderna', '2021-07-31'],
  ]);
  test.each([
    ['none', null, [], { code: 'productRequired' }],
    [
      'one that the round does not offer',
      null,
      ['Novavax'],
      { code: 'productNotOffered', product: 'Novavax' },
    ],
    [
      'a mixed series that the round does not name',
      dose(1, 'AZ', '2021-01-01'),
      ['Moderna'],
      { code: 'productNotAfterPreviousDose', previousProduct: 'AZ' },
    ],
    [
      'one whose interval ends after its last session',
      dose(1, 'AZ', '2021-06-01'),
      ['AZ'],
      { code: 'doseIntervalNotReached', earliestOn: '2021-07-27' },
    ],
    [
      'one that may not follow, beside one that may',
      dose(1, 'Moderna', '2021-06-01'),
      ['Moderna', 'AZ'],
      { code: 'productNotAfterPreviousDose', previousProduct: 'Moderna' },
    ],
  ])('are refused when they are %s', (_what, last, products, refusal) => {
    expect(chooseProducts(round, last, { products, mixedIntent: false }, sessions)).toEqual({
      ok: false,
      refusal,
    });
  });

  test('of another kind than the last dose need a mixed intent where the round says so', () => {
    const last = dose(1, 'AZ', '2021-01-01');
    const products = ['AZ', 'BNT'];
    expect(chooseProducts(round, last, { products, mixedIntent: false }, sessions)).toEqual({
      ok: false,
      refusal: { code: 'mixedIntentMissing', product: 'BNT', previousProduct: 'AZ' },
    });
    expect(chooseProducts(round, last, { products, mixedIntent: true }, sessions)).toEqual({
      ok: true,
      value: products,
    });
  });

  test("are kept in the round's order and once each", () => {
    expect(
      chooseProducts(round, null, { products: ['Moderna', 'AZ', 'Moderna'], mixedIntent: false }, sessions),
    ).toEqual({
      ok: true,
      value: ['AZ', 'Moderna'],
    });
  });

  test('are taken up to an interval that ends on the day of the last session', () => {
    expect(
      chooseProducts(round, dose(1, 'AZ', '2021-05-31'), { products: ['AZ'], mixedIntent: false }, sessions)
        .ok,
    ).toBe(true);
  });

  test('are not refused for sessions that are not announced yet', () => {
    expect(
      chooseProducts(round, dose(1, 'AZ', '2021-06-01'), { products: ['AZ'], mixedIntent: false }, new Map())
        .ok,
    ).toBe(true);
  });
});

describe('the booking window of an age', () => {
  test.each([
    ['AZ', 64, undefined],
    ['AZ', 65, '2021-07-20T02:00:00.000Z'],
    ['Moderna', 17, undefined],
    ['Moderna', 18, '2021-07-20T06:00:00.000Z'],
    ['Moderna', 49, '2021-07-20T06:00:00.000Z'],
    ['Moderna', 50, '2021-07-20T02:00:00.000Z'],
    ['BNT', 50, undefined],
  ])('for %s at %i opens at %s', (product, age, opensAt) => {
    expect(bookingWindowFor(round, product, age)?.opensAt).toBe(opensAt);
  });

  test("age is reckoned on the round's day, whenever one books", () => {
    expect(ageInRound(round, '1956-07-20')).toBe(65);
    expect(ageInRound(round, '1956-07-21')).toBe(64);
  });
});

describe('booking a window', () => {
  const invitation = {
    product: 'Moderna',
    opensAt: '2021-07-20T02:00:00.000Z',
    closesAt: '2021-07-22T04:00:00.000Z',
  };
  const slot = {
    roundId: 'july',
    product: 'Moderna',
    sessionDate: '2021-07-23',
    startsAt: '2021-07-23T01:00:00.000Z',
  };
  const wish = {
    ...{ round, invitation, person, slot, now: '2021-07-20T03:00:00.000Z' },
    ...{ doses: [], consents: [], mixedIntent: false },
  };

  test('is open to who was invited to its product, while the invitation lasts', () => {
    expect(mayBook(wish)).toMatchObject({ ok: true, value: { product: 'Moderna', doseNumber: 1 } });
    expect(mayBook({ ...wish, now: invitation.opensAt }).ok).toBe(true);
  });

  test.each([
    ['who was not invited', { invitation: null }, { code: 'notInvited' }],
    [
      'before it opens',
      { now: '2021-07-20T01:59:59.999Z' },
      { code: 'bookingNotOpenYet', opensAt: invitation.opensAt },
    ],
    [
      'when it has closed',
      { now: invitation.closesAt },
      { code: 'bookingClosed', closedAt: invitation.closesAt },
    ],
    [
      'for another product',
      { slot: { ...slot, product: 'AZ' } },
      { code: 'slotOfOtherProduct', product: 'Moderna' },
    ],
    ['of another round', { slot: { ...slot, roundId: 'august' } }, { code: 'slotUnknown' }],
    ['that has begun', { slot: { ...slot, startsAt: wish.now } }, { code: 'slotPast' }],
    [
      'before the interval is over',
      { doses: [dose(1, 'Moderna', '2021-06-26')] },
      { code: 'doseIntervalNotReached', earliestOn: '2021-07-24' },
    ],
    [
      'after a dose that it may not follow',
      { doses: [dose(1, 'AZ', '2021-01-01')] },
      { code: 'productNotAfterPreviousDose', previousProduct: 'AZ' },
    ],
  ])('is refused: %s', (_what, change, refusal) => {
    expect(mayBook({ ...wish, ...change })).toEqual({ ok: false, refusal });
  });

  test('in a round without ranking, groups and the window of the age decide', () => {
    const open = { ...wish, round: eligible, invitation: null, slot: { ...slot, roundId: 'walk-up' } };
    expect(mayBook(open).ok).toBe(true);
    expect(mayBook({ ...open, person: { ...person, priorityGroups: [10] } })).toMatchObject({
      refusal: { code: 'notInOpenGroup' },
    });
    expect(mayBook({ ...open, person: { ...person, birthDate: '2010-01-01' } })).toMatchObject({
      refusal: { code: 'notInvited' },
    });
    const young = { ...open, person: { ...person, birthDate: '1990-01-01' } };
    expect(mayBook(young)).toMatchObject({
      refusal: { code: 'bookingNotOpenYet', opensAt: '2021-07-20T06:00:00.000Z' },
    });
  });

  test('of another product than the last dose takes a mixed intent where the pair asks for one', () => {
    const mixing = {
      ...wish,
      invitation: { ...invitation, product: 'BNT' },
      slot: { ...slot, product: 'BNT' },
      doses: [dose(1, 'AZ', '2021-01-01')],
    };
    const refusal = { code: 'mixedIntentMissing', product: 'BNT', previousProduct: 'AZ' };
    expect(mayBook(mixing)).toEqual({ ok: false, refusal });
    expect(mayBook({ ...mixing, mixedIntent: true }).ok).toBe(true);
  });

  test.each([
    [11, true],
    [12, false],
    [17, false],
    [18, false],
    [19, false],
    [20, true],
  ])('at %i without a guardian’s consent on record: %s', (age, allowed) => {
    const aged = { ...person, birthDate: `${String(2021 - age)}-07-20` };
    const outcome = mayBook({ ...wish, person: aged });
    expect(outcome.ok).toBe(allowed);
    if (!outcome.ok) expect(outcome.refusal).toEqual({ code: 'consentMissing', product: 'Moderna' });
    expect(mayBook({ ...wish, person: { ...aged, birthDate: '2001-07-21' } }).ok).toBe(false);
  });

  test.each([
    ['to whichever product', null, true],
    ['to this product', 'Moderna', true],
    ['to another product', 'BNT', false],
  ])('at 15 with a consent %s: %s, %s', (_which, product, allowed) => {
    const consents = [{ product, consentedOn: '2021-07-01' }];
    expect(mayBook({ ...wish, person: { ...person, birthDate: '2006-01-01' }, consents }).ok).toBe(allowed);
  });

  test('never lets a dose be given before its interval, whatever the day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), (daysAgo) => {
        const doses = [dose(1, 'Moderna', addDays(slot.sessionDate, -daysAgo))];
        expect(mayBook({ ...wish, doses }).ok).toBe(daysAgo >= 28);
      }),
    );
  });
});
