import fc from 'fast-check';

import { pictureOf, told } from './picture';

const counts = fc.array(
  fc
    .record({
      countyCode: fc.constantFrom('63000', '64000', '09007'),
      priorityGroup: fc.constantFrom(5, 8, 9),
      registered: fc.integer({ min: 1, max: 3_000 }),
    })
    .chain((count) =>
      fc.integer({ min: 0, max: count.registered }).map((invited) => ({ ...count, invited })),
    ),
  { maxLength: 9 },
);

describe('the published picture', () => {
  test.each([
    [0, 0],
    [1, null],
    [4, null],
    [5, 5],
    [7, 5],
    [8, 10],
    [1_203, 1_205],
  ])('tells %d as %p', (count, shown) => {
    expect(told(count)).toBe(shown);
  });

  test('holds no number that is not a multiple of five, and none below', () => {
    fc.assert(
      fc.property(counts, (those) => {
        const numbers = JSON.stringify(pictureOf(those, ['63000', '64000', '09007'])).match(
          /"(registered|invited)":(\d+)/g,
        );
        for (const number of numbers ?? []) expect(Number(number.split(':')[1]) % 5).toBe(0);
      }),
    );
  });

  test('shows counties in the order asked for, and only those where people registered', () => {
    const picture = pictureOf(
      [
        { countyCode: '64000', priorityGroup: 9, registered: 100, invited: 20 },
        { countyCode: '63000', priorityGroup: 8, registered: 12, invited: 3 },
      ],
      ['63000', '64000', '09007'],
    );
    expect(picture).toEqual({
      total: { registered: 110, invited: 25 },
      groups: [
        { priorityGroup: 8, registered: 10, invited: null },
        { priorityGroup: 9, registered: 100, invited: 20 },
      ],
      counties: [
        {
          ...{ countyCode: '63000', registered: 10, invited: null },
          groups: [
            { priorityGroup: 8, registered: 10, invited: null },
            { priorityGroup: 9, registered: 0, invited: 0 },
          ],
        },
        {
          ...{ countyCode: '64000', registered: 100, invited: 20 },
          groups: [
            { priorityGroup: 8, registered: 0, invited: 0 },
            { priorityGroup: 9, registered: 100, invited: 20 },
          ],
        },
      ],
    });
  });
});
