/** The reconciler: every few minutes it pokes what is overdue, which is nothing when all is well. */
import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';

import type { Overdue, ReconciliationActivities, Swept } from './activities';

const { pokeOverdue, sweepSpent, ensureRounds } = proxyActivities<ReconciliationActivities>({
  startToCloseTimeout: '1 minute',
  // The next run of the schedule tries again; one that hangs must not pile up work.
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds', maximumAttempts: 5 },
});

/** What one run came to; counts only. */
export interface ReconciliationReport extends Overdue, Swept {
  readonly openRounds: number;
}

/** One run of the schedule. */
export async function reconciliation(): Promise<ReconciliationReport> {
  const overdue = await pokeOverdue.executeWithOptions({ summary: 'poke whose effect is overdue' }, []);
  const openRounds = await ensureRounds.executeWithOptions(
    { summary: 'every open round has its workflow' },
    [],
  );
  const swept = await sweepSpent.executeWithOptions({ summary: 'sweep what is spent' }, []);
  const report = { ...overdue, openRounds, ...swept };
  setCurrentDetails(
    Object.entries(report)
      .map(([name, count]) => `- ${name}: ${String(count)}`)
      .join('\n'),
  );
  return report;
}
