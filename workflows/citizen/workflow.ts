/** One citizen's time: whatever the ledger's facts owe to this person is met when it falls due, and not twice. */
import { context } from '@opentelemetry/api';
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
import { awaitsBooking, mayRest } from '../../domain/lifecycle/rest';
import type { CitizenSnapshot } from '../../domain/lifecycle/snapshot';
import type { CitizenActivities } from './activities';
import { Answers } from './answers';
import { detailsOf, summaryOf } from './details';
import { citizenChanged, citizenOutlook } from './messages';

const dayMs = 86_400_000;
/** Runs whose snapshot does not say when it was taken end when nothing is due for so long. */
const idleDays = 3;
/** A run that may not end yet asks again after this long, and each time twice as long: the newer snapshot is on its way. */
const askAgainMs = { first: 5_000, longest: 30 * 60_000 };
/** Answers that bring no snapshot have one on its way by the relay; a run does not wait longer than this for it. */
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
  /** Trace of the newest change: what it owes is met in the same one. Nothing where nobody traces. */
  let traced = context.active();
  const answers = new Answers();
  const nextAt = (snapshot: CitizenSnapshot, now: number) =>
    answers.nextOf(openObligations(personKey, snapshot, new Date(now).toISOString()));

  setHandler(citizenChanged, (snapshot) => {
    held = holdNewest(held, snapshot);
    traced = context.active();
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
    // Who takes snapshots by the rule told the ledger already whether this run rests.
    const byRule = snapshot.takenAt !== undefined;
    const rests = byRule && mayRest(personKey, snapshot, snapshot.takenAt);
    setCurrentDetails(detailsOf(snapshot, next));

    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof citizen>(personKey, held);
    } else if (rests) {
      await condition(allHandlersFinished);
      if (!newerCame()) return;
    } else if (next && waitMs <= 0) {
      const { kind, occasion } = next;
      const summary = summaryOf(kind);
      const answer = await context.with(traced, () =>
        meetObligation.executeWithOptions({ summary }, [personKey, { kind, occasion }]),
      );
      answers.take(next, answer, Date.now() + snapshot.clockOffsetMs);
      // What was met is a change of its own: its snapshot says what is owed then.
      if ('snapshot' in answer && answer.snapshot) held = holdNewest(held, answer.snapshot);
      else if (answer.answer === 'done')
        await condition(newerCame, awaitSnapshot, { summary: 'the new snapshot is on its way' });
    } else if (next && (byRule || waitMs <= idleDays * dayMs)) {
      await condition(newerCame, waitMs, { summary: summaryOf(next.kind) });
    } else if (byRule && awaitsBooking(snapshot, new Date(now).toISOString()) && !answers.anySettled) {
      // The person is about to book; that, or the window's end, brings the next snapshot.
      await condition(newerCame);
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
