/** The stages of an invitation wave and the steps that lead from one to the next. */
import type { Instant } from '../civil-time/plain-date';

/**
 * `gathering`: its texts are being marked as its own. `testing`: staff handsets get it. `looking`: staff read what came.
 * `trial`: a hundred people at most get it. `awaitingApproval`: a second operator looks at what became of those.
 * `releasing`: the rest, at the chosen rate.
 */
export const waveStages = [
  'gathering',
  'testing',
  'looking',
  'trial',
  'awaitingApproval',
  'releasing',
  'done',
  'stopped',
] as const;

export type WaveStage = (typeof waveStages)[number];

/** Steps in their order, each with the stage in which it is taken. */
const stageOfStep = {
  gather: 'gathering',
  test: 'testing',
  look: 'looking',
  tryOut: 'trial',
  awaitApproval: 'awaitingApproval',
  release: 'releasing',
} as const satisfies Record<string, WaveStage>;

export type WaveStep = keyof typeof stageOfStep;

/** Whether a wave at this stage has that step behind it, is in it, or has not come to it yet. */
export function progressOf(step: WaveStep, stage: WaveStage): 'behind' | 'now' | 'ahead' {
  const [wanted, is] = [waveStages.indexOf(stageOfStep[step]), waveStages.indexOf(stage)];
  if (is === wanted) return 'now';
  return is > wanted ? 'behind' : 'ahead';
}

/** Nothing more will go out. */
export function isOver(stage: WaveStage): boolean {
  return stage === 'done' || stage === 'stopped';
}

/** Why nothing goes out for the time being. */
export type PauseReason = 'operator' | 'textsRefused';

/** What a step came to. `waiting`: nothing to do for so long, unless somebody says something. */
export type WaveStepAnswer =
  | { readonly answer: 'done' }
  | { readonly answer: 'waiting'; readonly forMs: number }
  | { readonly answer: 'paused' }
  | { readonly answer: 'stopped' };

/** Of how many texts, in which state. */
export interface WaveCounts {
  readonly held: number;
  readonly queued: number;
  readonly submitting: number;
  readonly unknown: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly undelivered: number;
  readonly rejected: number;
}

/** A wave as operations see it. */
export interface WaveView {
  readonly waveId: string;
  readonly roundId: string;
  readonly product: string | null;
  readonly countyCodes: readonly string[] | null;
  readonly ratePerSecond: number;
  readonly trialSize: number;
  readonly lookSeconds: number;
  readonly stage: WaveStage;
  readonly stageSince: Instant;
  readonly paused: { readonly reason: PauseReason; readonly by: string | null; readonly at: Instant } | null;
  readonly startedBy: string;
  readonly startedAt: Instant;
  readonly approvedBy: string | null;
  readonly approvedAt: Instant | null;
  readonly stoppedBy: string | null;
  readonly stoppedAt: Instant | null;
  /** Texts that belong to it. */
  readonly audience: number;
  /** Let go so far. */
  readonly released: number;
  /** Of the people's texts. */
  readonly texts: WaveCounts;
  /** Of the texts to test handsets. */
  readonly tests: WaveCounts;
}
