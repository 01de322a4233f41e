/** One round's time: its calendar is walked step by step, each step taken for everybody at once. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import {
  roundCalendar,
  stepKey,
  type RoundStep,
  type RoundStepName,
} from '../../domain/round/round-calendar';
import {
  settlementSteps,
  type RoundActivities,
  type RoundStepAnswer,
  type SettlementStepName,
} from './activities';
import { clockStepped, roundChanged, roundOutlook } from './messages';

/** Facts are read again at least this often, should the word of a change get lost. */
const factsLastMs = 6 * 3_600_000;
/** Between two questions when the ledger's clock is behind the engine's. */
const soonestMs = 1_000;

/** A settlement of millions takes minutes; a worker that died is noticed by the missing heartbeat. */
const steps = proxyActivities<RoundActivities>({
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});
const { readRoundFacts } = proxyActivities<RoundActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

const stepWords: Record<RoundStepName, string> = {
  carryOver: 'carry over who got nothing in earlier rounds',
  settle: 'settle: rank and invite',
  lapseInvitations: 'close a booking window',
  markMissed: 'mark who did not come',
  closeRound: 'close the round',
};

/** What an earlier run of the chain hands on. */
export interface RoundProgress {
  readonly taken: readonly string[];
  readonly clockOffsetMs: number;
}

/** The life of one round, from registration to its close. */
export async function round(
  roundId: string,
  progress: RoundProgress = { taken: [], clockOffsetMs: 0 },
): Promise<void> {
  const taken = new Set(progress.taken);
  let clockOffsetMs = progress.clockOffsetMs;
  let changes = 0;
  let next: RoundStep | undefined;

  setHandler(roundChanged, () => void (changes += 1));
  setHandler(clockStepped, (offsetMs) => void (clockOffsetMs = Math.max(clockOffsetMs, offsetMs)));
  setHandler(roundOutlook, () => ({ next: next ?? null, taken: taken.size }));

  for (;;) {
    const known = changes;
    const facts = await readRoundFacts.executeWithOptions({ summary: 'read the facts of the round' }, [
      roundId,
    ]);
    if (facts.closed) break;
    clockOffsetMs = Math.max(clockOffsetMs, facts.clockOffsetMs);
    const offset = clockOffsetMs;
    const now = Date.now() + offset;
    next = roundCalendar(facts.calendar).find((step) => !taken.has(stepKey(step)));
    setCurrentDetails(detailsOf(next, taken.size));

    let pauseMs = Math.min(next ? Date.parse(next.at) - now : factsLastMs, factsLastMs);
    if (next && pauseMs <= 0) {
      const answer = await take(roundId, next);
      if (answer.answer === 'done') taken.add(stepKey(next));
      else pauseMs = Math.max(soonestMs, Date.parse(answer.until) - now);
    }
    if (pauseMs > 0) {
      const newsCame = () => changes !== known || clockOffsetMs !== offset;
      const summary = next ? stepWords[next.step] : 'wait for sessions to be given';
      await condition(newsCame, pauseMs, { summary });
    }

    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof round>(roundId, { taken: [...taken], clockOffsetMs });
    }
  }
  await condition(allHandlersFinished);
}

/** What the steps of a settlement are called where operations watch them. */
const settlementWords: Record<SettlementStepName, string> = {
  beginSettlement: 'settle: close registration for good',
  decideSettlement: 'settle: rank, keep the evidence and sign',
  carryOutSettlement: 'settle: invite those whose turn has come',
};

/** Settled step by step, so that a run that is cut off shows how far it came; runs begun before did it in one. */
async function settle(roundId: string, step: RoundStep): Promise<RoundStepAnswer> {
  let touched = 0;
  for (const name of settlementSteps) {
    const answer = await steps[name].executeWithOptions({ summary: settlementWords[name] }, [roundId, step]);
    if (answer.answer === 'notDue') return answer;
    touched = answer.touched;
  }
  return { answer: 'done', touched };
}

function take(roundId: string, step: RoundStep): Promise<RoundStepAnswer> {
  if (step.step === 'settle' && patched('settlement-in-steps')) return settle(roundId, step);
  return steps[step.step].executeWithOptions({ summary: stepWords[step.step] }, [roundId, step]);
}

function detailsOf(next: RoundStep | undefined, taken: number): string {
  const words = next ? `${stepWords[next.step]}, ${next.at}` : 'nothing; sessions have not been given yet';
  return `- next: ${words}\n- steps taken: ${String(taken)}`;
}
