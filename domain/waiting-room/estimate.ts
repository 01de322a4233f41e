/** What somebody in line is told: how long it may take, and when to ask again. */

/** Seconds; `toSeconds` is null when nobody can say. */
export interface WaitEstimate {
  readonly fromSeconds: number;
  readonly toSeconds: number | null;
}

/** What the line did lately. */
export interface LinePace {
  /** People a second over the last two minutes; null before anything was measured. */
  readonly lately: number | null;
  /** The same over the last twenty seconds. */
  readonly justNow: number | null;
  /** What the rules allow. */
  readonly allowed: number;
}

/** What is measured goes up and down by so much even when nothing changes. */
const uncertainty = 0.15;
/** Before anything was measured the rules are all that is known. */
const uncertaintyAtFirst = 0.3;
/** Every look at the line is this far apart at most. */
const stepSeconds = 1;

/**
 * How long somebody with `ahead` people before them waits: the range between the fastest and the slowest of what was
 * measured. `heldSeconds`: for so long nobody is let in; `inDraw`: a draw comes first, which may put them anywhere
 * among `waiting`.
 */
export function estimateWait(
  ahead: number,
  pace: LinePace,
  {
    heldSeconds,
    inDraw,
    waiting,
  }: { readonly heldSeconds: number; readonly inDraw: boolean; readonly waiting: number },
): WaitEstimate {
  const measured = [pace.lately, pace.justNow].filter((rate) => rate !== null);
  const known = measured.length === 0 ? [pace.allowed] : measured;
  const spread = measured.length === 0 ? uncertaintyAtFirst : uncertainty;
  const fastest = Math.min(pace.allowed, Math.max(...known)) * (1 + spread);
  const slowest = Math.min(...known) * (1 - spread);
  const least = inDraw ? 0 : ahead;
  const most = inDraw ? Math.max(ahead, waiting) : ahead;
  return {
    fromSeconds: Math.floor(heldSeconds + (fastest > 0 ? least / fastest : 0)),
    // A line that stood still lately moves again nobody knows when.
    toSeconds: slowest > 0 ? Math.ceil(heldSeconds + most / slowest + 2 * stepSeconds) : null,
  };
}

/** Nobody asks more often than this, and in a line of usual length not less often. */
const soonestSeconds = 5;
const latestSeconds = 60;
/** However long the line. */
const latestOfAllSeconds = 600;

/**
 * When somebody should ask again, seconds: after half of what they wait at least, so that whoever is near the door
 * hears of it in time, but so much later that all who wait ask no more than `asksPerSecond`. Spread by `share` (0 to 1,
 * another for each of them), so that they do not all ask together; before a draw they ask after it.
 */
export function askAgainAfter({
  fromSeconds,
  waiting,
  perSecond,
  asksPerSecond,
  secondsToDraw,
  share,
}: {
  readonly fromSeconds: number;
  readonly waiting: number;
  /** How many are let in each second. */
  readonly perSecond: number;
  readonly asksPerSecond: number;
  readonly secondsToDraw: number | null;
  readonly share: number;
}): number {
  if (secondsToDraw !== null && secondsToDraw <= latestSeconds) {
    return Math.ceil(secondsToDraw + 1 + share * Math.max(soonestSeconds, waiting / asksPerSecond));
  }
  const wished = Math.min(Math.max(fromSeconds / 2, soonestSeconds), latestSeconds);
  const scaled = wished * Math.max(1, asksWished(waiting, perSecond) / asksPerSecond);
  return Math.ceil(Math.min(latestOfAllSeconds, scaled) * (0.85 + 0.3 * share));
}

/** How many ask in a second when everybody asks after half of their wait: the line added up from the door to its end. */
function asksWished(waiting: number, perSecond: number): number {
  const soon = 2 * soonestSeconds;
  const late = 2 * latestSeconds;
  const wholeWait = waiting / Math.max(perSecond, 0.1);
  const near = Math.min(wholeWait, soon) / soonestSeconds;
  const between = 2 * Math.log(Math.min(Math.max(wholeWait, soon), late) / soon);
  const far = Math.max(0, wholeWait - late) / latestSeconds;
  return perSecond * (near + between + far);
}
