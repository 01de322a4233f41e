/** One wave of invitations: to handsets of staff, to a hundred people, and on a second operator's word to all others. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { WaveStep } from '../../domain/invitation-wave/wave';
import type { InvitationWaveActivities } from './activities';
import { followLedger, waveOutlook, type WaveOutlook } from './messages';

/** Marking or letting go millions of texts takes minutes; a worker that died is noticed by the missing heartbeat. */
const { takeWaveStep, disbandWave } = proxyActivities<InvitationWaveActivities>({
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/** The ledger is looked at this often even when nobody says anything: word of an operator's act may get lost. */
const longestWaitMs = 10 * 60_000;
/** A sender gives back within seconds what it had in its hands when a pause or a stop came. */
const givenBackWithinMs = 5_000;

const stepWords: Record<WaveStep, string> = {
  gather: 'mark the texts that belong to the wave',
  test: 'send it to the handsets of staff',
  look: 'staff look at their handsets',
  tryOut: 'send it to a hundred people at most',
  awaitApproval: 'wait for the approval of a second operator',
  release: 'let the rest go at the chosen rate',
};

/** The life of one wave. */
export async function invitationWave(waveId: string): Promise<void> {
  let outlook: WaveOutlook = { step: 'gather', waitsFor: 'nothing' };
  let told = 0;
  setHandler(waveOutlook, () => outlook);
  setHandler(followLedger, () => {
    told += 1;
    return outlook;
  });

  /** Goes on with a step until it is done; false when operations stopped the wave. */
  async function complete(step: WaveStep): Promise<boolean> {
    let pausedBefore = false;
    for (;;) {
      const known = told;
      const summary = stepWords[step];
      const answer = await takeWaveStep.executeWithOptions({ summary }, [waveId, step]);
      if (answer.answer === 'done' || answer.answer === 'stopped') return answer.answer === 'done';
      const paused = answer.answer === 'paused';
      outlook = { step, waitsFor: paused ? 'resumption' : 'itself' };
      setCurrentDetails(`- ${summary}${paused ? '\n- paused' : ''}`);
      const pausedMs = pausedBefore ? longestWaitMs : givenBackWithinMs;
      const waitMs = Math.min(
        paused ? pausedMs : answer.answer === 'waiting' ? answer.forMs : 0,
        longestWaitMs,
      );
      pausedBefore = paused;
      await condition(() => told !== known, waitMs, { summary: paused ? 'paused' : summary });
      if (workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof invitationWave>(waveId);
      }
    }
  }

  const wentOut =
    (await complete('gather')) &&
    (await complete('test')) &&
    (await complete('look')) &&
    (await complete('tryOut')) &&
    (await complete('awaitApproval')) &&
    (await complete('release'));
  if (!wentOut) {
    const summary = 'free what was not let go';
    while (!(await disbandWave.executeWithOptions({ summary }, [waveId]))) {
      await condition(() => false, givenBackWithinMs, {
        summary: 'senders give back what they have in hand',
      });
    }
  }
  outlook = { step: null, waitsFor: 'nothing' };
  setCurrentDetails(wentOut ? '- done' : '- stopped');
  await condition(allHandlersFinished);
}
