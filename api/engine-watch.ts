/** Looks from time to time whether Temporal answers, for `/readyz` and the pages; people are served without it. */
import { Connection } from '@temporalio/client';

import type { EngineState } from './readiness';

export interface EngineWatch {
  /** As last seen. */
  state(): EngineState;
  close(): Promise<void>;
}

const lookEveryMs = 5_000;
const answerWithinMs = 3_000;
/** Left alone, gRPC waits up to two minutes before it looks again for a server that was away. */
const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 3_000 };

/** Watches `address` (`host:port`); empty: there is nothing to watch, the state stays `unknown`. */
export function watchEngine(address: string): EngineWatch {
  if (address === '') return { state: () => 'unknown', close: () => Promise.resolve() };
  const connection = Connection.lazy({ address, channelArgs });
  let seen: EngineState = 'unknown';
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = async (): Promise<void> => {
    try {
      await connection.withDeadline(Date.now() + answerWithinMs, async () => {
        // Not by ensureConnected(): that remembers a first failure for good, while the channel itself connects again.
        await connection.workflowService.getSystemInfo({});
      });
      seen = 'connected';
    } catch {
      seen = 'away';
    }
    if (closed) return;
    timer = setTimeout(() => void look(), lookEveryMs);
    timer.unref();
  };
  void look();

  return {
    state: () => seen,
    async close() {
      closed = true;
      clearTimeout(timer);
      await connection.close();
    },
  };
}
