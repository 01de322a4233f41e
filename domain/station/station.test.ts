import { acts } from '../lifecycle/transitions';
import {
  assistanceReasons,
  mayActAt,
  rightsOfStations,
  stationKinds,
  stationMay,
  stationRights,
  storeChains,
  type StationKind,
  type StationRight,
} from './station';

/** Kind by kind: record attendance, phone leftover, read a card, assist, keep card accounts, take part, give back, answer family. */
const table: readonly [StationKind, string][] = [
  ['site', 'yes yes no no no no no no'],
  ['storeKiosk', 'no no yes no no yes no no'],
  ['pharmacy', 'no no yes no no yes yes yes'],
  ['healthCentre', 'no no yes no no yes yes yes'],
  ['selfServicePoint', 'no no yes no no yes no no'],
  ['hotline', 'no no no yes no yes yes yes'],
  ['counter', 'no no yes yes yes yes yes yes'],
];

test('every kind and every right stands in the table', () => {
  expect(table.map(([kind]) => kind)).toEqual([...stationKinds]);
  expect(Object.keys(rightsOfStations)).toEqual([...stationKinds]);
});

describe.each(table)('%s', (kind, expected) => {
  test.each(
    stationRights.map((right, place): [StationRight, boolean] => [
      right,
      expected.split(' ')[place] === 'yes',
    ]),
  )('%s: %s', (right, may) => expect(stationMay(kind, right)).toBe(may));
});

test('stores cancel nothing, whatever it is called; health centres and pharmacies do', () => {
  for (const act of ['cancel', 'withdraw', 'declineOffer'] as const) {
    expect([act, stationKinds.filter((kind) => mayActAt(kind, act))]).toEqual([
      act,
      ['pharmacy', 'healthCentre', 'hotline', 'counter'],
    ]);
  }
});

test('wherever a card is read or somebody assists, people may register, change, book and move', () => {
  const served = stationKinds.filter((kind) => stationMay(kind, 'readCard') || stationMay(kind, 'assist'));
  for (const act of ['register', 'change', 'book', 'move'] as const) {
    expect(stationKinds.filter((kind) => mayActAt(kind, act))).toEqual(served);
  }
});

test('what a workflow or the authority does is done in nobody’s session at a station', () => {
  const never = acts.filter((act) => !stationKinds.some((kind) => mayActAt(kind, act)));
  expect(never).toEqual([
    ...['invite', 'offer', 'expireOffer', 'withdrawOffer', 'cancelByAuthority', 'miss', 'lapse', 'carryOver'],
  ]);
});

test('there are four chains, and reasons are codes', () => {
  expect(storeChains).toHaveLength(4);
  for (const reason of assistanceReasons) expect(reason).toMatch(/^[a-zA-Z]+$/);
});
