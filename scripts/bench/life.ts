/** What one life costs the engine: the histories of a person who registers, is invited, reminded, books, is reminded and comes. */
import type { temporal } from '@temporalio/proto';

import { citizenWorkflowId } from '../../workflows/citizen/messages';
import type { TemporalClient } from '../../workers/temporal-client';
import type { Benchmark } from '../measurement/benchmark';
import type { Measured } from '../measurement/report';
import { onEngineStage } from './engine/engine-stage';
import { billedActions } from './engine/history-cost';
import { liveOneLife } from './engine/one-life';

const mostEvents = 36;
const mostActions = 11;

export const lifeBenchmark: Benchmark = {
  name: 'life',
  about: 'history events and billed actions of one life, counted in its real histories',
  run: (say) =>
    onEngineStage(say, async (stage) => {
      await stage.start('citizen', 'workers/citizen.js');
      await stage.start('relay', 'workers/relay.js');
      const personKey = await liveOneLife(stage, (what) => say(`a person ${what}`));
      return figuresOf(await historiesOf(stage.temporal, citizenWorkflowId(personKey)));
    }),
};

interface Run {
  readonly events: readonly temporal.api.history.v1.IHistoryEvent[];
}

/** All runs of the workflow, the first one first. */
async function historiesOf({ client }: TemporalClient, workflowId: string): Promise<readonly Run[]> {
  const runs: (Run & { readonly startedAt: number })[] = [];
  for await (const { runId, startTime } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runs.push({ events: events ?? [], startedAt: startTime.getTime() });
  }
  return runs.sort((a, b) => a.startedAt - b.startedAt);
}

function figuresOf(runs: readonly Run[]): readonly Measured[] {
  const tasks = runs.flatMap(({ events }) =>
    events.filter((event) => event.workflowTaskCompletedEventAttributes),
  );
  const actions = billedActions(runs.map(({ events }) => events));
  return [
    { name: 'life.workflow-tasks', value: tasks.length, unit: 'tasks', better: 'lower' },
    {
      name: 'life.history-events',
      value: runs.reduce((sum, { events }) => sum + events.length, 0),
      unit: 'events',
      better: 'lower',
      target: mostEvents,
      peers: runs.map(({ events }, index) => ({ name: `run ${String(index + 1)}`, value: events.length })),
    },
    {
      name: 'life.billed-actions',
      value: Object.values(actions).reduce<number>((sum, count: number) => sum + count, 0),
      unit: 'actions',
      better: 'lower',
      target: mostActions,
      peers: [
        { name: 'signals that may start a run (one each)', value: actions.signalsWithStart },
        { name: 'timers started', value: actions.timersStarted },
        { name: 'workflow tasks with local activities', value: actions.tasksWithLocalActivities },
        { name: 'regular activities', value: actions.activities },
        { name: 'search attribute upserts', value: actions.searchAttributeUpserts },
        { name: 'continued as new, updates', value: actions.others },
      ],
    },
  ];
}
