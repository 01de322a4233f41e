import { judged, reportOf, tableOf, type Measured } from './report';

const figure: Measured = { name: 'booking.hot', value: 6, unit: 'ratio', better: 'higher', target: 5 };

describe('a measured figure', () => {
  test.each([
    ['higher', 6, 5, true],
    ['higher', 4.9, 5, false],
    ['lower', 29.9, 30, true],
    ['lower', 30.1, 30, false],
  ] as const)('of which %s is better and which came to %d meets %d: %s', (better, value, target, meets) => {
    expect(judged({ ...figure, better, value, target }).meets).toBe(meets);
  });

  test('without a target is neither met nor missed', () => {
    expect(judged({ name: 'lag', value: 1, unit: 's', better: 'lower' }).meets).toBeNull();
  });

  test('that missed its target says so in the table', () => {
    expect(tableOf([judged({ ...figure, value: 2 })])).toMatch(
      /^MISSED booking\.hot {2}2 ratio {2}\(at least 5\)$/,
    );
  });
});

test('a report names the machine and the commit', () => {
  const report = reportOf([judged(figure)], new Date(0));
  expect(report.machine.cores).toBeGreaterThan(0);
  expect(report.at).toBe('1970-01-01T00:00:00.000Z');
  expect(report.commit).toMatch(/^[0-9a-f]{40}(\+changes)?$/);
});
