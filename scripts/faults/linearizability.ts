/**
 * Whether what clients saw of concurrent bookings can be explained by some order of single steps: their histories are
 * given to Porcupine, an existing checker, by a small Go program that is built once on a machine.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';

import { projectRoot } from '../../config/project-root';
import { buildWithGo } from '../runtime/go-build';
import { onlyOneOnThisMachine } from '../runtime/machine-lock';
import { cacheFolder } from '../runtime/temporal-binary';
import type { RecordedAct } from './record';

const source = path.join(projectRoot, 'scripts/linearizability');
/** Packages that the build names on its way, the standard library's among them. */
const packagesToBuild = 70;

/** One act as the checker takes it; times are whole nanoseconds of one clock. */
export interface HistoryOperation {
  readonly client: number;
  readonly person: string;
  readonly kind: 'book' | 'move' | 'cancel';
  readonly slot: string;
  readonly fromSlot: string;
  readonly outcome: 'done' | 'full' | 'alreadyBooked' | 'notBooked' | 'unknown';
  readonly call: number;
  readonly return: number;
}

export interface History {
  /** Places by window. */
  readonly capacities: Readonly<Record<string, number>>;
  readonly operations: readonly HistoryOperation[];
}

const verdictCheck = Compile(
  Type.Object({
    verdict: Type.Union([
      Type.Literal('linearizable'),
      Type.Literal('notLinearizable'),
      Type.Literal('undecided'),
    ]),
    partitions: Type.Integer(),
    operations: Type.Integer(),
    broken: Type.Array(
      Type.Object({ partition: Type.String(), explained: Type.Integer(), operations: Type.Integer() }),
    ),
  }),
);
export type Verdict = Static<ReturnType<typeof verdictCheck.Type>>;

/** What a refusal says about places and about the person; other refusals say nothing of either. */
const saidByRefusal: Readonly<Record<string, HistoryOperation['outcome']>> = {
  slotFull: 'full',
  alreadyBooked: 'alreadyBooked',
  appointmentNotLive: 'notBooked',
};

/** The history of these acts. An answer that was lost and a refusal after one leave open whether it was done. */
export function historyOf(
  acts: readonly RecordedAct[],
  capacities: Readonly<Record<string, number>>,
): History {
  const operations = acts.flatMap((act): HistoryOperation[] => {
    const { act: kind, slotId, fromSlotId } = act;
    if (slotId === undefined || (kind !== 'book' && kind !== 'move' && kind !== 'cancel')) return [];
    const outcome = saidBy(act);
    if (outcome === undefined) return [];
    return [
      {
        ...{ client: act.client, person: act.personKey, kind, outcome },
        ...{ slot: String(slotId), fromSlot: fromSlotId === undefined ? '' : String(fromSlotId) },
        call: nanoseconds(act.calledAt),
        return: outcome === 'unknown' ? Number.MAX_SAFE_INTEGER : nanoseconds(act.returnedAt),
      },
    ];
  });
  return { capacities, operations };
}

function saidBy({ outcome }: RecordedAct): HistoryOperation['outcome'] | undefined {
  switch (outcome.kind) {
    case 'acknowledged':
      return 'done';
    case 'refused':
      return outcome.doubtful ? 'unknown' : saidByRefusal[outcome.code];
    case 'unknown':
      return 'unknown';
  }
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}

/** Path of the checker; builds it where this machine has none of this source yet. Throws a PlainFailure without Go. */
export async function linearizabilityChecker(say: (progress: string) => void): Promise<string> {
  const digest = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) digest.update(readFileSync(path.join(source, file)));
  const program = path.join(cacheFolder(), `linearizability-${digest.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  await mkdir(path.dirname(program), { recursive: true });
  return onlyOneOnThisMachine(`${program}.lock`, say, async () => {
    if (existsSync(program)) return program;
    const unfinished = `${program}.${String(process.pid)}.part`;
    await buildWithGo({
      args: ['build', '-v', '-o', unfinished, '.'],
      folder: source,
      packages: packagesToBuild,
      progress: 'Building the linearizability checker, once on this machine',
      noGo: 'Histories of bookings are checked by a Go program, and there is no Go: install Go 1.21 or newer.',
      failed: 'The linearizability checker could not be built.',
      say,
    });
    await rename(unfinished, program);
    return program;
  });
}

/** Decides about a history. Throws when the checker itself fails. */
export async function checkHistory(program: string, history: History): Promise<Verdict> {
  const child = spawn(program, ['-patience', '60s'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  child.stdin.end(JSON.stringify(history));
  const code = await ended;
  const verdict: unknown = code === 0 ? JSON.parse(output) : undefined;
  if (!verdictCheck.Check(verdict))
    throw new Error(`the checker ended with ${String(code)}: ${complaint.trim()}`);
  return verdict;
}
