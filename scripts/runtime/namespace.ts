/** Makes a namespace of a Temporal server ready for the project: it exists and has our search attributes. */
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { searchAttributes } from '../../config/search-attributes';

/** gRPC's code for something that is not there, and for something that is there already. */
const notFound = 5;
const alreadyExists = 6;
/** The numbers of the engine's own types of search attributes. */
const typeNumbers = { Keyword: 2, Datetime: 6 } as const;
/** How long a finished run can still be looked at; the ledger is the truth, so a month of it is plenty. */
const retention = '30 days';
/** The server's caches learn of a new namespace within some seconds. */
const patienceMs = 30_000;

/** Registers what is missing and waits until workflows can be started; safe to repeat. */
export async function prepareNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await register(connection, namespace);
    await retried(() => addSearchAttributes(connection, namespace));
    // A server knows the attributes some seconds before it lets workflows start with them.
    const query = searchAttributes.map(({ name }) => `${name} is null`).join(' and ');
    await retried(() => connection.workflowService.listWorkflowExecutions({ namespace, query, pageSize: 1 }));
  } finally {
    await connection.close();
  }
}

async function register(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    if (codeOf(error) !== notFound) throw error;
    await connection.workflowService
      .registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs(retention) })
      .catch(ignoreWhenThere);
  }
}

async function addSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = searchAttributes.filter(({ name }) => !(name in (known.customAttributes ?? {})));
  if (missing.length === 0) return;
  await connection.operatorService
    .addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, typeNumbers[type]])),
    })
    .catch(ignoreWhenThere);
  throw new Error('The search attributes were added and are not visible yet.');
}

async function retried(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(200);
    }
  }
}

function ignoreWhenThere(error: unknown): void {
  if (codeOf(error) !== alreadyExists) throw error;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
