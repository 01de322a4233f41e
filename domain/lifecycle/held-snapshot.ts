/** Which snapshot counts when they come twice, late or out of order. */
import type { CitizenSnapshot } from './snapshot';

/**
 * What is held after `arrived` came: the facts of the highest version, read last where the version is the same (its
 * time says anew what is near), and the furthest clock offset, since the stepping clock never goes back. The very
 * same object is returned when nothing new was learnt.
 */
export function holdNewest(held: CitizenSnapshot | undefined, arrived: CitizenSnapshot): CitizenSnapshot {
  if (held === undefined) return arrived;
  const clockOffsetMs = Math.max(held.clockOffsetMs, arrived.clockOffsetMs);
  const newer = isNewer(arrived, held) ? arrived : held;
  return newer.clockOffsetMs === clockOffsetMs ? newer : { ...newer, clockOffsetMs };
}

function isNewer(arrived: CitizenSnapshot, held: CitizenSnapshot): boolean {
  if (arrived.version !== held.version) return arrived.version > held.version;
  return arrived.takenAt !== undefined && (held.takenAt === undefined || arrived.takenAt > held.takenAt);
}
