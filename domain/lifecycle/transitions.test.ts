import { acts, stageAfter, stages, stageTransitions, type StageTransition } from './transitions';

const table: readonly StageTransition[] = stageTransitions;

describe('the lifecycle of a participation', () => {
  test('an act leads from a stage to one stage at most', () => {
    const keys = table.map(({ from, act }) => `${from ?? '-'}/${act}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('every stage can be reached and every act leads somewhere', () => {
    const reached = new Set<string | null>([null]);
    for (let size = 0; size !== reached.size;) {
      size = reached.size;
      for (const { from, to } of table) if (reached.has(from)) reached.add(to);
    }
    expect([...reached].filter((stage) => stage !== null).sort()).toEqual([...stages].sort());
    expect([...new Set(table.map(({ act }) => act))].sort()).toEqual([...acts].sort());
  });

  test('the dose ends it: nothing follows attendance', () => {
    expect(table.filter(({ from }) => from === 'attended')).toEqual([]);
  });

  test.each([
    [null, 'register', 'registered'],
    ['withdrawn', 'register', 'registered'],
    ['booked', 'cancel', 'invited'],
    ['missed', 'attend', 'attended'],
    ['withdrawn', 'invite', undefined],
    ['registered', 'book', undefined],
    ['lapsed', 'book', undefined],
    ['attended', 'cancel', undefined],
    ['withdrawn', 'carryOver', undefined],
    ['registered', 'offer', 'offered'],
    ['offered', 'book', 'booked'],
    ['offered', 'expireOffer', 'registered'],
    ['invited', 'offer', undefined],
    ['offered', 'takeLeftover', undefined],
    ['attended', 'takeLeftover', undefined],
  ] as const)('from %s by %s leads to %s', (from, act, to) => {
    expect(stageAfter(from, act)).toBe(to);
  });
});
