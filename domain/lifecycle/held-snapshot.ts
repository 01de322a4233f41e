/** Which snapshot counts when they come twice, late or out of order. */
import type { CitizenSnapshot } from './snapshot';

/**
 * What is held after `arrived` came: the facts of the highest version, and the furthest clock offset, since the
 * stepping clock never goes back. The very same object is returned when nothing new was learnt.
 */
export function holdNewest(held: CitizenSnapshot | undefined, arrived: CitizenSnapshot): CitizenSnapshot {
  if (held === undefined) return arrived;
  const clockOffsetMs = Math.max(held.clockOffsetMs, arrived.clockOffsetMs);
  const newer = arrived.version > held.version ? arrived : held;
  return newer.clockOffsetMs === clockOffsetMs ? newer : { ...newer, clockOffsetMs };
}
