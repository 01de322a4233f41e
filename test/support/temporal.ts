/** A place in a real Temporal server for one test file, apart from all others. */
import { randomUUID } from 'node:crypto';
import { prepareNamespace } from '../../scripts/runtime/namespace';
import { askTestServers } from './ask';

/** Where one test file talks to Temporal. */
export interface TestTemporal {
  /** `host:port`, for `Connection.connect` and `NativeConnection.connect`. */
  readonly address: string;
  /** A namespace that no other test file uses, with the project's search attributes. */
  readonly namespace: string;
  /** A task queue name that nobody else uses. */
  readonly taskQueue: string;
}

/** Starts Temporal when nobody did before, and gives a namespace of one's own. */
export async function createTestTemporal(): Promise<TestTemporal> {
  const { address, namespace } = await askTestServers<{ address: string; namespace: string | null }>(
    '/temporal',
  );
  // The namespaces that were made at the start may all be taken; another one takes some seconds.
  const mine = namespace ?? `test-${randomUUID()}`;
  if (namespace === null) await prepareNamespace(address, mine);
  return { address, namespace: mine, taskQueue: `test-${randomUUID()}` };
}
