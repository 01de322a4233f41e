/** How much processor time programs used, from what Linux keeps of each process. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of the kernel's clock a second, the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/**
 * Seconds of processor time of a process and everything it started that still runs or was waited for (PostgreSQL
 * answers each connection by a process of its own). `undefined` where the system keeps no such figures.
 */
export function cpuSecondsOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  const all = processes();
  if (!all.has(pid)) return undefined;
  const childrenOf = new Map<number, number[]>();
  for (const [child, { parent }] of all) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), child]);
  let ticks = 0;
  const visit = [pid];
  for (let next = visit.pop(); next !== undefined; next = visit.pop()) {
    ticks += all.get(next)?.ticks ?? 0;
    visit.push(...(childrenOf.get(next) ?? []));
  }
  return ticks / ticksPerSecond;
}

/** The same for those of our own children that run this script, together. */
export function cpuSecondsOfChildren(script: string): number {
  return [...processes()]
    .filter(
      ([pid, { parent }]) => parent === process.pid && read(`/proc/${String(pid)}/cmdline`).includes(script),
    )
    .reduce((sum, [pid]) => sum + (cpuSecondsOf(pid) ?? 0), 0);
}

function processes(): ReadonlyMap<number, { readonly parent: number; readonly ticks: number }> {
  const found = new Map<number, { parent: number; ticks: number }>();
  for (const name of readable('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const line = read(`/proc/${name}/stat`);
    // The program's name stands in brackets and may hold spaces.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    const number = (place: number) => Number(fields[place] ?? 0);
    // Parent, then user and system time, its own and that of children that ended.
    if (fields.length > 14)
      found.set(pid, { parent: number(1), ticks: number(11) + number(12) + number(13) + number(14) });
  }
  return found;
}

function readable(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
