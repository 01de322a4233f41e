/** A place in a real Temporal server for one test file, apart from all others. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { searchAttributes } from '../../config/search-attributes';
import { untilHealthy } from '../../scripts/runtime/temporal';
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
  return {
    address,
    namespace: namespace ?? (await registerNamespace(address)),
    taskQueue: `test-${randomUUID()}`,
  };
}

/** Used when the namespaces that were made at the start are all taken; takes some seconds. */
async function registerNamespace(address: string): Promise<string> {
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    await untilHealthy(address, namespace, () => undefined);
    const types = { Keyword: 2, Datetime: 6 } as const;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(searchAttributes.map(({ name, type }) => [name, types[type]])),
    });
    for (;;) {
      const known = await connection.operatorService.listSearchAttributes({ namespace });
      if (searchAttributes.every(({ name }) => name in (known.customAttributes ?? {}))) return namespace;
      await pause(100);
    }
  } finally {
    await connection.close();
  }
}
