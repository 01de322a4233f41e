/** What an invitation wave's workflow asks of the ledger. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { setTimeout as pause } from 'node:timers/promises';

import type { Ledger } from '../ledger/database';
import { disbandWave, takeWaveStep } from '../ledger/invitation-wave-steps';
import type { InvitationWaveActivities } from '../workflows/invitation-wave/activities';

/**
 * A step that waits for the gateway or for the next seconds' texts looks again by itself for so long: a wave of hours
 * would otherwise write a page of history a minute.
 */
const staysMs = 60_000;
/** What is to be waited for longer than this is the workflow's to wait for. */
const soonMs = 1_000;

export function invitationWaveActivities(ledger: Ledger): InvitationWaveActivities {
  return {
    async takeWaveStep(waveId, step) {
      const stopping = cancellationSignal();
      const until = Date.now() + staysMs;
      const beat = () => {
        heartbeat();
        // A worker that shuts down stops between two transactions; the next one goes on from there.
        stopping.throwIfAborted();
      };
      for (;;) {
        const answer = await takeWaveStep(ledger, waveId, step, beat);
        if (answer.answer !== 'waiting' || answer.forMs > soonMs || Date.now() > until) return answer;
        await pause(answer.forMs, undefined, { signal: stopping });
      }
    },
    disbandWave: (waveId) => disbandWave(ledger, waveId, () => heartbeat()),
  };
}
