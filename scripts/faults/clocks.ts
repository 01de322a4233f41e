/** Clocks that jump, forward and back, under one process at a time; the engine is not asked for the time. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { PlainFailure } from '../runtime/failure';
import type { PartName } from '../runtime/stack';
import { installPackages } from '../runtime/test-tools';
import { doneUnasked, doubledText, leakedPlace } from './controls';
import type { Control, Fault, Strike } from './fault';
import type { FaultWorld } from './world';

const hour = 3_600;
/** How long the clock stays where it jumped to; the library looks for a new time every second. */
const stayMs = 2_500;

interface JumpingClock {
  readonly part: PartName;
  /** Seconds beside the true time, one after another. */
  readonly jumps: readonly number[];
  readonly control: Control;
  readonly short?: boolean;
}

const clocks: readonly JumpingClock[] = [
  { part: 'api', jumps: [-hour, hour, 0], control: doneUnasked },
  { part: 'citizen', jumps: [-hour, hour, 0], control: doubledText },
  // Back by little at the end: what was put off until then comes that much later, and is waited for.
  { part: 'postgres', jumps: [-hour, 0, 20, 0], control: leakedPlace, short: true },
];

export const clockFaults: readonly Fault[] = clocks.map(({ part, jumps, control, short = false }) => ({
  name: `clock-jumps-${part}`,
  short,
  whileRemindersFallDue: true,
  strike: (world) => jump(world, part, jumps),
  control,
}));

async function jump(world: FaultWorld, part: PartName, jumps: readonly number[]): Promise<Strike> {
  const library = await faketimeLibrary();
  // PostgreSQL reads it under an account of its own.
  const clock = path.join(world.home, `clock-of-${part}`);
  writeFileSync(clock, '+0\n', { mode: 0o644 });
  world.environment.set(part, {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_CACHE_DURATION: '1',
    // Timers run by the clock that no one can set.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  });
  try {
    await world.restart(part);
    await world.untilUsable();
    let struck = 0;
    for (const seconds of jumps) {
      writeFileSync(clock, `${seconds < 0 ? '' : '+'}${String(seconds)}\n`);
      await pause(stayMs);
      if (await standsAt(world, part, seconds)) struck += 1;
    }
    return { struck: struck === jumps.length ? struck : 0, what: 'jumps' };
  } finally {
    world.environment.delete(part);
    await world.restart(part);
  }
}

/** Whether the part's clock is where it was put; a worker is not asked, its memory shows that the library is there. */
async function standsAt(world: FaultWorld, part: PartName, seconds: number): Promise<boolean> {
  const told = await toldBy(world, part);
  if (told === undefined) {
    const { pid } = world.stack.process(part);
    return readFileSync(`/proc/${String(pid)}/maps`, 'utf8').includes('faketime');
  }
  return Math.abs(told - Date.now() - seconds * 1_000) < 5_000;
}

async function toldBy(world: FaultWorld, part: PartName): Promise<number | undefined> {
  if (part === 'postgres') {
    const { rows } = await world.ledger.pool.query<{ now: Date }>('select clock_timestamp() as now');
    return rows[0]?.now.getTime();
  }
  if (part !== 'api') return undefined;
  const answer = await fetch(`${world.origin}/v1/captcha`);
  await answer.body?.cancel();
  return Date.parse(answer.headers.get('date') ?? '');
}

/** The library that tells programs another time; installed once where the machine lets us. */
async function faketimeLibrary(): Promise<string> {
  const found = findLibrary();
  if (found !== undefined) return found;
  await installPackages(['faketime']);
  const installed = findLibrary();
  if (installed !== undefined) return installed;
  throw new PlainFailure('Clock jumps need libfaketime; on Debian: apt-get install faketime.');
}

function findLibrary(): string | undefined {
  const folders = ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter((folder) => existsSync(folder));
  return folders
    .flatMap((folder) => [folder, ...readdirSync(folder).map((name) => path.join(folder, name))])
    .map((folder) => path.join(folder, 'faketime', 'libfaketimeMT.so.1'))
    .find((file) => existsSync(file));
}
