/** Walks steps of a way in their order and tells of each when and what. */
import type { Instant } from '../../domain/civil-time/plain-date';
import type { Way } from './way';
import type { WayStep } from './whole-way';

/** One step that was walked. */
export interface WalkedStep {
  readonly name: string;
  /** Ledger time after it. */
  readonly at: Instant;
  readonly seen: string;
  readonly tookMs: number;
}

/** A step that was not as it should be; the cause says what. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  constructor(
    readonly step: string,
    override readonly cause: unknown,
  ) {
    super(`${step}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

export interface Company {
  /** Called when a step was as it should be. */
  readonly onStep?: (step: WalkedStep) => void;
  /** Called before each step but the first, with its place: whatever happens between two steps. */
  readonly between?: (place: number, step: WayStep) => Promise<void>;
}

/** Walks all steps; throws `StepFailed` at the first that is not as it should be. */
export async function walk(
  way: Way,
  steps: readonly WayStep[],
  { onStep = () => undefined, between = async () => undefined }: Company = {},
): Promise<readonly WalkedStep[]> {
  const walked: WalkedStep[] = [];
  for (const [place, step] of steps.entries()) {
    if (place > 0) await between(place, step);
    const from = Date.now();
    try {
      const seen = await step.walk(way);
      const done = { name: step.name, at: await way.instance.now(), seen, tookMs: Date.now() - from };
      walked.push(done);
      onStep(done);
    } catch (error) {
      throw new StepFailed(step.name, error);
    }
  }
  return walked;
}
