/** `namespace`: makes the namespace of `TEMPORAL_NAMESPACE` ready on the server of `TEMPORAL_ADDRESS`, before a deployment. */
import { readSettings } from '../config/settings';
import { failWith } from './runtime/failure';
import { prepareNamespace } from './runtime/namespace';

async function main(): Promise<void> {
  const { TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE } = readSettings(['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']);
  await prepareNamespace(TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE);
  process.stdout.write(`The namespace ${TEMPORAL_NAMESPACE} is ready.\n`);
}

main().catch(failWith);
