/** Every process killed without warning, and every process frozen for a while, under load. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import type { PartName } from '../runtime/stack';
import {
  bookedTwice,
  doneUnasked,
  doubledText,
  leakedPlace,
  lostBooking,
  missingText,
  oversold,
} from './controls';
import type { Control, Fault } from './fault';
import { hastyCommits } from './hasty-commits';
import type { FaultWorld } from './world';

/** How long a killed part stays away. */
const awayMs = 1_000;
/** Longer than a client waits for an answer, so that answers are lost. */
const frozenMs = 4_500;

interface Victim {
  readonly part: PartName;
  readonly killed: Control;
  readonly frozen: Control;
  readonly short?: 'killed' | 'frozen' | 'both';
}

const victims: readonly Victim[] = [
  { part: 'api', killed: lostBooking, frozen: doneUnasked, short: 'killed' },
  { part: 'citizen', killed: doubledText, frozen: doubledText, short: 'killed' },
  { part: 'casework', killed: doubledText, frozen: leakedPlace },
  { part: 'relay', killed: doubledText, frozen: leakedPlace },
  { part: 'text-sender', killed: missingText, frozen: doubledText, short: 'killed' },
  { part: 'temporal', killed: oversold, frozen: bookedTwice },
  { part: 'postgres', killed: hastyCommits, frozen: doneUnasked, short: 'both' },
];

export const processFaults: readonly Fault[] = victims.flatMap(({ part, killed, frozen, short }) => [
  {
    name: `kill-${part}`,
    short: short === 'killed' || short === 'both',
    whileRemindersFallDue: true,
    strike: async (world) => killAndStart(world, part),
    control: killed,
  },
  {
    name: `freeze-${part}`,
    short: short === 'frozen' || short === 'both',
    whileRemindersFallDue: true,
    strike: async (world) => freezeAndThaw(world, part),
    control: frozen,
  },
]);

async function killAndStart(world: FaultWorld, part: PartName): ReturnType<Fault['strike']> {
  const before = await world.kill(part);
  await pause(awayMs);
  await world.start(part);
  const after = world.stack.process(part).pid;
  return { struck: before !== undefined && after !== before ? 1 : 0, what: 'process killed' };
}

async function freezeAndThaw(world: FaultWorld, part: PartName): ReturnType<Fault['strike']> {
  const { pid } = world.stack.process(part);
  if (pid === undefined) return { struck: 0, what: 'processes frozen' };
  // A server's sessions are processes of their own, and serve on while only their parent stands still.
  const family = [pid, ...childrenOf(pid)];
  signal(family, 'SIGSTOP');
  try {
    await pause(frozenMs);
    return { struck: family.filter(standsStill).length, what: 'processes frozen' };
  } finally {
    signal(family, 'SIGCONT');
  }
}

function signal(pids: readonly number[], name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // A session may have ended by itself meanwhile.
    }
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statusOf(pid)[1] === String(parent));
}

function standsStill(pid: number): boolean {
  return statusOf(pid)[0] === 'T';
}

/** State and parent of a process as Linux tells them; empty when it is gone. */
function statusOf(pid: number): string[] {
  try {
    const line = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The program's name stands in parentheses and may hold anything.
    return line.slice(line.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
