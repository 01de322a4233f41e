import fc from 'fast-check';

import { assign, ranked, type Candidate, type Supply } from './assignment';

const products = ['AZ', 'Moderna', 'BNT'];
const counties = ['63000', '64000'];

const people = fc
  .array(
    fc.record({
      countyCode: fc.constantFrom(...counties),
      priorityGroup: fc.constantFrom(5, 8, 9),
      birthDate: fc.constantFrom('1940-01-01', '1950-06-15', '1980-12-31'),
      products: fc.subarray(products, { minLength: 1 }),
      lot: fc.string({ unit: fc.constantFrom('0', '1', '7', 'a', 'f'), minLength: 4, maxLength: 8 }),
    }),
    { maxLength: 30 },
  )
  .map((drafts) =>
    drafts.map((draft, index): Candidate => ({
      ...draft,
      personKey: `p${String(index)}`,
      waitedFor: [],
      lot: `${draft.lot}${String(index)}`,
    })),
  );
const supplies = fc
  .array(fc.integer({ min: 0, max: 6 }), { minLength: 6, maxLength: 6 })
  .map((doses) =>
    products.flatMap((product, p) =>
      counties.map((countyCode, c): Supply => ({ product, countyCode, doses: doses[p * 2 + c] ?? 0 })),
    ),
  );

/** The rule said in another way: one person after the other takes the first of theirs that is left. */
function oneAfterTheOther(candidates: readonly Candidate[], supply: readonly Supply[]): Map<string, string> {
  const left = new Map(supply.map(({ product, countyCode, doses }) => [`${product}/${countyCode}`, doses]));
  const given = new Map<string, string>();
  for (const person of ranked('any', candidates)) {
    const product = products.find(
      (p) => person.products.includes(p) && (left.get(`${p}/${person.countyCode}`) ?? 0) > 0,
    );
    if (product === undefined) continue;
    const key = `${product}/${person.countyCode}`;
    left.set(key, (left.get(key) ?? 0) - 1);
    given.set(person.personKey, product);
  }
  return given;
}

describe('the assignment of a settlement', () => {
  test('is what people would get if each in turn took the first of theirs that is left', () => {
    fc.assert(
      fc.property(people, supplies, (candidates, supply) => {
        const assigned = new Map(
          assign(products, candidates, supply).map(({ personKey, product }) => [personKey, product]),
        );
        expect(assigned).toEqual(oneAfterTheOther(candidates, supply));
      }),
    );
  });

  test('gives no county more than it has, nobody two products, and nobody what they do not take', () => {
    fc.assert(
      fc.property(people, supplies, (candidates, supply) => {
        const assigned = assign(products, candidates, supply);
        const byKey = new Map(candidates.map((person) => [person.personKey, person]));
        expect(new Set(assigned.map(({ personKey }) => personKey)).size).toBe(assigned.length);
        for (const { personKey, product } of assigned)
          expect(byKey.get(personKey)?.products).toContain(product);
        for (const { product, countyCode, doses } of supply) {
          const given = assigned.filter(
            (a) => a.product === product && byKey.get(a.personKey)?.countyCode === countyCode,
          );
          expect(given.length).toBeLessThanOrEqual(doses);
        }
      }),
    );
  });

  test('leaves nobody out while something that they take is left', () => {
    fc.assert(
      fc.property(people, supplies, (candidates, supply) => {
        const assigned = assign(products, candidates, supply);
        const served = new Set(assigned.map(({ personKey }) => personKey));
        for (const person of candidates.filter(({ personKey }) => !served.has(personKey))) {
          for (const product of person.products) {
            const given = assigned.filter(
              (a) =>
                a.product === product &&
                candidates.find(({ personKey }) => personKey === a.personKey)?.countyCode ===
                  person.countyCode,
            );
            const doses = supply.find(
              (s) => s.product === product && s.countyCode === person.countyCode,
            )?.doses;
            expect(given.length).toBe(doses);
          }
        }
      }),
    );
  });

  test('does not depend on the order in which people come', () => {
    fc.assert(
      fc.property(
        people.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        supplies,
        ([candidates, shuffled], supply) => {
          const inOrder = (list: readonly Candidate[]) =>
            [...assign(products, list, supply)].sort((a, b) => (a.personKey < b.personKey ? -1 : 1));
          expect(inOrder(shuffled)).toEqual(inOrder(candidates));
        },
      ),
    );
  });

  const someone: Candidate = {
    personKey: 'a',
    countyCode: '63000',
    priorityGroup: 9,
    birthDate: '1950-01-01',
    products: ['AZ', 'Moderna'],
    waitedFor: [],
    lot: '5',
  };
  test.each([
    ['the more urgent group, however young', { priorityGroup: 8, birthDate: '1999-01-01' }],
    ['the older of a group', { birthDate: '1949-12-31' }],
    ['who waited for the product at an earlier settlement', { waitedFor: ['AZ'], lot: '9' }],
    ['the lot, where nothing else differs', { lot: '4' }],
  ])('comes first: %s', (_what, change) => {
    const other = { ...someone, ...change, personKey: 'b' };
    expect(ranked('AZ', [someone, other]).map(({ personKey }) => personKey)).toEqual(['b', 'a']);
  });

  test('waiting for one product does not help with another', () => {
    const waited = { ...someone, personKey: 'b', waitedFor: ['Moderna'], lot: '9' };
    expect(ranked('AZ', [waited, someone]).map(({ personKey }) => personKey)).toEqual(['a', 'b']);
  });
});
