import fc from 'fast-check';

import { candidateLine, parseCandidateLine, parseResultLine, resultLine } from './evidence';

const lot = fc.stringMatching(/^[0-9a-f]{32}$/);
const product = fc.constantFrom('AZ', 'Moderna', 'BNT-162');
const products = fc.uniqueArray(product, { maxLength: 3 });
const date = fc.constantFrom('1931-02-28', '2004-02-29', '2021-12-31');

test('a candidate reads back as written', () => {
  const candidate = fc.record({
    ...{ lot, countyCode: fc.constantFrom('63000', '09007'), priorityGroup: fc.integer({ min: 1, max: 10 }) },
    ...{ birthDate: date, products, waitedFor: products, mixedIntent: fc.boolean() },
    lastDose: fc.option(fc.record({ doseNumber: fc.integer({ min: 1, max: 9 }), product, givenOn: date })),
    consentedTo: fc.uniqueArray(fc.option(product), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(candidate, (person) => {
      expect(parseCandidateLine(candidateLine(person))).toEqual(person);
    }),
  );
});

test('a result reads back as written', () => {
  fc.assert(
    fc.property(fc.record({ lot, product, rank: fc.nat() }), (result) => {
      expect(parseResultLine(resultLine(result))).toEqual(result);
    }),
  );
});

test.each(['', 'a,b', 'a,63000,9,1950-01-01,AZ,,,,,more'])('"%s" is no line of candidates', (line) => {
  expect(() => parseCandidateLine(line)).toThrow('nine fields');
});

test.each(['', 'a,AZ', 'a,AZ,1,2'])('"%s" is no line of results', (line) => {
  expect(() => parseResultLine(line)).toThrow('three fields');
});
