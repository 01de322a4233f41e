/** How the engine's client and worker take part in a trace: its context travels in the headers of signals and activities. */
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryWorkflowClientInterceptor,
  type OpenTelemetrySinks,
} from '@temporalio/interceptors-opentelemetry';
import type { ClientOptions } from '@temporalio/client';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';

import type { Tracing } from '../config/tracing';

/** For a client whose signals carry the trace of the change they tell of. */
export function tracedClient(tracing: Tracing | undefined): Pick<ClientOptions, 'interceptors'> {
  if (!tracing) return {};
  return { interceptors: { workflow: [new OpenTelemetryWorkflowClientInterceptor()] } };
}

/** What is put around a worker's activities and into its workflows. */
export interface WorkerTracing {
  /** The outermost: what it sees of a failure is what the inner ones let out. */
  readonly activity: ActivityInterceptorsFactory;
  /** To be bundled with the workflows. */
  readonly workflowModules: readonly string[];
  readonly sinks: InjectedSinks<OpenTelemetrySinks>;
}

/** For a worker that goes on with the trace that a signal brought. */
export function tracedWorker({ spanProcessor, resource }: Tracing): WorkerTracing {
  return {
    activity: (activity) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(activity) }),
    workflowModules: [require.resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors')],
    sinks: { exporter: makeWorkflowExporter(spanProcessor, resource) },
  };
}
