/** What a round's workflow asks of the ledger: its facts, and each step for everybody at once. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';

import type { RoundStep } from '../domain/round/round-calendar';
import { carryOverInto } from '../ledger/carry-over';
import { ledgerNow } from '../ledger/clock';
import type { Ledger } from '../ledger/database';
import type { BatchOptions } from '../ledger/round-batches';
import { getRoundCalendar } from '../ledger/round-calendar';
import { closeRound, lapseInvitations, markMissed } from '../ledger/round-steps';
import { beginSettlement, carryOutSettlement, settleRound } from '../ledger/settlement';
import { decideSettlement } from '../ledger/settlement-decision';
import type { RoundActivities, RoundStepAnswer } from '../workflows/round/activities';

/** A statement that decides for millions reports no progress: meanwhile the process tells that it lives. */
const beatEveryMs = 5_000;

export function roundActivities(ledger: Ledger): RoundActivities {
  const take = (roundId: string, step: RoundStep) =>
    whenDue(ledger, step, (options) => takeStep(ledger, roundId, step, options));
  return {
    async readRoundFacts(roundId) {
      const { calendar, closed, clockOffsetMs } = await getRoundCalendar(ledger.db, roundId);
      return { calendar, closed, clockOffsetMs };
    },
    carryOver: take,
    settle: take,
    beginSettlement: (roundId, step) => whenDue(ledger, step, () => beginSettlement(ledger, roundId)),
    decideSettlement: (roundId, step) => whenDue(ledger, step, () => decideSettlement(ledger, roundId)),
    carryOutSettlement: (roundId, step) =>
      whenDue(ledger, step, (options) => carryOutSettlement(ledger, roundId, options)),
    lapseInvitations: take,
    markMissed: take,
    closeRound: take,
  };
}

/** Takes the step unless the ledger's clock, which rules, has not come so far. */
async function whenDue(
  ledger: Ledger,
  step: RoundStep,
  act: (options: BatchOptions) => Promise<RoundStepAnswer>,
): Promise<RoundStepAnswer> {
  if (Date.parse(await ledgerNow(ledger.db)) < Date.parse(step.at))
    return { answer: 'notDue', until: step.at };
  const stopping = cancellationSignal();
  const beat = setInterval(() => heartbeat(), beatEveryMs);
  try {
    return await act({
      onProgress(touched) {
        heartbeat(touched);
        // A worker that shuts down stops between two batches; the next one goes on from there.
        stopping.throwIfAborted();
      },
    });
  } finally {
    clearInterval(beat);
  }
}

function takeStep(
  ledger: Ledger,
  roundId: string,
  step: RoundStep,
  options: BatchOptions,
): Promise<RoundStepAnswer> {
  switch (step.step) {
    case 'carryOver':
      return carryOverInto(ledger, roundId, options);
    case 'settle':
      return settleRound(ledger, roundId, options);
    case 'lapseInvitations':
      return lapseInvitations(ledger, roundId, step.closedBy, options);
    case 'markMissed':
      return markMissed(ledger, roundId, step.throughDate, options);
    case 'closeRound':
      return closeRound(ledger, roundId);
    default:
      throw new Error(`no such step: ${String(step satisfies never)}`);
  }
}
