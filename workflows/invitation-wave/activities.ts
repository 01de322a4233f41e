/** What an invitation wave's workflow needs from the ledger: its steps, each of which may be asked for at any time again. */
import type { WaveStep, WaveStepAnswer } from '../../domain/invitation-wave/wave';

export interface InvitationWaveActivities {
  /** Goes on with a step until it is done or has to wait. */
  takeWaveStep(waveId: string, step: WaveStep): Promise<WaveStepAnswer>;
  /** Frees what a stopped wave had not let go; false while a sender may give some of it back. */
  disbandWave(waveId: string): Promise<boolean>;
}
