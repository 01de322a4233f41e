/** Traces of this process in OpenTelemetry's form, from a citizen's request to the activity it leads to. */
import { context, propagation, trace, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';

import type { Settings } from './settings';

/** What a traced process goes on with. */
export interface Tracing {
  readonly resource: Resource;
  readonly spanProcessor: BatchSpanProcessor;
  /** Sends what is still held back; call it last. */
  close(): Promise<void>;
}

/** Spans wait at most so long before they are sent, so that a trace is whole soon after its request. */
const sendEveryMs = 1_000;

/**
 * Starts tracing when `TRACES_URL` is set; undefined otherwise, and then every span of this process is a no-op.
 * Once a process, before anything asks for a tracer. A trace begins with us: what a browser claims is not believed.
 */
export function startTracing(
  serviceName: string,
  { TRACES_URL, TRACES_SHARE }: Pick<Settings, 'TRACES_URL' | 'TRACES_SHARE'>,
): Tracing | undefined {
  if (TRACES_URL === '') return undefined;
  const resource = new Resource({ 'service.name': serviceName });
  const spanProcessor = new BatchSpanProcessor(new OTLPTraceExporter({ url: TRACES_URL }), {
    scheduledDelayMillis: sendEveryMs,
  });
  const provider = new BasicTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(TRACES_SHARE) }),
    spanProcessors: [spanProcessor],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return { resource, spanProcessor, close: () => provider.shutdown() };
}

/** Where the parts of one process get their spans from; a no-op while nothing is traced. */
export const tracer: Tracer = trace.getTracer('yiyue');
