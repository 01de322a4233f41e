/** What recorded runs cost: their events, and the actions that Temporal Cloud would bill for them. */
import type { temporal } from '@temporalio/proto';

type Event = temporal.api.history.v1.IHistoryEvent;

/** Actions by kind, as the vendor counts them; what stands in no history (queries, heartbeats) we do not use. */
export interface BilledActions {
  /** A signal that may start the run counts once, whether it started it or not. */
  readonly signalsWithStart: number;
  readonly timersStarted: number;
  /** All local activities of one workflow task count once. */
  readonly tasksWithLocalActivities: number;
  readonly activities: number;
  readonly searchAttributeUpserts: number;
  /** Continued as new, and updates: none in a usual life. */
  readonly others: number;
}

/** Counts the actions of runs by their events. */
export function billedActions(runs: readonly (readonly Event[])[]): BilledActions {
  const events = runs.flat();
  const count = (is: (event: Event) => unknown) => events.filter((event) => Boolean(is(event))).length;
  const tasks = runs.map(
    (run) =>
      new Set(
        run.flatMap(({ markerRecordedEventAttributes: marker }) =>
          marker ? [String(marker.workflowTaskCompletedEventId)] : [],
        ),
      ).size,
  );
  return {
    signalsWithStart: count((event) => event.workflowExecutionSignaledEventAttributes),
    timersStarted: count((event) => event.timerStartedEventAttributes),
    tasksWithLocalActivities: tasks.reduce((sum, size) => sum + size, 0),
    activities: count((event) => event.activityTaskScheduledEventAttributes),
    searchAttributeUpserts: count((event) => event.upsertWorkflowSearchAttributesEventAttributes),
    others: count(
      (event) =>
        event.workflowExecutionContinuedAsNewEventAttributes ??
        event.workflowExecutionUpdateAcceptedEventAttributes,
    ),
  };
}
