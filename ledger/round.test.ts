import fc from 'fast-check';
import { sql } from 'kysely';

import { addDays } from '../domain/civil-time/plain-date';
import { ageOn } from '../domain/civil-time/plain-date';
import type { Round } from '../domain/round/round';
import { at, hour, LedgerWorld } from '../test/builders/ledger-world';
import { closeRound } from './round-steps';
import {
  bookingClosesAt,
  bookingOpensAt,
  currentRounds,
  findRound,
  getRound,
  readRounds,
  registrationRoundFor,
  roundStateAt,
} from './round';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());

describe('a round as the ledger holds it', () => {
  test('is read with products in its order, intervals and windows, times to the millisecond', async () => {
    const roundId = await world.round({ roundId: 'whole', kind: 'rankThenInvite' });
    expect(await getRound(world.ledger.db, roundId)).toEqual({
      roundId,
      kind: 'rankThenInvite',
      nameZh: '第一期',
      nameEn: 'Round 1',
      openGroups: [5, 9],
      allProductsPreselected: true,
      registrationOpensAt: at(-9, 0),
      registrationEndsAt: at(-2, 0),
      settlesAt: at(-1, 0),
      ageReckonedOn: '2031-07-01',
      products: [
        { product: 'Moderna', nameZh: '莫德納', nameEn: 'Moderna' },
        { product: 'AZ', nameZh: 'AZ', nameEn: 'AZ' },
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
      ],
      bookingWindows: [
        {
          product: 'Moderna',
          ageFrom: 18,
          ageTo: 150,
          opensAt: at(0, 10 * hour),
          closesAt: at(10, 12 * hour),
        },
        { product: 'AZ', ageFrom: 18, ageTo: 150, opensAt: at(0, 10 * hour), closesAt: at(10, 12 * hour) },
      ],
    });
  });

  test('that was closed is no longer among the rounds, but is still found by its id', async () => {
    const roundId = await world.round({ roundId: 'closed' });
    expect((await readRounds(world.ledger.db)).map((round) => round.roundId)).toContain(roundId);
    await closeRound(world.ledger, roundId);
    expect((await readRounds(world.ledger.db)).map((round) => round.roundId)).not.toContain(roundId);
    expect(await findRound(world.ledger.db, roundId)).toMatchObject({ roundId });
  });

  test('that does not exist is not found', async () => {
    expect(await findRound(world.ledger.db, 'none')).toBeUndefined();
    await expect(getRound(world.ledger.db, 'none')).rejects.toThrow('there is no round none');
  });

  test('the database counts years of age as the rules do', async () => {
    const dates = fc.integer({ min: 0, max: 60_000 }).map((days) => addDays('1900-01-01', days));
    const pairs = [
      ...fc.sample(fc.tuple(dates, dates), 2_000),
      ['2004-02-29', '2022-02-28'],
      ['2004-02-29', '2022-03-01'],
    ].map(([a = '', b = '']) => (a < b ? { birth: a, on: b } : { birth: b, on: a }));
    const { rows } = await sql<{
      years: number;
    }>`select extract(year from age(p.on_date, p.birth))::int as years
      from unnest(${pairs.map(({ birth }) => birth)}::date[], ${pairs.map(({ on }) => on)}::date[])
        with ordinality as p (birth, on_date, place) order by place`.execute(world.ledger.db);
    expect(rows.map(({ years }) => years)).toEqual(pairs.map(({ birth, on }) => ageOn(birth, on)));
  });
});

const ranked: Round = {
  roundId: 'ranked',
  kind: 'rankThenInvite',
  nameZh: '',
  nameEn: '',
  openGroups: [9],
  allProductsPreselected: true,
  registrationOpensAt: at(0, 0),
  registrationEndsAt: at(5, 0),
  settlesAt: at(6, 0),
  ageReckonedOn: '2031-07-01',
  products: [],
  doseIntervals: [],
  bookingWindows: [
    { product: 'AZ', ageFrom: 18, ageTo: 64, opensAt: at(7, 14 * hour), closesAt: at(9, 12 * hour) },
    { product: 'AZ', ageFrom: 65, ageTo: 150, opensAt: at(7, 10 * hour), closesAt: at(9, 18 * hour) },
  ],
};
const walkUp: Round = {
  ...ranked,
  roundId: 'walk-up',
  kind: 'bookIfEligible',
  registrationOpensAt: null,
  registrationEndsAt: null,
  settlesAt: null,
};

describe('the state of a round', () => {
  test.each([
    [at(-1, 0), { state: 'registrationNotOpenYet', opensAt: at(0, 0) }],
    [at(0, 0), { state: 'registrationOpen', endsAt: at(5, 0) }],
    [at(5, 0), { state: 'settling', settlesAt: at(6, 0) }],
    [at(6, 0), { state: 'bookingNotOpenYet', opensAt: at(7, 10 * hour) }],
    [at(7, 10 * hour), { state: 'bookingOpen', closesAt: at(9, 18 * hour) }],
    [at(9, 18 * hour), { state: 'over' }],
  ])('at %s is %p', (now, state) => expect(roundStateAt(ranked, now)).toEqual(state));

  test('of a round without registration begins with its booking', () => {
    expect(roundStateAt(walkUp, at(-30, 0))).toEqual({
      state: 'bookingNotOpenYet',
      opensAt: at(7, 10 * hour),
    });
  });

  test('of a round without windows is over once settled', () => {
    const bare = { ...ranked, bookingWindows: [] };
    expect(roundStateAt(bare, at(6, 0))).toEqual({ state: 'over' });
    expect([bookingOpensAt(bare), bookingClosesAt(bare)]).toEqual([null, null]);
  });
});

describe('the rounds that concern people now', () => {
  const later = { ...ranked, roundId: 'later', registrationOpensAt: at(3, 0), openGroups: [10] };
  const soon = { ...ranked, roundId: 'soon', registrationOpensAt: at(2, 0), openGroups: [8] };

  test('are the open one before the coming ones, the soonest of these first', () => {
    const { registration, registrations } = currentRounds([later, soon, ranked], at(1, 0));
    expect(registration?.roundId).toBe('ranked');
    expect(registrations.map(({ roundId }) => roundId)).toEqual(['ranked', 'soon', 'later']);
  });

  test('are those whose booking is open before those where it will be', () => {
    const open = {
      ...walkUp,
      roundId: 'open',
      bookingWindows: [{ ...ranked.bookingWindows[0]!, opensAt: at(0, 0) }],
    };
    const { booking } = currentRounds([walkUp, open], at(1, 0));
    expect(booking.map(({ roundId }) => roundId)).toEqual(['open', 'walk-up']);
  });

  test('are none when all is over', () => {
    expect(currentRounds([ranked, walkUp], at(100, 0))).toEqual({ registrations: [], booking: [] });
  });

  test('of several open at once, a person registers in that which is open to their groups', () => {
    const both = [ranked, { ...ranked, roundId: 'eighth', openGroups: [8] }];
    expect(registrationRoundFor(both, [8], at(1, 0))?.roundId).toBe('eighth');
    expect(registrationRoundFor(both, [9], at(1, 0))?.roundId).toBe('ranked');
    expect(registrationRoundFor(both, [1], at(1, 0))).toBeUndefined();
  });
});
