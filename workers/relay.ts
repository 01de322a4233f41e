/** The process of the relay. */
import { startRelay } from './citizen-relay';
import { startClosureCarrier } from './closure-carrier';
import { startPlaceCarrier } from './place-carrier';
import { runProcess } from './process';
import { openTemporalClient } from './temporal-client';
import { startWaveCarrier } from './wave-carrier';

void runProcess('relay', [], ({ settings, log, ledger, metrics, tracing }) => {
  const place = { address: settings.TEMPORAL_ADDRESS, namespace: settings.TEMPORAL_NAMESPACE };
  const temporal = openTemporalClient(place, tracing);
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  const relay = startRelay({ ledger, temporal, taskQueue, log, metrics });
  const carrier = startPlaceCarrier({ ledger, temporal, taskQueue, log, metrics });
  const waves = startWaveCarrier({ ledger, temporal, taskQueue, log, metrics });
  const closures = startClosureCarrier({ ledger, temporal, taskQueue, log, metrics });
  return {
    stop: async () => {
      await Promise.all([relay.stop(), carrier.stop(), waves.stop(), closures.stop()]);
      await temporal.close();
    },
  };
});
