/** `operations operator …`: whose key this is, and what operators did. */
import { PlainFailure } from '../runtime/failure';
import type { OperationsCommand } from './staff-call';

interface Acts {
  readonly acts: readonly {
    readonly at: string;
    readonly operatorId: string;
    readonly act: string;
    readonly detail: Readonly<Record<string, string | number>>;
  }[];
}

export const operatorCommands: readonly OperationsCommand[] = [
  {
    words: ['operator', 'show'],
    usage: '   whose key OPERATOR_KEY is',
    async run(call) {
      const { operatorId } = (await call('GET', '/v1/staff/operators/current')) as { operatorId: string };
      return `This is the key of operator ${operatorId}.`;
    },
  },
  {
    words: ['operator', 'acts'],
    usage: '[COUNT]   what operators did last, newest first',
    async run(call, [count = '20']) {
      if (!/^\d{1,4}$/.test(count)) throw new PlainFailure('COUNT is a number up to 1000.');
      const { acts } = (await call('GET', `/v1/staff/acts?limit=${count}`)) as Acts;
      if (acts.length === 0) return 'No operator has done anything yet.';
      return acts
        .map(({ at, operatorId, act, detail }) => [at, operatorId, act, wordsOf(detail)].join('  ').trimEnd())
        .join('\n');
    },
  },
];

function wordsOf(detail: Readonly<Record<string, string | number>>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}
