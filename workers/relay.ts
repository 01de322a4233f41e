/** The process of the relay. */
import { startRelay } from './citizen-relay';
import { runProcess } from './process';
import { openTemporalClient } from './temporal-client';

void runProcess('relay', [], ({ settings, log, ledger, metrics }) => {
  const temporal = openTemporalClient({
    address: settings.TEMPORAL_ADDRESS,
    namespace: settings.TEMPORAL_NAMESPACE,
  });
  const relay = startRelay({ ledger, temporal, taskQueue: settings.TEMPORAL_TASK_QUEUE, log, metrics });
  return {
    stop: async () => {
      await relay.stop();
      await temporal.close();
    },
  };
});
