/** The process of the worker that runs the workflows of citizens, rounds and the reconciler. */
import { installRuntime, runCitizenWorker } from './citizen-worker';
import { runProcess } from './process';
import { openTemporalClient } from './temporal-client';

void runProcess(
  'citizen',
  ['YIYUE_SETTLEMENT_KEY'],
  ({ settings, log, ledger, tracing }) => {
    const place = { address: settings.TEMPORAL_ADDRESS, namespace: settings.TEMPORAL_NAMESPACE };
    installRuntime(
      log,
      settings.METRICS_PORT === 0 ? undefined : `${settings.HOST}:${String(settings.METRICS_PORT)}`,
    );
    const temporal = openTemporalClient(place, tracing);
    const stopping = new AbortController();
    const taskQueue = settings.TEMPORAL_TASK_QUEUE;
    const running = runCitizenWorker(
      { ...place, ledger, temporal, taskQueue, log, ...(tracing && { tracing }) },
      stopping.signal,
    );
    return {
      stop: async () => {
        stopping.abort();
        await running;
        await temporal.close();
      },
    };
  },
  { servesMetricsItself: true },
);
