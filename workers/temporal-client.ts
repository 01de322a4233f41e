/** Connections to Temporal that may be opened while the server is still away. */
import { Client, Connection } from '@temporalio/client';
import { setTimeout as pause } from 'node:timers/promises';

import type { Tracing } from '../config/tracing';
import type { WorkerLog } from './log';
import { Outage } from './outage';
import { tracedClient } from './temporal-tracing';

/** A call to Temporal that takes longer counts as failed. */
const callTimeoutMs = 5_000;
/** Left alone, gRPC waits up to two minutes before it looks again for a server that was away. */
const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 3_000 };

export interface TemporalPlace {
  /** `host:port`. */
  readonly address: string;
  readonly namespace: string;
}

export interface TemporalClient {
  readonly client: Client;
  /** Runs a call with a deadline, so that a silent server cannot hold it for ever. */
  call<T>(work: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens a client that connects with its first call; what it starts and signals goes on with the trace it is called in. */
export function openTemporalClient({ address, namespace }: TemporalPlace, tracing?: Tracing): TemporalClient {
  const connection = Connection.lazy({ address, channelArgs });
  const client = new Client({ connection, namespace, ...tracedClient(tracing) });
  return {
    client,
    call: (work) => connection.withDeadline(Date.now() + callTimeoutMs, () => work(client)),
    close: () => connection.close(),
  };
}

/** Repeats `work` until it succeeds, with one line when it has to wait; rejects when `signal` aborts. */
export async function untilTemporalAnswers<T>(
  log: WorkerLog,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const outage = new Outage('Temporal', log);
  for (;;) {
    signal?.throwIfAborted();
    try {
      const result = await work();
      outage.over();
      return result;
    } catch (error) {
      await pause(outage.failed(error), undefined, signal ? { signal } : {});
    }
  }
}
