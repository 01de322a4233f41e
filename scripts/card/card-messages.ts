/** What the card command says to the process that holds the virtual card, one line of JSON each way. */
import path from 'node:path';
import os from 'node:os';
import { createHash } from 'node:crypto';
import type { PlainDate } from '../../domain/civil-time/plain-date';

export type CardAct =
  /** Puts the card of that name into the reader whose driver listens on `port`. */
  | { readonly act: 'insert'; readonly name: string; readonly port: number; readonly day: PlainDate }
  | { readonly act: 'remove' | 'pull-mid-read' | 'hang' | 'stop' };

export interface CardAnswer {
  readonly done: boolean;
  /** A whole sentence for whoever typed the command. */
  readonly says: string;
}

/** Sockets of the file system have short names only. */
const longestSocketName = 100;

/** Where that process listens, for each data folder one. */
export function cardSocket(home: string): string {
  const usual = path.join(home, 'run', 'card.sock');
  if (usual.length <= longestSocketName) return usual;
  const digest = createHash('sha256').update(home).digest('hex').slice(0, 16);
  return path.join(os.tmpdir(), `yiyue-card-${digest}.sock`);
}
