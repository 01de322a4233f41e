/** How workflows of citizens and rounds are started: ids, policies and the attributes by which operations find them. */
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy, type Client } from '@temporalio/client';

import { openObligations } from '../domain/lifecycle/obligations';
import type { CitizenSnapshot } from '../domain/lifecycle/snapshot';
import { citizenChanged, citizenWorkflow, citizenWorkflowId } from '../workflows/citizen/messages';
import { clockStepped, roundChanged, roundWorkflow, roundWorkflowId } from '../workflows/round/messages';

const stageKey = defineSearchAttributeKey('YiyueStage', 'KEYWORD');
const roundKey = defineSearchAttributeKey('YiyueRound', 'KEYWORD');
const kindKey = defineSearchAttributeKey('YiyueWorkflowKind', 'KEYWORD');
const startedForKey = defineSearchAttributeKey('YiyueStartedFor', 'DATETIME');

/** A run that ended wakes again under the same id; one that is open takes the signal. */
const policies = {
  workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
  workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
} as const;

/** Gives the engine a person's snapshot, starting the run where none is open. Any number of times is fine. */
export async function signalCitizen(
  client: Client,
  taskQueue: string,
  personKey: string,
  snapshot: CitizenSnapshot,
): Promise<void> {
  await client.workflow.signalWithStart(citizenWorkflow, {
    workflowId: citizenWorkflowId(personKey),
    taskQueue,
    ...policies,
    args: [personKey],
    signal: citizenChanged,
    signalArgs: [snapshot],
    typedSearchAttributes: citizenAttributes(personKey, snapshot),
    staticSummary: 'One citizen’s way: registered, invited, booked, attended, next dose',
  });
}

/** Set at the start only, since an upsert is a billed action and a write to visibility: what the run was started for. */
function citizenAttributes(personKey: string, snapshot: CitizenSnapshot): SearchAttributePair[] {
  const newest = [...snapshot.participations].sort((a, b) => (a.stageSince < b.stageSince ? 1 : -1))[0];
  const now = new Date(Date.now() + snapshot.clockOffsetMs).toISOString();
  const next = openObligations(personKey, snapshot, now)[0];
  return [
    { key: kindKey, value: 'citizen' },
    ...(newest
      ? [
          { key: stageKey, value: newest.stage },
          { key: roundKey, value: newest.roundId },
        ]
      : []),
    ...(next ? [{ key: startedForKey, value: new Date(next.dueAt) }] : []),
  ];
}

const roundStart = (taskQueue: string, roundId: string) => ({
  workflowId: roundWorkflowId(roundId),
  taskQueue,
  ...policies,
  args: [roundId],
  typedSearchAttributes: [
    { key: kindKey, value: 'round' },
    { key: roundKey, value: roundId },
  ],
  staticSummary: 'One round: registration, settlement, booking windows, sessions, close',
});

/** Starts the round's workflow where none is open; one that is open is left alone. */
export async function ensureRound(client: Client, taskQueue: string, roundId: string): Promise<void> {
  await client.workflow.start(roundWorkflow, roundStart(taskQueue, roundId));
}

/** Has the round's workflow read its facts afresh, starting it where none is open. */
export async function tellRoundChanged(client: Client, taskQueue: string, roundId: string): Promise<void> {
  await client.workflow.signalWithStart(roundWorkflow, {
    ...roundStart(taskQueue, roundId),
    signal: roundChanged,
    signalArgs: [],
  });
}

/** Tells the round's workflow how far the stepping clock has gone, starting it where none is open. */
export async function tellClockStepped(
  client: Client,
  taskQueue: string,
  roundId: string,
  offsetMs: number,
): Promise<void> {
  await client.workflow.signalWithStart(roundWorkflow, {
    ...roundStart(taskQueue, roundId),
    signal: clockStepped,
    signalArgs: [offsetMs],
  });
}
