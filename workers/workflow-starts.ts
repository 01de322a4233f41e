/** How workflows of citizens and rounds are started: ids, policies and the attributes by which operations find them. */
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  type Client,
} from '@temporalio/client';

import { openObligations } from '../domain/lifecycle/obligations';
import type { CitizenSnapshot } from '../domain/lifecycle/snapshot';
import {
  accountChanged,
  cardAccountWorkflow,
  cardAccountWorkflowId,
} from '../workflows/card-account/messages';
import { citizenChanged, citizenWorkflow, citizenWorkflowId } from '../workflows/citizen/messages';
import {
  followLedger,
  invitationWaveWorkflow,
  invitationWaveWorkflowId,
} from '../workflows/invitation-wave/messages';
import { placeChanged, placeOfferWorkflow, placeOfferWorkflowId } from '../workflows/place-offer/messages';
import { closureWorkflow, closureWorkflowId } from '../workflows/closure/messages';
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

/** Tells the workflow of a freed place that something changed, starting it where none is open. Any number of times is fine. */
export async function tellPlaceChanged(
  client: Client,
  taskQueue: string,
  freedPlaceId: string,
  offsetMs: number,
): Promise<void> {
  await client.workflow.signalWithStart(placeOfferWorkflow, {
    workflowId: placeOfferWorkflowId(freedPlaceId),
    taskQueue,
    ...policies,
    args: [freedPlaceId],
    signal: placeChanged,
    signalArgs: [offsetMs],
    typedSearchAttributes: [{ key: kindKey, value: 'place-offer' }],
    staticSummary: 'One freed place: offered down the waiting list, each offer with a deadline',
  });
}

/**
 * Has the workflow of an invitation wave look at what operations said, starting it where none is open; resolves once it
 * has taken that in. Any number of times is fine.
 */
export async function tellWave(client: Client, taskQueue: string, waveId: string): Promise<void> {
  await client.workflow.executeUpdateWithStart(followLedger, {
    startWorkflowOperation: new WithStartWorkflowOperation(invitationWaveWorkflow, {
      workflowId: invitationWaveWorkflowId(waveId),
      taskQueue,
      workflowIdReusePolicy: policies.workflowIdReusePolicy,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [waveId],
      typedSearchAttributes: [{ key: kindKey, value: 'invitation-wave' }],
      staticSummary: 'One wave of invitations: test handsets, a hundred people, approval, all others',
    }),
  });
}

/** Starts the workflow of a closure that was confirmed, where none is open. */
export async function ensureClosure(client: Client, taskQueue: string, closureId: string): Promise<void> {
  await client.workflow.start(closureWorkflow, {
    workflowId: closureWorkflowId(closureId),
    taskQueue,
    ...policies,
    args: [closureId],
    typedSearchAttributes: [{ key: kindKey, value: 'closure' }],
    staticSummary: 'Windows that the authority closed: appointments cancelled, people told',
  });
}

/** Tells the workflow of a card account that something changed, starting it where none is open. Any number of times is fine. */
export async function tellAccountChanged(
  client: Client,
  taskQueue: string,
  personKey: string,
  offsetMs: number,
): Promise<void> {
  await client.workflow.signalWithStart(cardAccountWorkflow, {
    workflowId: cardAccountWorkflowId(personKey),
    taskQueue,
    ...policies,
    args: [personKey],
    signal: accountChanged,
    signalArgs: [offsetMs],
    typedSearchAttributes: [{ key: kindKey, value: 'card-account' }],
    staticSummary: 'One application for a card account: confirmed by e-mail, reminded of, deleted',
  });
}
