/** `operations card-accounts …`: what staff at a counter do for somebody's card account; read from a file, never from the line. */
import { readFileSync } from 'node:fs';
import { PlainFailure, systemErrorCode } from '../runtime/failure';
import type { OperationsCommand, StaffCall } from './staff-call';

export const cardAccountCommands: readonly OperationsCommand[] = [
  {
    words: ['card-accounts', 'register'],
    usage:
      'FILE.json | -   registers a card: card, ID document and household register were seen; a forgotten password is replaced',
    async run(call, args) {
      const { emailToConfirm } = (await send(call, args, '/v1/staff/card-accounts')) as {
        emailToConfirm: boolean;
      };
      return emailToConfirm
        ? 'The card is registered; a link was mailed, and the e-mail address counts once it is confirmed.'
        : 'The card is registered.';
    },
  },
  {
    words: ['card-accounts', 'deactivate'],
    usage: 'FILE.json | -   deactivates an account: personNumber, idDocument and reason; all sessions end',
    async run(call, args) {
      await send(call, args, '/v1/staff/card-accounts/deactivations');
      return 'The account is deactivated and all its sessions have ended.';
    },
  },
];

/** Standard input is file descriptor 0; what stands there appears in no list of processes and no shell's history. */
async function send(
  call: StaffCall,
  [file, ...others]: readonly string[],
  address: string,
): Promise<unknown> {
  if (file === undefined || others.length > 0) {
    throw new PlainFailure('Name one JSON file, or - for standard input.');
  }
  return call('POST', address, jsonOf(file));
}

function jsonOf(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw new PlainFailure(`There is no file ${file}.`);
    throw error;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // What does not parse is not repeated: it is personal.
    throw new PlainFailure('That is not JSON.');
  }
}
