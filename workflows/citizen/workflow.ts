/** One citizen's time: whatever the ledger's facts owe to this person is met when it falls due, and not twice. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import { openObligations } from '../../domain/lifecycle/obligations';
import { holdNewest } from '../../domain/lifecycle/held-snapshot';
import type { CitizenSnapshot } from '../../domain/lifecycle/snapshot';
import type { CitizenActivities } from './activities';
import { Answers } from './answers';
import { detailsOf, summaryOf } from './details';
import { citizenChanged, citizenOutlook } from './messages';

const dayMs = 86_400_000;
/** A run that would wait longer than this ends; the relay wakes the person again (no run lives for years on old code). */
const idleDays = 3;
/** A run that may not end yet asks again after this long, and each time twice as long: the newer snapshot is on its way. */
const askAgainMs = { first: 5_000, longest: 30 * 60_000 };
/** The relay takes milliseconds; a run does not wait longer than this for one that is away. */
const awaitSnapshot = '30 seconds';

const { meetObligation, fallAsleep } = proxyLocalActivities<CitizenActivities>({
  startToCloseTimeout: '15 seconds',
  // The ledger may be away for hours; every command is idempotent, so asking goes on for as long as it takes.
  retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  localRetryThreshold: '5 seconds',
});

/**
 * The life of one person's run. `carried` is what an earlier run of the same chain held; a new chain waits for
 * the signal that started it.
 */
export async function citizen(personKey: string, carried?: CitizenSnapshot): Promise<void> {
  let held = carried;
  let awakeMs = askAgainMs.first;
  const answers = new Answers();
  const nextAt = (snapshot: CitizenSnapshot, now: number) =>
    answers.nextOf(openObligations(personKey, snapshot, new Date(now).toISOString()));

  setHandler(citizenChanged, (snapshot) => {
    held = holdNewest(held, snapshot);
  });
  setHandler(citizenOutlook, () => {
    const next = held && nextAt(held, Date.now() + held.clockOffsetMs);
    return { version: held?.version ?? 0, next: next ? { kind: next.kind, dueAt: next.dueAt } : null };
  });

  await condition(() => held !== undefined);
  while (held !== undefined) {
    const snapshot: CitizenSnapshot = held;
    const newerCame = () => held !== snapshot;
    answers.belongTo(snapshot.version);
    // The ledger's clock, as far as the snapshot tells: deterministic, and stepped in demonstrations.
    const now = Date.now() + snapshot.clockOffsetMs;
    const next = nextAt(snapshot, now);
    const waitMs = next ? answers.notBefore(next) - now : Infinity;
    setCurrentDetails(detailsOf(snapshot, next));

    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof citizen>(personKey, held);
    } else if (next && waitMs <= 0) {
      const { kind, occasion } = next;
      const answer = await meetObligation.executeWithOptions({ summary: summaryOf(kind) }, [
        personKey,
        { kind, occasion },
      ]);
      answers.take(next, answer, Date.now() + snapshot.clockOffsetMs);
      // What was met is a change of its own: its snapshot is on its way and says what is owed then.
      if (answer.answer === 'done')
        await condition(newerCame, awaitSnapshot, { summary: 'the new snapshot is on its way' });
    } else if (next && waitMs <= idleDays * dayMs) {
      await condition(newerCame, waitMs, { summary: summaryOf(next.kind) });
    } else {
      const asleep = await fallAsleep.executeWithOptions({ summary: 'nothing due for days' }, [
        personKey,
        snapshot.version,
        next?.dueAt ?? null,
      ]);
      if (asleep && allHandlersFinished() && !newerCame()) return;
      const came = await condition(newerCame, awakeMs, { summary: 'a newer snapshot is on its way' });
      awakeMs = came ? askAgainMs.first : Math.min(askAgainMs.longest, awakeMs * 2);
    }
  }
}
