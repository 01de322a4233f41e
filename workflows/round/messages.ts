/** Names and types of what is said to a round's workflow. */
import { defineQuery, defineSignal } from '@temporalio/workflow';

import type { RoundStep } from '../../domain/round/round-calendar';

/** The workflow's type, as whoever ensures it starts it. */
export const roundWorkflow = 'round';

/** One workflow per round. */
export function roundWorkflowId(roundId: string): string {
  return `round/${roundId}`;
}

/** The round's facts were changed by an import; they are read afresh. */
export const roundChanged = defineSignal('roundChanged');

/** The stepping clock of demonstration and tests went to this offset, in milliseconds. */
export const clockStepped = defineSignal<[number]>('clockStepped');

/** What the round waits for, for tests, the stepping clock and operations. */
export interface RoundOutlook {
  /** Null when every step that the calendar names was taken. */
  readonly next: RoundStep | null;
  readonly taken: number;
}

export const roundOutlook = defineQuery<RoundOutlook>('roundOutlook');
