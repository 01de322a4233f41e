/** `operations sessions end`: all sessions of a person end. The number comes from a file, never from the command line. */
import { readFileSync } from 'node:fs';

import { PlainFailure } from '../runtime/failure';
import type { OperationsCommand } from './staff-call';

export const sessionCommands: readonly OperationsCommand[] = [
  {
    words: ['sessions', 'end'],
    usage: 'FILE   ends all sessions of the person whose number stands in FILE (- for what is typed)',
    run: async (call, [file]) => {
      if (file === undefined) throw new PlainFailure('Name the file in which the number stands.');
      // A number on the command line would stay in the shell's history and be seen in the list of processes.
      const personNumber = readFileSync(file === '-' ? 0 : file, 'utf8').trim();
      const { endedSessions } = (await call('POST', '/v1/staff/session-endings', { personNumber })) as {
        readonly endedSessions: number;
      };
      return `${String(endedSessions)} sessions ended.`;
    },
  },
];
