/** Names and types of what is said to the workflow of an invitation wave. */
import { defineQuery, defineUpdate } from '@temporalio/workflow';

import type { WaveStep } from '../../domain/invitation-wave/wave';

/** The workflow's type, as whoever ensures it starts it. */
export const invitationWaveWorkflow = 'invitationWave';

/** One workflow per wave. */
export function invitationWaveWorkflowId(waveId: string): string {
  return `invitation-wave/${waveId}`;
}

/** What a wave waits for. */
export interface WaveOutlook {
  /** Null once it is over. */
  readonly step: WaveStep | null;
  readonly waitsFor: 'itself' | 'resumption' | 'nothing';
}

/**
 * Has the wave look at the ledger now: operations approved, paused, resumed or stopped it there. Said any number of
 * times it does no harm, and what it tells of stands in the ledger whether or not it arrives.
 */
export const followLedger = defineUpdate<WaveOutlook>('followLedger');

export const waveOutlook = defineQuery<WaveOutlook>('waveOutlook');
