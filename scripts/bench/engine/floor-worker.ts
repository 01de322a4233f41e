/** The process of the floor's worker: the product's own options, and nothing to do. */
import { NativeConnection, Worker } from '@temporalio/worker';

import { citizenWorkerTuning, installRuntime } from '../../../workers/citizen-worker';
import { openLog } from '../../../workers/log';

const { TEMPORAL_ADDRESS = '', TEMPORAL_NAMESPACE = '', TEMPORAL_TASK_QUEUE = '' } = process.env;

async function run(): Promise<void> {
  installRuntime(openLog('floor'));
  const connection = await NativeConnection.connect({ address: TEMPORAL_ADDRESS });
  const worker = await Worker.create({
    connection,
    namespace: TEMPORAL_NAMESPACE,
    taskQueue: TEMPORAL_TASK_QUEUE,
    workflowsPath: require.resolve('./empty-workflow'),
    ...citizenWorkerTuning,
  });
  process.once('SIGTERM', () => worker.shutdown());
  await worker.run();
  await connection.close();
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
