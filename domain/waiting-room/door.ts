/** The door of the waiting room: when there is a line at all, and how fast it moves. */

/** What is known of the door, all of it in the ledger. Times are milliseconds of the real clock. */
export interface Door {
  /** Since when people have to wait for their turn; null while everybody just comes in. */
  readonly shutAt: number | null;
  /** Numbers given out so far: the next one. */
  readonly nextNumber: number;
  /** Places below this one may come in. */
  readonly admitted: number;
  /** Up to when admissions are accounted for. */
  readonly movedAt: number;
  /** Since when the line has been empty and few came; null when that is not so. */
  readonly calmSince: number | null;
  /** Operations keep the line even when few come. */
  readonly keptShut: boolean;
}

/** What goes on around it now. */
export interface DoorLoad {
  readonly now: number;
  /** People who came to the door in the last second, at all processes. */
  readonly arrivalsPerSecond: number;
  /** A process cannot keep up with those who are inside already. */
  readonly strained: boolean;
  /** Until the next opening; null when none is set. */
  readonly msToBell: number | null;
}

export interface DoorRules {
  /** People let in each second, at all processes together. */
  readonly perSecond: number;
  /** So long before an opening nobody is let in from the line: all who wait then take part in the draw. */
  readonly holdMs: number;
}

/** The line is given up when it was empty and few came for so long. */
const calmMs = 30_000;
/** A process that is busy with those inside leaves so much of the usual to those who come; fewer are no burden. */
const sharedWhenStrained = 0.1;
/** After an outage of ours nobody is let in for the time that passed: the rest would come in one flood. */
const longestStepMs = 3_000;

/** Is nobody let in because an opening is near? */
export function isHeld(
  { msToBell }: Pick<DoorLoad, 'msToBell'>,
  { holdMs }: Pick<DoorRules, 'holdMs'>,
): boolean {
  return msToBell !== null && msToBell <= holdMs;
}

/** The door a moment later. The line begins when more come than may, or when those inside are too many already. */
export function nextDoor(door: Door, load: DoorLoad, rules: DoorRules): Door {
  const { now } = load;
  if (door.shutAt === null) {
    const most = rules.perSecond * (load.strained ? sharedWhenStrained : 1);
    const tooMany = load.arrivalsPerSecond > most;
    if (!tooMany && !door.keptShut) return door;
    return { ...door, shutAt: now, admitted: door.nextNumber, movedAt: now, calmSince: null };
  }
  const moved = movedDoor(door, load, rules);
  const isCalm =
    moved.admitted === moved.nextNumber &&
    load.arrivalsPerSecond <= rules.perSecond / 2 &&
    !load.strained &&
    !moved.keptShut;
  if (!isCalm) return { ...moved, calmSince: null };
  const calmSince = moved.calmSince ?? now;
  if (now - calmSince < calmMs) return { ...moved, calmSince };
  return { ...moved, shutAt: null, calmSince: null };
}

function movedDoor(door: Door, load: DoorLoad, rules: DoorRules): Door {
  const { now } = load;
  const waiting = door.nextNumber - door.admitted;
  if (load.strained || isHeld(load, rules)) return { ...door, movedAt: now };
  const from = Math.max(door.movedAt, now - longestStepMs);
  const allowed = Math.floor(((now - from) / 1_000) * rules.perSecond);
  // Whole people only; what is left of the time counts next time, but an empty line saves up nothing.
  if (allowed >= waiting) return { ...door, admitted: door.nextNumber, movedAt: now };
  return {
    ...door,
    admitted: door.admitted + allowed,
    movedAt: from + (allowed / rules.perSecond) * 1_000,
  };
}
