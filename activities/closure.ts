/** What the workflow of a closure asks of the ledger. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';

import { carryOutClosure } from '../ledger/closure-steps';
import type { Ledger } from '../ledger/database';
import type { ClosureActivities } from '../workflows/closure/activities';

export function closureActivities(ledger: Ledger): ClosureActivities {
  return {
    async carryOutClosure(closureId) {
      const stopping = cancellationSignal();
      return carryOutClosure(ledger, closureId, {
        onProgress(done) {
          heartbeat(done);
          // A worker that shuts down stops between two batches; the next one goes on from there.
          stopping.throwIfAborted();
        },
      });
    },
  };
}
