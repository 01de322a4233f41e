/** The Temporal Schedule that starts the reconciler every few minutes. */
import {
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleOptionsStartWorkflowAction,
} from '@temporalio/client';
import { defineSearchAttributeKey, type Workflow } from '@temporalio/common';

import { reconciliationId, reconciliationWorkflow } from '../workflows/reconciliation/messages';

const every = '5 minutes';

/** Makes the schedule, or brings one that exists up to date. */
export async function ensureReconciliationSchedule(client: Client, taskQueue: string): Promise<void> {
  const spec = { intervals: [{ every }] };
  // One at a time, and none made up for afterwards: each run sees everything that is overdue by then.
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const;
  const action: ScheduleOptionsStartWorkflowAction<Workflow> = {
    type: 'startWorkflow',
    workflowType: reconciliationWorkflow,
    workflowId: reconciliationId,
    taskQueue,
    args: [],
    workflowExecutionTimeout: '10 minutes',
    typedSearchAttributes: [
      { key: defineSearchAttributeKey('YiyueWorkflowKind', 'KEYWORD'), value: reconciliationWorkflow },
    ],
    staticSummary: 'Poke what is overdue, sweep what is spent',
  };
  try {
    await client.schedule.create({ scheduleId: reconciliationId, spec, policies, action });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule
      .getHandle(reconciliationId)
      .update(({ state }) => ({ spec, policies, action, state: { paused: state.paused } }));
  }
}

/** Has the reconciler run now. */
export async function triggerReconciliation(client: Client): Promise<void> {
  await client.schedule.getHandle(reconciliationId).trigger(ScheduleOverlapPolicy.BUFFER_ONE);
}
