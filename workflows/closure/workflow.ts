/** A closure that was confirmed: its windows are closed already, those who had booked in them are told. */
import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';

import type { ClosureActivities } from './activities';

/** A closure of the whole country takes minutes; a worker that died is noticed by the missing heartbeat. */
const { carryOutClosure } = proxyActivities<ClosureActivities>({
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: '30 seconds',
  // People are on their way: it is tried again soon, and for as long as it takes.
  retry: { initialInterval: '1 second', maximumInterval: '15 seconds' },
});

/** Ends when the last appointment is cancelled. */
export async function closure(closureId: string): Promise<void> {
  setCurrentDetails('- appointments are being cancelled');
  const { cancelled } = await carryOutClosure.executeWithOptions(
    { summary: 'cancel appointments, tell their people' },
    [closureId],
  );
  setCurrentDetails(`- appointments cancelled: ${String(cancelled)}`);
}
