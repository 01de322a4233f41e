/** What a fault is, and what a run of one tells. */
import type { FaultWorld } from './world';

/** The invariants of the catalogue, as `docs/decisions/0017` lists them. */
export type InvariantName = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I7' | 'I8';

/**
 * Something that must never be, with the invariant that it breaks; `order` is linearizability, `own` a check of the
 * fault itself.
 */
export interface Breach {
  readonly invariant: InvariantName | 'order' | 'own';
  readonly sentence: string;
}

/** What a strike did and saw. */
export interface Strike {
  /** Proof in figures that it struck at all: connections cut, processes replaced … A zero is a failure. */
  readonly struck: number;
  /** What that figure counts. */
  readonly what: string;
  /** What the fault's own checks found wrong. */
  readonly breaches?: readonly Breach[];
}

/** Shows that a check can fail: answers what it found in a world spoilt on purpose, which must be something. */
export interface Control {
  /** How the world was spoilt, in a few words. */
  readonly spoilt: string;
  /** Answers what the checks told; nothing of the spoiling may stay. */
  readonly look: (world: FaultWorld) => Promise<readonly Breach[]>;
  /** What has to be among it. */
  readonly expects: Breach['invariant'];
}

export interface Fault {
  /** What `--only` takes. */
  readonly name: string;
  /** In the shortened set of CI. */
  readonly short?: boolean;
  /** Reminders fall due while it strikes, so that workflows have something to do. */
  readonly whileRemindersFallDue?: boolean;
  /** Strikes while the load runs, and has mended everything when it resolves. */
  readonly strike: (world: FaultWorld) => Promise<Strike>;
  readonly control: Control;
}
