import { parseArgs } from 'node:util';

import { explain } from './failure';

describe('an argument that the command does not know', () => {
  test.each([['--fresch'], ['fresh'], ['--fresh=yes']])(
    '%s is told in one line without a stack',
    (argument) => {
      let told = '';
      try {
        parseArgs({ args: [argument], options: { fresh: { type: 'boolean' } } });
      } catch (error) {
        told = explain(error);
      }
      expect(told).toContain(argument.split('=')[0]);
      expect(told.split('\n')).toHaveLength(1);
      expect(told).toMatch(/--help lists what there is\.$/);
    },
  );
});
