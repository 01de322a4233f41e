/** The trace of the act that a change belongs to, in the form in which the outbox keeps it for the relay. */
import { context, isSpanContextValid, trace, TraceFlags } from '@opentelemetry/api';

/** W3C `traceparent` of the span that is active now; null when it is not recorded, so that most rows stay small. */
export function activeTraceParent(): string | null {
  const span = trace.getSpanContext(context.active());
  if (!span || !isSpanContextValid(span) || (span.traceFlags & TraceFlags.SAMPLED) === 0) return null;
  return `00-${span.traceId}-${span.spanId}-01`;
}
