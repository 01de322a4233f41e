import { inOneInstant, timePasses } from '../test/support/passing-time';
import { inEqualTime } from './equal-time';

/** Pauses that were asked for, milliseconds; none is waited for. */
const mockPauses: number[] = [];
jest.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => void mockPauses.push(ms),
}));

const floorMs = 40;

/** How long the answer to such work takes, by a clock that only the work and the pauses move. */
function taken(workMs: number, outcome: () => string): Promise<number> {
  return inOneInstant(async () => {
    const work = async () => {
      await timePasses(workMs);
      mockPauses.length = 0;
      return outcome();
    };
    await inEqualTime(floorMs, work).catch(() => undefined);
    return workMs + mockPauses.reduce((sum, ms) => sum + ms, 0);
  });
}
const refusal = (): never => {
  throw new Error('refused');
};

test.each([0, 1, 17, 39])('work of %i ms is answered after the floor, failures too', async (workMs) => {
  expect(await taken(workMs, () => 'done')).toBeCloseTo(floorMs);
  expect(await taken(workMs, refusal)).toBeCloseTo(floorMs);
});

test.each([41, 79, 95])('work of %i ms is answered after a whole multiple of the floor', async (workMs) => {
  expect(await taken(workMs, () => 'done')).toBeCloseTo(floorMs * Math.ceil(workMs / floorMs));
});
